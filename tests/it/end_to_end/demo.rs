//! `postrider demo`: with an empty home and nothing configured, everything that it prints is there.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::house::Daemon;

const NEWEST: &str = "纸鸢周报 044";

/// The program as on a fresh machine: no home, no configuration, temporary files in `folder`.
fn demo(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postrider"));
    command
        .arg("demo")
        .args(arguments)
        .env_clear()
        .env("HOME", folder.join("home"))
        .env("TMPDIR", folder)
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

#[test]
fn once_leaves_feeds_and_three_different_mails() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = folder.path().join("made");
    let output =
        demo(folder.path(), &["--once", "--dir", "made", "--listen", "127.0.0.1:0"]).output().expect("it runs");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    assert_eq!(err, "", "nothing to warn of");
    assert!(!out.contains("http://"), "no address is told that nobody answers at: {out}");

    for name in ["rss.xml", "atom.xml", "feed.json", "en/rss.xml", "feeds.opml"] {
        assert!(made.join("feeds").join(name).is_file(), "{name}");
    }
    let bytes = fs_err::read(made.join("feeds/rss.xml")).expect("the feed");
    let feed = feed_rs::parser::parse(&bytes[..]).expect("a feed");
    assert_eq!(feed.entries.len(), 6);
    assert!(feed.entries[0].title.as_ref().expect("a title").content.contains(NEWEST));

    let mut to = BTreeSet::new();
    let mut bodies = BTreeSet::new();
    for entry in fs_err::read_dir(made.join("mail")).expect("the mails") {
        let path = entry.expect("an entry").path();
        assert!(path.extension().is_some_and(|end| end == "eml"), "{}", path.display());
        let mail = postrider::mail::read::read(&fs_err::read(path).expect("a mail")).expect("a message");
        assert!(mail.subject.contains(NEWEST), "{}", mail.subject);
        assert!(mail.html.contains("小满") && mail.text.contains("小满"), "the letter is whole");
        let pictures = mail.html.matches("/pictures/").count();
        assert!(
            pictures >= 2 && !mail.html.contains("/images/"),
            "they come from where mails may ask for them: {pictures}"
        );
        to.insert(mail.to);
        bodies.insert(mail.html);
    }
    assert_eq!((to.len(), bodies.len()), (3, 3), "{to:?}");

    // A second time in the same folder would mix two demos.
    let again = demo(folder.path(), &["--once", "--dir", "made"]).output().expect("it runs");
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("is not empty"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_address_that_it_prints_answers_until_it_is_stopped() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = demo(folder.path(), &["--listen", "127.0.0.1:0"]);
    let mut daemon = Daemon::start(&mut command, "overview", &folder.path().join("log"));
    let said = daemon.lines_until("Ctrl-C");
    let mut addresses: Vec<String> = vec![daemon.address.clone()];
    addresses.extend(
        said.iter().flat_map(|line| line.split_whitespace()).filter(|word| word.starts_with("http")).map(String::from),
    );
    assert!(addresses.len() >= 9, "{said:#?}");
    let mut seen = BTreeSet::new();
    while let Some(address) = addresses.pop() {
        let answer = reqwest::get(&address).await.expect("an answer");
        assert_eq!(answer.status(), 200, "{address}");
        let kind = answer.headers()["content-type"].to_str().expect("a type").to_owned();
        let body = answer.bytes().await.expect("a body");
        if address.contains("/images/") || address.contains("/pictures/") {
            assert_eq!(kind, "image/png", "{address}");
            continue;
        }
        if address.ends_with("/rss.xml") {
            let feed = feed_rs::parser::parse(&body[..]).expect("a feed");
            let posts = feed.entries.into_iter().flat_map(|entry| entry.links).map(|link| link.href);
            addresses.extend(posts.filter(|link| seen.insert(link.clone())));
        }
        // Whatever the pages and mails refer to on this machine is there too: pictures, posts, the mail in its frame.
        let text = String::from_utf8_lossy(&body);
        let links = text.split("href=\"").skip(1).chain(text.split("src=\"").skip(1));
        for part in links.take_while(|_| kind.starts_with("text/html")) {
            let link = part.split('"').next().unwrap_or_default().replace("&amp;", "&");
            let link = link.strip_prefix('/').map_or_else(|| link.clone(), |rest| format!("{}{rest}", daemon.address));
            // A link that leads to a reader's own page is for that reader; all others are followed once.
            if link.starts_with(&daemon.address) && seen.insert(link.clone()) {
                addresses.push(link);
            }
        }
    }
    for part in [
        "/images/cover-2026-11-20.png",
        "/pictures/",
        "/weekly/2026-11-20/",
        "/en/weekly/2026-10-23/",
        "/html",
        "/source",
        "/unsubscribe/",
    ] {
        assert!(seen.iter().any(|link| link.contains(part)), "nothing led to {part}: {seen:#?}");
    }
    for wrong in
        ["demo/mail/..%2f..%2fsite%2fhugo/source", "demo/mail/x/", "images/..%2f..%2fhugo.toml", "weekly/none/"]
    {
        let answer = reqwest::get(format!("{}{wrong}", daemon.address)).await.expect("an answer");
        assert_eq!(answer.status(), 404, "{wrong}");
    }
    assert!(daemon.stop().0.success());
    let left: Vec<_> = fs_err::read_dir(folder.path()).expect("the folder").filter_map(Result::ok).collect();
    assert!(left.iter().all(|entry| entry.file_name() == "log"), "something stayed: {left:?}");
}
