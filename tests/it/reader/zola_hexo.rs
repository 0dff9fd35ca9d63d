//! Sites built by Zola and Hexo: what the answers of the programs do not show.

use postrider::library::{Scan, Scanner};

use super::{scan, settings, site};

#[test]
fn zola_and_hugo_are_told_apart_by_their_keys() {
    let page: (&str, &[u8]) = ("content/blog/a.md", b"+++\ntitle = \"A\"\ndate = 2020-01-02\n+++\nx");
    let of = |config: &[(&str, &[u8])]| {
        let folder = site(&[config, &[page]].concat());
        scan(folder.path()).site.generator
    };
    let (zola, hugo): (&[u8], &[u8]) = (b"base_url = \"https://e.org\"\n", b"baseURL = \"https://e.org\"\n");
    assert_eq!(of(&[("config.toml", zola)]), "zola");
    assert_eq!(of(&[("zola.toml", zola)]), "zola");
    assert_eq!(of(&[("config.toml", hugo)]), "hugo");
    assert_eq!(of(&[("config.toml", b"BASEURL = \"https://e.org\"\nbase_url = \"x\"\n")]), "hugo");
    assert_eq!(of(&[("hugo.toml", hugo), ("config.toml", zola)]), "hugo");
    // Zola's own file beside a theme's configuration for Hugo.
    assert_eq!(of(&[("zola.toml", zola), ("config.toml", hugo)]), "zola");
    // Both have a `content` folder with `_index.md`.
    let index: (&str, &[u8]) = ("content/blog/_index.md", b"+++\ntitle = \"B\"\nsort_by = \"date\"\n+++\n");
    assert_eq!(
        (of(&[("config.toml", zola), index]), of(&[("config.toml", hugo), index])),
        ("zola".into(), "hugo".into())
    );
    let broken = site(&[("config.toml", b"base_url = https://e.org\n"), page]);
    let problems = Scanner::new(settings(broken.path())).scan().unwrap_err();
    assert_eq!((problems[0].path.as_str(), problems[0].line), ("config.toml", Some(1)));
}

#[test]
fn zola_s_sections_say_which_pages_feeds_announce() {
    let folder = site(&[
        ("config.toml", b"base_url = \"https://e.org/sub\"\ntitle = \"*T*\"\ndescription = \"D\"\nauthor = \"Ann\"\n[languages.fr]\ntitle = \"F\"\n"),
        ("content/_index.md", b"+++\n+++\n"),
        ("content/docs/_index.md", b"+++\nsort_by = \"weight\"\n+++\n"),
        ("content/docs/a.md", b"+++\nweight = 1\n+++\n"),
        ("content/docs/b.md", b"+++\nweight = 2\n+++\n"),
        ("content/posts/_index.md", b"+++\nsort_by = \"date\"\n+++\n"),
        (
            "content/posts/2020/a.md",
            b"+++\ntitle = \"A <b>\"\ndate = 2020-01-02\ndescription = \"What it says\"\nauthors = [\"bob@e.org (Bob)\"]\naliases = [\"old/a\"]\n[extra]\ncover = \"/pic.png\"\n+++\nx",
        ),
        ("content/posts/b.md", b"+++\ndate = 2020-01-03\n+++\nBefore. <!-- More -->\nAfter."),
    ]);
    let scan = scan(folder.path());
    assert_eq!((scan.site.title.as_str(), scan.site.main_sections.as_slice()), ("T", ["posts".to_owned()].as_slice()));
    assert_eq!(
        (scan.site.languages[1].title.as_str(), scan.site.languages[1].url.as_str()),
        ("F", "https://e.org/sub/fr/")
    );
    let a = scan.pages.iter().find(|page| page.path.ends_with("2020/a.md")).expect("the page");
    assert_eq!((a.authors[0].name.as_str(), a.summary.as_str()), ("Bob", "What it says"));
    assert_eq!(
        (a.section.as_str(), a.aliases.as_slice()),
        ("posts", ["https://e.org/sub/old/a".to_owned()].as_slice())
    );
    assert_eq!(a.cover.as_ref().expect("a cover").url, "https://e.org/pic.png");
    let b = scan.pages.iter().find(|page| page.path.ends_with("posts/b.md")).expect("the page");
    assert_eq!((b.authors[0].name.as_str(), b.written_title.as_deref()), ("Ann", None));
}

#[test]
fn what_a_zola_section_says_is_read_again_when_it_changes() {
    let folder = site(&[
        ("config.toml", b"base_url = \"https://e.org\"\n"),
        ("content/posts/_index.md", b"+++\n+++\n"),
        ("content/posts/a.md", b"+++\ndate = 2020-01-02\n+++\n"),
        ("content/posts/b.md", b"+++\n+++\n"),
    ]);
    let mut scanner = Scanner::new(settings(folder.path()));
    let drafts = |scan: &Scan| scan.pages.iter().map(|page| (page.draft, page.url.is_empty())).collect::<Vec<_>>();
    assert_eq!(drafts(&scanner.scan().expect("a site")), [(false, false), (false, false)]);
    assert_eq!((scanner.scan().expect("a site").pages.len(), scanner.files_read()), (2, 0));
    fs_err::write(folder.path().join("content/posts/_index.md"), "+++\nsort_by = \"date\"\n+++\n").expect("a file");
    assert_eq!(drafts(&scanner.scan().expect("a site")), [(false, false), (false, true)]);
    fs_err::write(folder.path().join("content/posts/_index.md"), "+++\ndraft = true\n+++\n").expect("a file");
    assert_eq!(drafts(&scanner.scan().expect("a site")), [(true, false), (true, false)]);
}
