//! What mail clients make of our mails: every template, in many languages and of awkward posts, held against caniemail's data,
//! the HTML standard and a browser. Our own posts' mails are snapshots; of real weeklies the shape is kept, not the words.
//! The files are left in `target/mails`; the long run takes a picture of each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use postrider::digest::picture::Pictures;
use postrider::digest::render::{self, Rendered};
use postrider::digest::{Digest, Mailbox, Rendition, Schedule, Trigger};
use postrider::library::{Library, Scan, Scanner, Settings};
use postrider::mail::message::Prepared;
use postrider::post::body::{Bodies as _, Shown};
use postrider::post::section::Section;
use postrider::post::{Author, Cover, FullPost, Page, Post, Status, id};
use postrider::site::{Language, Site};
use postrider::template::{Templates, wrap};

use super::awkward::{ARABIC, JAPANESE, everything, hostile, unbroken};
use crate::mail::message::{date, recipient, settings};
use crate::support::{long, peers};

fn digest(template: &str, language: &str) -> Digest {
    let from = Mailbox { name: "Harbour".into(), address: "weekly@harbour.example.org".into() };
    let trigger = Trigger::Cron(Schedule::parse("0 9 * * 5", chrono_tz::Asia::Shanghai).unwrap());
    Digest {
        title: "Harbour Weekly".into(),
        template: template.into(),
        language: language.into(),
        public_url: "https://feeds.example.org/".into(),
        ..Digest::new("weekly", from, trigger)
    }
}

fn site() -> Site {
    let language = |key: &str, tag: &str| Language { key: key.into(), tag: tag.into(), ..Language::default() };
    Site {
        url: "https://harbour.example.org/".into(),
        title: "Harbour".into(),
        language: "en".into(),
        languages: vec![language("en", "en"), language("zh", "zh-CN"), language("ja", "ja"), language("ar", "ar")],
        ..Site::default()
    }
}

/// One with a cover, where its number is even.
pub fn post(number: u32, title: &str, language: &str, summary: &str, html: &str) -> FullPost {
    let page = Page {
        path: format!("content/{number}.md"),
        url: format!("https://harbour.example.org/{number}/"),
        title: title.into(),
        published: Some(format!("2026-11-{number:02}T09:00:00+08:00").parse().unwrap()),
        authors: vec![Author { name: "Mira".into(), url: None }],
        language: language.into(),
        ..Page::default()
    };
    let cover = number
        .is_multiple_of(2)
        .then(|| Cover { url: format!("https://harbour.example.org/{number}.jpg"), alt: "Boats in the fog".into() });
    let shown = Shown { html: html.into(), summary: summary.into(), cover, ..Shown::default() };
    let post = Post { id: format!("tag:{number}"), status: Status::Listed, page: Arc::new(page) };
    FullPost { post: Arc::new(post), shown: Arc::new(shown) }
}

fn templates() -> Templates {
    Templates::new(&BTreeMap::new()).unwrap()
}

fn rendered(digest: &Digest, site: &Site, posts: &[FullPost]) -> Rendered {
    let slot = "2026-11-20T01:00:00Z".parse().unwrap();
    let pictures = Pictures::default();
    let issue = render::Issue { digest, slot, posts, count: posts.len(), pictures: &pictures };
    render::issue(&templates(), site, &issue, &digest.language).unwrap()
}

fn ten() -> Vec<FullPost> {
    let words = [
        "The lamp keeper's log",
        "Knots that hold",
        "A quiet week on the pier",
        "Fog, and how to hear it",
        "Repairing the crane",
    ];
    (1..=10)
        .rev()
        .map(|number: u32| {
            let title = format!("{} ({number})", words[number as usize % words.len()]);
            post(
                number,
                &title,
                "en",
                "Somebody climbed the hundred and twenty steps, looked out, and wrote down what there was to see.",
                "<p>Words.</p>",
            )
        })
        .collect()
}

/// A mail in which everything that a post gives a title or a name has that one; and what its owner gives one too, where `all`.
fn of_hostile_names(all: bool) -> Rendition {
    let mut post =
        post(8, &hostile(), "en", "</p><script>alert(1)</script>\u{0}", "<p>Harmless {{ lang }} {% raw %}</p>");
    let page = Arc::make_mut(&mut Arc::make_mut(&mut post.post).page);
    page.authors = vec![Author { name: hostile(), url: None }];
    page.tags = vec![hostile()];
    let cover = Cover { url: "https://e.org/%22%3E%3Cscript%3E".into(), alt: hostile() };
    Arc::make_mut(&mut post.shown).cover = Some(cover);
    if !all {
        return rendered(&digest("digest", "en"), &site(), &[post]).rendition;
    }
    let named = |address: &str| Mailbox { name: hostile(), address: address.into() };
    let digest = Digest {
        title: hostile(),
        description: hostile(),
        from: named("weekly@harbour.example.org"),
        reply_to: Some(named("editors@harbour.example.org")),
        ..digest("digest", "en")
    };
    rendered(&digest, &Site { title: hostile(), description: hostile(), ..site() }, &[post]).rendition
}

/// The sample whose sender calls itself what nobody does who means well.
pub const HOSTILE_OWNER: &str = "hostile-owner-digest-en";

/// Mails of our own posts, by name.
pub fn samples() -> Vec<(String, Rendition)> {
    let mut all = Vec::new();
    let mut add = |name: &str, template: &str, posts: &[FullPost], language: &str| {
        let rendition = rendered(&digest(template, language), &site(), posts).rendition;
        all.push((format!("{name}-{template}-{language}"), rendition));
    };
    let arabic = [post(12, "أسبوع هادئ على الرصيف", "ar", "يقول دفتر السجل إن العواصف جاءت مبكرة هذا العام.", ARABIC)];
    let japanese = [post(13, "灯台だより：かもめ号、帰港 ⛵️", "ja", "金曜の朝、かもめ号が港に戻りました。", JAPANESE)];
    let everything = [post(9, "Everything at once", "en", "All that a post may hold.", &everything())];
    add("arabic", "letter", &arabic, "ar");
    add("japanese", "letter", &japanese, "ja");
    add("everything", "letter", &everything, "en");
    for template in ["digest", "plain"] {
        add("ten", template, &ten(), "en");
    }
    let mixed = [&arabic[..], &japanese, &everything, &ten()[..2]].concat();
    for language in ["de", "fr", "es", "ar", "zh-TW", "ja"] {
        add("mixed", "digest", &mixed, language);
    }
    add("mixed", "plain", &mixed, "ar");
    for template in ["digest", "letter", "plain"] {
        add("unbroken", template, &unbroken(), "en");
    }
    add("unbroken-one", "letter", &unbroken()[..1], "zh-CN");
    all.push(("hostile-digest-en".into(), of_hostile_names(false)));
    all.push((HOSTILE_OWNER.into(), of_hostile_names(true)));
    for language in ["en", "ar"] {
        let mail = render::confirmation(&templates(), &site(), &digest("digest", language), language).unwrap();
        all.push((format!("confirmation-{language}"), mail));
    }
    let (site, posts) = bundled();
    for template in ["digest", "letter", "plain"] {
        let shown = if template == "letter" { &posts[..1] } else { &posts[..3] };
        let rendition = rendered(&digest(template, "zh-CN"), &site, shown).rendition;
        all.push((format!("bundled-{template}-zh-CN"), rendition));
    }
    all
}

/// The weekly of `postrider demo`, in Chinese, newest first.
fn bundled() -> (Site, Vec<FullPost>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/demo");
    let settings = Settings { root, sections: Some(vec!["weekly".into()]), ..Settings::default() };
    let scan = Scanner::new(settings).scan().unwrap();
    let posts = newest(&scan, |post| post.language == "zh");
    (scan.site, posts)
}

fn newest(scan: &Scan, takes: impl Fn(&Post) -> bool) -> Vec<FullPost> {
    let library = Library::new(scan, &id::assign(&[], &scan.pages), "2026-11-27T00:00:00Z".parse().unwrap());
    let posts: Vec<_> = library.posts.iter().filter(|post| takes(post)).cloned().collect();
    scan.bodies.full(&posts).unwrap()
}

/// Header, text and HTML, each as `shown`, without what differs from run to run.
fn stable(rendition: &Rendition, shown: [fn(&str) -> String; 2]) -> String {
    let mut fixed = rendition.clone();
    for text in [&mut fixed.id, &mut fixed.subject, &mut fixed.html, &mut fixed.text] {
        *text = text.replace(&rendition.id, "ID");
    }
    let raw = Prepared::new(&fixed, &settings()).compose(&recipient(), date()).unwrap().to_string();
    let raw = raw.replace('\r', "");
    let head = raw.split("\n\n").next().unwrap();
    let [text, html] = shown;
    format!("{head}\n~~~~~~~~ {}\n{}\n~~~~~~~~\n{}", fixed.subject, text(&fixed.text), html(&fixed.html))
}

#[test]
fn mails_of_our_own_posts_are_as_they_were() {
    for (name, rendition) in &samples() {
        if !name.starts_with("mixed") && !name.starts_with("unbroken") {
            insta::assert_snapshot!(name.as_str(), stable(rendition, [str::to_owned; 2]));
        }
    }
}

#[test]
fn clients_and_the_standard_take_every_mail() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/mails");
    fs_err::create_dir_all(&folder).unwrap();
    let files: Vec<PathBuf> = samples()
        .into_iter()
        .chain(real_samples())
        .map(|(name, rendition)| {
            let file = folder.join(format!("{name}.html"));
            fs_err::write(&file, &rendition.html).unwrap();
            file
        })
        .collect();
    peers::run(peers::node("mail-clients.js").args(&files), b"");
    peers::run(peers::node("mail-look.js").args(&files), b"");
    if long() {
        peers::run(peers::node("mail-pictures.js").arg(&folder).args(&files), b"");
    }
}

/// Folder, questions, tasks and things to read, as a person counted them (`tests/fixtures/sections`): of five years, in each notation
/// that its editors used.
const WEEKLIES: [(&str, usize, usize, usize); 6] = [
    ("sofa-weekly-20190830", 3, 0, 2),
    ("sofa-weekly-20201106", 4, 0, 7),
    ("sofa-weekly-0430", 5, 0, 4),
    ("sofa-weekly-20211112", 4, 12, 4),
    ("sofa-weekly-20220610", 3, 9, 4),
    ("sofa-weekly-20230623", 0, 0, 4),
];

/// Each of [`WEEKLIES`] as a letter, where the real site is beside the checkout.
fn weeklies() -> Vec<(&'static str, FullPost, Rendered)> {
    let Some(corpora) = peers::corpora() else { return Vec::new() };
    let folder = tempfile::tempdir().unwrap();
    let tar = Command::new("tar")
        .arg("xzf")
        .arg(corpora.join("sofastack.tar.gz"))
        .arg("-C")
        .arg(folder.path())
        .status()
        .unwrap();
    assert!(tar.success());
    let root = folder.path().join("sofastack");
    let settings = Settings { root, url: Some("https://www.sofastack.tech/".into()), ..Settings::default() };
    let scan = Scanner::new(settings).scan().unwrap();
    let posts = newest(&scan, |post| post.path.contains("sofa-weekly"));
    let letter = |(name, ..): (&'static str, usize, usize, usize)| {
        let post = posts.iter().find(|post| post.path.contains(&format!("/{name}/")));
        let post = post.unwrap_or_else(|| panic!("no {name}")).clone();
        let made = rendered(&digest("letter", "zh-CN"), &scan.site, std::slice::from_ref(&post));
        (name, post, made)
    };
    WEEKLIES.into_iter().map(letter).collect()
}

/// Their mails, by name.
pub fn real_samples() -> impl Iterator<Item = (String, Rendition)> {
    weeklies().into_iter().map(|(name, _, made)| (name.to_owned(), made.rendition))
}

/// The shape of words that are not ours to keep: each letter is one of its width.
fn masked(text: &str) -> String {
    let mask = |c: char| match c {
        c if !c.is_alphanumeric() => c,
        c if wrap::width(c.encode_utf8(&mut [0; 4])) == 2 => '字',
        _ => 'x',
    };
    text.chars().map(mask).collect()
}

/// The same of HTML: of its tags only what leads elsewhere or is read.
fn masked_html(html: &str) -> String {
    let mut out = String::new();
    for (number, piece) in html.split('<').enumerate() {
        let (tag, text) = if number == 0 { ("", piece) } else { piece.split_once('>').unwrap_or((piece, "")) };
        let mut of = "";
        for (at, part) in tag.split('"').enumerate() {
            let theirs = ["href=", "src=", "alt=", "aria-label="].iter().any(|name| of.ends_with(name));
            out.push_str(if at > 0 {
                "\""
            } else if number > 0 {
                "<"
            } else {
                ""
            });
            out.push_str(&if at % 2 == 1 && theirs { masked(part) } else { part.to_owned() });
            of = part;
        }
        out.push_str(if number > 0 { ">" } else { "" });
        out.push_str(&masked(text));
    }
    out
}

#[test]
fn real_weeklies_become_letters_that_lose_nothing() {
    for ((name, asked, todo, read), (_, post, made)) in WEEKLIES.into_iter().zip(weeklies()) {
        insta::assert_snapshot!(name, stable(&made.rendition, [masked, masked_html]));
        let Rendition { html, text, .. } = &made.rendition;
        let sections = post.shown.sections();
        let questions: Vec<_> = sections.iter().flat_map(Section::questions).collect();
        let tasks = sections.iter().flat_map(Section::tasks).count();
        let reading = sections.iter().flat_map(Section::reading).count();
        assert_eq!((questions.len(), tasks, reading), (asked, todo, read), "{name}");
        assert_eq!((made.cuts.as_slice(), html.matches("<h1").count()), (&[][..], 1), "{name}");
        assert!(html.len() <= render::budget::DECODED && render::budget::encoded(html) <= render::budget::ENCODED);
        for asker in questions.iter().map(|question| question.asker.as_str()) {
            assert!(html.contains(asker) && text.contains(asker), "{name}: {asker}");
        }
        for link in sections.iter().flat_map(|section| &section.links).map(|link| &link.url) {
            assert!(html.contains(&link.replace('&', "&amp;")) && text.contains(link.as_str()), "{name}: {link}");
        }
        for line in text.lines().filter(|line| wrap::width(line) > wrap::WIDTH) {
            assert!(line.contains("://") || line.starts_with("    "), "{name}: {line}");
        }
    }
}
