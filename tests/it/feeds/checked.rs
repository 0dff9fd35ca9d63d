//! `check` on the site of everything that breaks feeds: each thing that is mended or left out is told where it stands.

use std::path::Path;
use std::process::Command;

#[test]
fn all_that_is_mended_or_left_out_is_told_with_its_line() {
    let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/feeds");
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_postrider")).arg("--site").arg(&site).args(arguments).output();
        let output = output.expect("the program");
        (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8"))
    };
    let (code, said) = run(&["check", "--json"]);
    assert_eq!(code, Some(0), "{said}");
    let told: Vec<(String, u64, String)> = said
        .lines()
        .map(|line| {
            let problem: serde_json::Value = serde_json::from_str(line).expect("JSON");
            let text = |key: &str| problem[key].as_str().expect("text").to_owned();
            assert_eq!(problem["severity"], "warning", "{line}");
            let path = text("path").rsplit('/').next().expect("a name").to_owned();
            (path, problem["line"].as_u64().unwrap_or(0), text("what"))
        })
        .collect();
    for (path, line, what) in [
        ("active.md", 5, "`<script>` is left out"),
        ("active.md", 6, "`<base>` is left out"),
        ("active.md", 7, "`onclick` is left out"),
        ("active.md", 8, "`<form>` is left out"),
        ("addresses.md", 5, "the link to `../other/` is relative to its page"),
        ("addresses.md", 6, "a link to a script is left out"),
        ("addresses.md", 8, "the picture or sound `/blog/addresses/picture.png` is not in the site"),
        ("controls.md", 5, "the control character U+0001 is left out"),
        ("controls.md", 5, "U+FFFD stands for a sign that could not be read"),
        ("cover-data.md", 2, "the cover is written into the page"),
        ("cover-query.md", 2, "the cover `/images/a b.JPG` is not in the site"),
        ("entities.md", 2, "the title holds HTML"),
        ("no-title.md", 2, "has no title"),
        ("old.md", 2, "is dated in the year 1969"),
        ("twin-b.md", 0, "has the same id as content/zh/blog/twin-a.md"),
        ("undated.md", 0, "has no date"),
        ("updated-before.md", 3, "is changed before it is published"),
    ] {
        let found = told.iter().any(|told| told.0 == path && told.1 == line && told.2.starts_with(what));
        assert!(found, "{path}:{line}: {what}: not told in {said}");
    }
    // What is well is not told of.
    for well in ["cover-own.md", "cover-lies.md", "emoji.md", "day-one.md", "english.md", "markdown.md"] {
        assert!(told.iter().all(|told| told.0 != well), "{well} is told of in {said}");
    }
    assert_eq!(run(&["check", "--strict"]).0, Some(1));
}

#[test]
fn what_is_too_large_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |path: &str, text: &str| {
        let file = folder.path().join(path);
        fs_err::create_dir_all(file.parent().expect("its folder")).expect("made");
        fs_err::write(file, text).expect("written");
    };
    write("hugo.toml", "baseURL = \"https://www.example.org/\"\n");
    write("postrider.yaml", "feeds: { max_bytes: 20kB }\n");
    write("content/posts/small.md", "---\ntitle: Small\ndate: 2021-01-01\n---\nx\n");
    write("content/posts/large.md", &format!("---\ntitle: Large\ndate: 2021-01-02\n---\n{}\n", "word ".repeat(4000)));
    let output = Command::new(env!("CARGO_BIN_EXE_postrider")).arg("check").current_dir(folder.path()).output();
    let said = String::from_utf8(output.expect("the program").stdout).expect("UTF-8");
    for part in [
        "rss.xml: the feed holds 1 of 2 posts: more are larger than 20 kB",
        "content/posts/large.md: takes 21 kB of a feed of 20 kB",
    ] {
        assert!(said.contains(part), "no {part} in {said}");
    }
}
