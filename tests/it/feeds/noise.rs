//! Ten thousand posts of random Unicode: whatever stands in them, the documents are well-formed.

use postrider::feed;
use postrider::post::{Author, Cover, FullPost};

use super::agreement::Folder;
use super::documents;
use super::hostile::{post, settings, site, with_id};
use crate::support::peers;

/// Marsaglia's xorshift: the same noise at every run.
pub struct Noise(pub u64);

impl Noise {
    /// A number below `below`.
    pub fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below as u64).expect("small")
    }

    /// Text in which what breaks XML is as frequent as everything else together.
    fn text(&mut self) -> String {
        const PIECES: [&str; 14] = [
            "]]>",
            "<![CDATA[",
            "&",
            "<",
            ">",
            "\"",
            "'",
            "&#0;",
            "&amp;",
            "</item>",
            "</entry>",
            "<?xml?>",
            "<!--",
            "-->",
        ];
        let mut out = String::new();
        for _ in 0..self.next(12) {
            match self.next(4) {
                0 => out.push_str(PIECES[self.next(PIECES.len())]),
                1 => out.extend(char::from_u32(u32::try_from(self.next(0xa0)).expect("small"))),
                2 => out.extend(char::from_u32(0xd7f0 + u32::try_from(self.next(0x2820)).expect("small"))),
                _ => out.extend(char::from_u32(u32::try_from(self.next(0x0011_0000)).expect("small"))),
            }
        }
        out
    }
}

#[test]
fn ten_thousand_posts_of_noise_are_well_formed() {
    let mut noise = Noise(0x5eed_9057);
    let posts: Vec<FullPost> = (0..10_000)
        .map(|at| {
            let post = post(&at.to_string(), |page| {
                page.title = noise.text();
                page.summary = noise.text();
                page.html = noise.text().into();
                page.url = format!("https://www.example.org/{}", noise.text());
                page.section = noise.text();
                page.language = noise.text();
                page.tags = vec![noise.text(), noise.text()];
                page.categories = vec![noise.text()];
                page.authors = vec![Author { name: noise.text(), url: Some(format!("https://{}", noise.text())) }];
                page.cover = Some(Cover { url: format!("http://example.org/{}.png", noise.text()), alt: noise.text() });
            });
            with_id(&format!("{at}{}", noise.text()), post)
        })
        .collect();
    let mut site = site();
    site.title = noise.text();
    site.description = noise.text();
    // Feedparser takes its time: it gets a fifth, except in the long run.
    #[expect(clippy::disallowed_methods, reason = "tests may read the environment")]
    let share = if std::env::var_os("POSTRIDER_TEST_LONG").is_some() { posts.len() } else { posts.len() / 5 };
    for (parsers, posts) in [("quick", &posts[..]), ("all", &posts[..share])] {
        let settings = feed::Settings { entries: posts.len(), by: Vec::new(), ..settings() };
        let folder = Folder::of(&documents(&site, posts, &settings).0);
        let files = ["rss.xml", "atom.xml", "feed.json"].map(|name| folder.path().join(name));
        peers::run(peers::python("well_formed.py").arg(parsers).arg(posts.len().to_string()).args(files), b"");
    }

    // And in all families, with every name as hostile.
    let (documents, listings) = documents(&site, &posts[..300], &settings());
    assert!(listings.len() > 300, "{}", listings.len());
    for document in documents.iter().filter(|document| document.content_type.contains("+xml")) {
        let read = feed_rs::parser::parse(document.body.to_bytes().as_slice());
        assert!(read.is_ok_and(|feed| !feed.entries.is_empty()), "{}", document.path);
    }
    let mut paths: Vec<&str> = documents.iter().map(|document| document.path.as_str()).collect();
    paths.sort_unstable();
    paths.dedup();
    assert_eq!(paths.len(), documents.len(), "two documents at one address");
}
