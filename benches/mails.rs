//! What rendering a mail costs: `cargo bench --bench mails`. Processor time of one thread, medians.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints its figures and stops at what fails")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use postrider::digest::picture::Pictures;
use postrider::digest::{Digest, Mailbox, Schedule, Trigger, render};
use postrider::library::{Library, Scanner, Settings};
use postrider::post::body::Bodies as _;
use postrider::post::{FullPost, id};
use postrider::template::Templates;

const ROUNDS: usize = 200;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/demo");
    let settings = Settings { root, sections: Some(vec!["weekly".into()]), ..Settings::default() };
    let scan = Scanner::new(settings).scan().unwrap();
    let library = Library::new(&scan, &id::assign(&[], &scan.pages), "2026-11-27T00:00:00Z".parse().unwrap());
    let all = scan.bodies.full(&library.posts).unwrap();
    let ten: Vec<FullPost> = all.iter().cycle().take(10).cloned().collect();
    let templates = Templates::new(&BTreeMap::new()).unwrap();
    let pictures = Pictures::default();
    for (template, posts) in [("digest", &ten[..]), ("plain", &ten), ("letter", &ten[..1]), ("letter", &ten)] {
        let digest = digest(template);
        let slot = "2026-11-27T01:00:00Z".parse().unwrap();
        let issue = render::Issue { digest: &digest, slot, posts, count: posts.len(), pictures: &pictures };
        let mut times: Vec<Duration> = (0..ROUNDS)
            .map(|_| {
                let begun = Instant::now();
                black_box(render::issue(&templates, &scan.site, black_box(&issue), "zh-CN").unwrap());
                begun.elapsed()
            })
            .collect();
        times.sort_unstable();
        let made = render::issue(&templates, &scan.site, &issue, "zh-CN").unwrap();
        println!(
            "{template} of {:2}: {:6.2} ms ({:.2} at best), {:3} kB of HTML, {} cut",
            posts.len(),
            times[ROUNDS / 2].as_secs_f64() * 1000.0,
            times[0].as_secs_f64() * 1000.0,
            made.rendition.html.len() / 1000,
            made.cuts.len()
        );
    }
}

fn digest(template: &str) -> Digest {
    let from = Mailbox { name: "Harbour".into(), address: "weekly@harbour.example.org".into() };
    let trigger = Trigger::Cron(Schedule::parse("0 9 * * 5", chrono_tz::Asia::Shanghai).unwrap());
    Digest {
        title: "纸鸢周报".into(),
        template: template.into(),
        public_url: "https://feeds.example.org/".into(),
        ..Digest::new("weekly", from, trigger)
    }
}
