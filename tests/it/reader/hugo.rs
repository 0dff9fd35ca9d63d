//! What is said of a Hugo site that can be read, but not in all as Hugo has it.

use postrider::library::Scan;

use super::{scan, site};

/// The Problems that speak of `of`, as `path:line what`.
fn told(scan: &Scan, of: &str) -> Vec<String> {
    let problems = scan.problems.iter().filter(|problem| problem.what.contains(of));
    problems.map(|problem| format!("{}:{} {}", problem.path, problem.line.unwrap_or(0), problem.what)).collect()
}

fn of_config(config: &str, files: &[(&str, &[u8])]) -> Scan {
    let config = format!("baseURL = \"https://www.example.org/\"\n{config}");
    let mut all = vec![("hugo.toml", config.as_bytes())];
    all.extend_from_slice(files);
    scan(site(&all).path())
}

#[test]
fn dates_from_git_are_named_where_they_count() {
    let post: &[(&str, &[u8])] = &[("content/blog/p.md", b"---\ntitle: T\ndate: 2021-01-02\n---\nx\n")];
    let handlers = "[frontmatter]\ndate = [\":git\", \"date\"]\nlastmod = [\":git\"]\n";
    let read = of_config(&format!("enableGitInfo = true\n{handlers}"), post);
    // The handler behind it is used.
    assert!(read.pages[0].published.is_some());
    assert_eq!(told(&read, "git"), ["hugo.toml:0 `frontmatter.date` takes dates from git, which are not read"]);
    // To Hugo they are no dates then either, and a later change is no reason to speak.
    for quiet in [handlers, "enableGitInfo = true\n", "enableGitInfo = true\n[frontmatter]\nlastmod = [\":git\"]\n"] {
        assert!(told(&of_config(quiet, post), "git").is_empty(), "{quiet}");
    }
}

#[test]
fn a_file_that_is_a_page_of_several_languages_is_read_in_one() {
    let languages = "[languages.en]\nweight = 1\n[languages.de]\nweight = 2\n[languages.fr]\nweight = 3\n";
    let header = |matrix: &str| format!("---\ntitle: T\nsites: {{matrix: {{languages: {matrix}}}}}\n---\nx\n");
    let files = [
        ("content/blog/all.md", header("\"**\"")),
        ("content/blog/one.md", header("[de]")),
        ("content/blog/two.md", header("[\"! en\"]")),
        ("content/blog/own.fr.md", header("[en, fr]")),
        ("content/blog/none.md", header("[xx]")),
    ];
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
    let read = of_config(languages, &files);
    let mut found: Vec<String> = read.pages.iter().map(|page| format!("{} {}", page.language, page.url)).collect();
    found.sort();
    assert_eq!(
        found,
        [
            "de https://www.example.org/de/blog/one/",
            "de https://www.example.org/de/blog/two/",
            "en https://www.example.org/blog/all/",
            "en https://www.example.org/blog/none/",
            "fr https://www.example.org/fr/blog/own/",
        ]
    );
    assert_eq!(
        told(&read, "published in"),
        [
            "content/blog/all.md:3 is published in `de`, `fr` too; it is read in `en` alone",
            "content/blog/own.fr.md:3 is published in `en` too; it is read in `fr` alone",
            "content/blog/two.md:3 is published in `fr` too; it is read in `de` alone",
        ]
    );

    // Of a folder and of what is handed down it is said once.
    let mount = "[[module.mounts]]\nsource = \"content\"\ntarget = \"content\"\n[module.mounts.sites.matrix]\nlanguages = \"**\"\n";
    let plain: &[(&str, &[u8])] = &[("content/blog/p.md", b"x"), ("content/blog/q.md", b"x")];
    let read = of_config(&format!("{languages}{mount}"), plain);
    let expected = "hugo.toml:0 the folder `content` is published in `de`, `fr` too; it is read in `en` alone";
    assert_eq!(told(&read, "published in"), [expected]);
    let handed = b"---\ntitle: S\ncascade: {sites: {matrix: {languages: [de, fr]}}}\n---\n";
    let read = of_config(languages, &[plain, &[("content/blog/_index.md", handed)]].concat());
    let expected =
        "content/blog/_index.md:3 `cascade` has its pages published in `de`, `fr`; each is read in one of them alone";
    assert_eq!(told(&read, "published in"), [expected]);
    assert_eq!(read.pages[0].url, "https://www.example.org/de/blog/p/");
}

#[test]
fn versions_and_roles_are_named() {
    let config = "[versions.\"v1.0.0\"]\n[versions.\"v2.0.0\"]\n";
    let read = of_config(config, &[("content/blog/p.md", b"x")]);
    assert_eq!(
        told(&read, "versions"),
        ["hugo.toml:0 the site has several `versions`; its pages are read as those of the default one"]
    );
}
