//! Sites built by Zola and Hexo: what the answers of the programs do not show.

use postrider::library::{Scan, Scanner, Settings};

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

#[test]
fn hexo_is_told_apart_from_jekyll() {
    let post: &[u8] = b"---\ntitle: A\ndate: 2020-01-02\n---\nx";
    let config = |text: &'static str| ("_config.yml", text.as_bytes());
    let url = config("url: https://e.org\ntitle: T\npermalink: :title/\n");
    let of = |files: &[(&str, &[u8])]| {
        let folder = site(files);
        let settings = Settings { url: Some("https://e.org".into()), ..settings(folder.path()) };
        Scanner::new(settings).scan().expect("a site").site.generator
    };
    let in_source = ("source/_posts/a.md", post);
    let package: (&str, &[u8]) = ("package.json", b"{\"dependencies\": {\"hexo\": \"^8.0.0\"}}");
    let old_package: (&str, &[u8]) = ("package.json", b"{\"hexo\": {\"version\": \"3.9.0\"}}");
    for files in [
        vec![url, in_source],
        vec![url, in_source, package],
        vec![url, ("source/about.md", post), old_package],
        vec![config("url: https://e.org\nnew_post_name: :title.md\npost_asset_folder: true\n"), in_source],
        vec![config("url: https://e.org\nsource_dir: pages\n"), ("pages/_posts/a.md", post)],
        // A theme's tools for Ruby beside a Hexo site.
        vec![url, in_source, package, ("Gemfile", b"gem 'sass'\n")],
        vec![("_config.json", b"{\"url\": \"https://e.org\"}"), in_source],
    ] {
        assert_eq!(of(&files), "hexo", "{:?}", files.iter().map(|(path, _)| path).collect::<Vec<_>>());
    }
    for files in [
        vec![url, ("_posts/2020-01-02-a.md", post)],
        vec![url, ("_posts/2020-01-02-a.md", post), ("Gemfile", b"gem 'jekyll'\n")],
        // Octopress, which is Jekyll's: its posts are in `source/_posts`.
        vec![config("url: https://e.org\nsource: source\ndestination: public\nmarkdown: rdiscount\n"), in_source],
        vec![config("url: https://e.org\nbaseurl: /b\n"), in_source, ("Gemfile", b"gem 'jekyll'\n")],
        // Tools in JavaScript beside a Jekyll site.
        vec![url, ("_posts/2020-01-02-a.md", post), ("package.json", b"{\"dependencies\": {\"gulp\": \"4\"}}")],
    ] {
        assert_ne!(of(&files), "hexo", "{:?}", files.iter().map(|(path, _)| path).collect::<Vec<_>>());
    }
    // Named, it is believed.
    let folder = site(&[config("title: T\nbaseurl: /\n"), in_source]);
    let named =
        Settings { generator: Some("hexo".into()), url: Some("https://e.org".into()), ..settings(folder.path()) };
    assert_eq!(Scanner::new(named).scan().expect("a site").site.generator, "hexo");
}

#[test]
fn a_hexo_post_has_what_its_theme_shows() {
    let folder = site(&[
        ("_config.yml", b"url: https://e.org/b\nroot: /b/\ntitle: T\nsubtitle: S\nauthor: Ann\nlanguage: [zh-CN, en]\ntimezone: Asia/Shanghai\nnew_post_name: :title.md\n"),
        (
            "source/_posts/a.md",
            b"---\ntitle: A *b*\ndate: 2020-01-02 12:00:00\nupdated: 2020-01-03\nauthor: Bob\nexcerpt: What it says\ncover: /pic.png\nalias: old/a.html\n---\nBefore.\n<!-- more -->\nAfter.\n",
        ),
        ("source/_posts/b.md", b"title: B\ndate: 2020-01-02 23:00:00\n---\nText.\n"),
        ("source/_posts/c.md", b"No front matter.\n"),
        ("source/_posts/d.md", b"---\ntitle: D\ndate: soon\n---\n"),
        ("source/about/index.md", b"---\ntitle: About\n---\nx\n"),
    ]);
    let scan = scan(folder.path());
    let of = |end: &str| scan.pages.iter().find(|page| page.path.ends_with(end)).expect("the page");
    assert_eq!(
        (scan.site.title.as_str(), scan.site.language.as_str(), scan.site.description.as_str()),
        ("T", "zh-CN", "S")
    );
    assert_eq!(scan.site.main_sections, ["posts"]);
    let a = of("_posts/a.md");
    assert_eq!((a.title.as_str(), a.section.as_str(), a.summary.as_str()), ("A b", "posts", "What it says"));
    assert_eq!(
        (a.authors[0].name.as_str(), a.aliases.as_slice()),
        ("Bob", ["https://e.org/b/old/a.html".to_owned()].as_slice())
    );
    assert_eq!(a.cover.as_ref().expect("a cover").url, "https://e.org/pic.png");
    assert_eq!(a.published.expect("a date").to_rfc3339(), "2020-01-02T12:00:00+08:00");
    assert_eq!(a.updated.expect("a date").to_rfc3339(), "2020-01-03T00:00:00+08:00");
    let b = of("_posts/b.md");
    assert_eq!((b.authors[0].name.as_str(), b.body.line, b.body.start), ("Ann", 4, 39));
    assert_eq!(b.language, "zh-CN");
    // Without a date of their own they have the file's.
    for end in ["_posts/c.md", "_posts/d.md"] {
        let metadata = fs_err::metadata(folder.path().join(&of(end).path)).expect("the file");
        let born = metadata.created().or_else(|_| metadata.modified()).expect("a time");
        let born = born.duration_since(std::time::UNIX_EPOCH).expect("a time").as_secs();
        let at = of(end).published.expect("the file's time").timestamp();
        assert_eq!(u64::try_from(at), Ok(born), "{end}");
    }
    let about = of("about/index.md");
    assert_eq!((about.published, about.unlisted, about.url.as_str()), (None, true, "https://e.org/b/about/index.html"));
    assert_eq!(super::places(&scan.problems), ["source/_posts/d.md:3"]);
}

#[test]
fn a_hexo_address_by_id_needs_one() {
    let folder = site(&[
        ("_config.yml", b"url: https://e.org\npermalink: :id/\nnew_post_name: :title.md\n"),
        ("source/_posts/a.md", b"---\nid: 7\ndate: 2020-01-02\n---\n"),
        ("source/_posts/b.md", b"---\ndate: 2020-01-02\n---\n"),
    ]);
    let scan = scan(folder.path());
    assert_eq!(scan.pages.iter().map(|page| page.url.as_str()).collect::<Vec<_>>(), ["https://e.org/7/"]);
    assert_eq!(super::places(&scan.problems), ["source/_posts/b.md:0"]);
}

#[test]
fn the_source_folder_may_be_the_site_s_own_or_a_link() {
    let post: &[u8] = b"---\ntitle: A\ndate: 2020-01-02\n---\nx";
    let folder = site(&[("_config.yml", b"url: https://e.org\nsource_dir: ./\n"), ("_posts/a.md", post)]);
    assert_eq!(scan(folder.path()).pages[0].url, "https://e.org/2020/01/02/a/");
    let page: &[u8] = b"+++\ndate = 2020-01-02\n+++\n";
    for (config, text, link, file, content) in [
        ("_config.yml", "url: https://e.org\nsource_dir: x\n", "x", "y/_posts/a.md", post),
        ("zola.toml", "base_url = \"https://e.org\"\n", "content", "c/b.md", page),
    ] {
        let folder = site(&[(config, text.as_bytes()), (file, content)]);
        let target = file.split('/').next().expect("a folder");
        std::os::unix::fs::symlink(target, folder.path().join(link)).expect("a link");
        assert!(Scanner::new(settings(folder.path())).scan().is_ok(), "{config}");
    }
}
