//! A synthetic site: posts of 5 kB, the same on every machine, and what Hugo needs to read it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Words to fill posts with; ours.
const WORDS: [&str; 24] = [
    "harbour", "lantern", "the", "keeper", "writes", "a", "letter", "to", "every", "ship", "that", "asked", "for",
    "news", "and", "posts", "it", "at", "dawn", "before", "gulls", "wake", "over", "water",
];

/// The same posts on every machine.
struct Noise(u64);

impl Noise {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % below
    }

    fn sentence(&mut self) -> String {
        let words: Vec<&str> = (0..6 + self.next(14)).map(|_| WORDS[self.next(WORDS.len())]).collect();
        format!("{}. ", words.join(" "))
    }
}

fn date(number: usize) -> String {
    let (year, month, day) = (2000 + number / 336 % 25, 1 + number / 28 % 12, 1 + number % 28);
    format!("{year}-{month:02}-{day:02}T{:02}:{:02}:00+08:00", number % 24, number / 24 % 60)
}

/// The number of the newest of so many posts: the one that most feeds show.
pub fn newest(posts: usize) -> usize {
    (0..posts).max_by_key(|number| date(*number)).unwrap_or(0)
}

fn post(noise: &mut Noise, number: usize) -> String {
    let mut text = format!(
        "---\ntitle: \"Letter {number} from the harbour\"\ndate: {}\n\
         author: keeper {}\ntags: [news, topic {}]\ndescription: What happened in week {number}\n---\n\n",
        date(number),
        number % 7,
        number % 40,
    );
    let mut part = 0;
    while text.len() < 5000 {
        part += 1;
        match part % 5 {
            0 => {
                let _ = write!(text, "## Part {part}\n\n");
            }
            1 => {
                let _ = write!(
                    text,
                    "- [{}](https://www.example.org/{number}/{part}/)\n- `code` and **bold**\n\n",
                    noise.sentence()
                );
            }
            _ => {
                let sentences: String = (0..4).map(|_| noise.sentence()).collect();
                let _ = write!(text, "{sentences}\n\n");
            }
        }
    }
    text
}

/// A post's file in the site at `root`.
pub fn file(root: &Path, number: usize) -> PathBuf {
    root.join(format!("content/posts/{}/letter-{number}.md", number / 500))
}

/// Writes a site of so many posts.
pub fn write(root: &Path, posts: usize) {
    let mut noise = Noise(7);
    let put = |path: &Path, text: &str| {
        fs_err::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs_err::write(path, text).expect("a file");
    };
    put(&root.join("hugo.toml"), SITE);
    put(&root.join(NEWEST), &format!("{SITE}{RSS_ALONE}[services.rss]\nlimit = 20\n"));
    put(&root.join(WHOLE), &format!("layoutDir = \"whole\"\n{SITE}{RSS_ALONE}"));
    put(&root.join("whole/rss.xml"), TEMPLATE);
    for number in 0..posts {
        put(&file(root, number), &post(&mut noise, number));
    }
}

const SITE: &str = "baseURL = \"https://www.example.org/\"\ntitle = \"Harbour\"\nlanguageCode = \"en\"\n";

/// Hugo's configuration for its RSS of the newest 20.
pub const NEWEST: &str = "newest.toml";

/// Hugo's configuration for an RSS with every post in full.
pub const WHOLE: &str = "whole.toml";

/// Hugo reads every page and writes its home page's RSS feed and nothing else.
const RSS_ALONE: &str = "disableKinds = [\"section\", \"taxonomy\", \"term\", \"sitemap\", \"404\", \"robotsTXT\"]\n\
                         [outputs]\nhome = [\"rss\"]\npage = []\n";

/// Hugo's own template of an RSS feed, but with every page and its content.
const TEMPLATE: &str = r#"{{- printf "<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>" | safeHTML }}
<rss version="2.0"><channel><title>{{ .Site.Title }}</title><link>{{ .Permalink }}</link><description>All</description>
{{- range .Site.RegularPages }}
<item><title>{{ .Title }}</title><link>{{ .Permalink }}</link><guid>{{ .Permalink }}</guid>
<pubDate>{{ .PublishDate.Format "Mon, 02 Jan 2006 15:04:05 -0700" | safeHTML }}</pubDate>
<description>{{ .Content | transform.XMLEscape | safeHTML }}</description></item>
{{- end }}
</channel></rss>
"#;
