//! What a mail's templates are given. Part of the contract with owners who write templates of their own.

use chrono::{DateTime, FixedOffset};
use serde::Serialize;

use super::Issue;
use super::sections::{self, Section};
use crate::digest::{Digest, html, text};
use crate::post::FullPost;
use crate::site::Site;
use crate::template::{Templates, direction, wrap};

/// Posts that a mail shows itself; the others are counted.
pub const MOST: usize = 10;
/// A post of more HTML than this is shown by its summary: a mail client would cut the whole mail.
const LONGEST: usize = 300_000;
/// Columns of a dek: two lines of a phone.
const DEK_WIDTH: usize = 180;
/// Columns that inboxes show of a preheader.
const PREHEADER_WIDTH: usize = 110;

/// Everything that a template can name, beside `lang` and `dir` of the mail.
#[derive(Debug, Serialize)]
pub struct Mail {
    /// The series.
    digest: Series,
    /// The site.
    site: Home,
    /// What differs between readers.
    holes: Holes,
    /// `font-family` for the mail's language.
    fonts: &'static str,
    /// RFC 3339, in the schedule's zone; empty in a Confirmation.
    date_of_issue: String,
    /// Number of posts announced.
    count: usize,
    /// Minutes that reading all of them takes.
    minutes: usize,
    /// The first ten, newest first.
    posts: Vec<Shown>,
    /// How many there are beyond those.
    more: usize,
    /// For the inbox's list: what the subject does not say.
    preheader: String,
}

#[derive(Debug, Serialize)]
struct Series {
    name: String,
    title: String,
    description: String,
}

#[derive(Debug, Serialize)]
struct Home {
    title: String,
    url: String,
    description: String,
    host: String,
}

/// Marks that are filled for each reader.
#[derive(Debug, Serialize)]
pub struct Holes {
    pub unsubscribe_url: String,
    pub preferences_url: String,
    pub confirm_url: String,
    pub address: String,
}

#[derive(Debug, Serialize)]
struct Picture {
    url: String,
    alt: String,
    /// Does the content show it too?
    in_content: bool,
}

/// A post as a mail shows it.
#[derive(Debug, Serialize)]
struct Shown {
    title: String,
    url: String,
    /// RFC 3339, in the offset in which it was written.
    published: String,
    /// Names, joined as the mail's language does.
    authors: String,
    tags: Vec<String>,
    minutes: usize,
    /// A sentence or two; empty when it would repeat the title.
    dek: String,
    cover: Option<Picture>,
    lang: String,
    dir: &'static str,
    /// Is its language another than the mail's?
    foreign: bool,
    fonts: &'static str,
    /// The content; its headings begin at `h2` in a mail of one post (whose title is the `h1`), else at `h3`. `None`: too long
    /// for a mail.
    html: Option<String>,
    /// The content by its sections, with their entries (questions, tasks, things to read); none where it has no entries, or
    /// is too long.
    sections: Vec<Section>,
    /// The content as plain text, and the addresses that its numbers stand for.
    text: String,
    links: Vec<Reference>,
}

#[derive(Debug, Serialize)]
struct Reference {
    number: usize,
    url: String,
}

impl Mail {
    /// Without posts: what a Confirmation is made of.
    pub fn new(site: &Site, digest: &Digest, words: &str, holes: Holes) -> Self {
        let host = site.url.split('/').nth(2).unwrap_or_default().to_owned();
        Self {
            digest: Series {
                name: digest.name.clone(),
                title: clean(&digest.title),
                description: clean(&digest.description),
            },
            site: Home {
                title: clean(&site.title),
                url: site.url.clone(),
                description: clean(&site.description),
                host,
            },
            holes,
            fonts: fonts(words),
            date_of_issue: String::new(),
            count: 0,
            minutes: 0,
            posts: Vec::new(),
            more: 0,
            preheader: String::new(),
        }
    }

    /// With the posts of an Issue at `date`.
    pub fn with_posts(
        mut self,
        templates: &Templates,
        site: &Site,
        issue: &Issue<'_>,
        date: DateTime<FixedOffset>,
        words: &str,
    ) -> Result<Self, String> {
        let mut links = 1;
        let top = if issue.count == 1 { 2 } else { 3 };
        for post in issue.posts.iter().take(MOST) {
            let shown = Shown::new(templates, site, post, words, top, links)?;
            links += shown.links.len();
            self.posts.push(shown);
        }
        self.date_of_issue = date.to_rfc3339();
        self.count = issue.count;
        self.more = issue.count.saturating_sub(self.posts.len());
        self.minutes = self.posts.iter().map(|post| post.minutes).sum();
        let titles: Vec<&str> = self.posts.iter().skip(1).map(|post| post.title.as_str()).collect();
        let preheader = match (titles.is_empty(), issue.posts.first()) {
            (true, Some(post)) => excerpt(post),
            _ => titles.join(" · "),
        };
        self.preheader = wrap::cut(&preheader, PREHEADER_WIDTH);
        Ok(self)
    }
}

impl Shown {
    fn new(
        templates: &Templates,
        site: &Site,
        post: &FullPost,
        words: &str,
        top: u8,
        first_link: usize,
    ) -> Result<Self, String> {
        let lang = site.tag(&post.language).to_owned();
        let dir = direction(&lang);
        let setting = html::Setting { top, rtl: dir == "rtl" };
        let content = (post.shown.html.len() <= LONGEST)
            .then(|| html::for_mail(&post.shown.html, setting))
            .transpose()
            .map_err(|error| format!("{}: its HTML cannot be made fit for mail: {error}", post.path));
        let sections = if post.shown.html.len() <= LONGEST { post.shown.sections() } else { Vec::new() };
        let sections = sections::sections(sections, setting)
            .map_err(|error| format!("{}: its sections cannot be made fit for mail: {error}", post.path))?;
        let text::Text { body, links } = text::text(&post.shown.html, &post.url, first_link);
        let title = match clean(&post.title) {
            title if title.is_empty() => post.url.clone(),
            title => title,
        };
        let authors: Vec<String> = post.authors.iter().map(|author| clean(&author.name)).collect();
        let between = templates.message(words, "list-separator", &[]);
        Ok(Self {
            url: post.url.clone(),
            published: post.published.map(|at| at.to_rfc3339()).unwrap_or_default(),
            authors: authors.join(&between),
            tags: post.tags.iter().map(|tag| clean(tag)).collect(),
            minutes: minutes(&text::words(&post.shown.html)),
            dek: wrap::cut(&excerpt(post), DEK_WIDTH),
            cover: post.shown.cover.as_ref().map(|cover| Picture {
                url: cover.url.clone(),
                alt: clean(&cover.alt),
                in_content: post.shown.html.contains(&cover.url)
                    || post.shown.html.contains(&cover.url.replace('&', "&amp;")),
            }),
            fonts: fonts(&lang),
            dir,
            foreign: primary(&lang) != primary(words),
            html: content?,
            sections,
            text: if post.shown.html.len() <= LONGEST { body } else { String::new() },
            links: links.into_iter().enumerate().map(|(at, url)| Reference { number: first_link + at, url }).collect(),
            lang,
            title,
        })
    }
}

/// What the post says of itself; where that is only its title again, how it begins.
fn excerpt(post: &FullPost) -> String {
    let (summary, title) = (clean(&post.shown.summary), clean(&post.title));
    let letters = |text: &str| {
        text.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
    };
    if !summary.is_empty() && letters(&summary) != letters(&title) {
        return summary;
    }
    let words: String = text::words(&post.shown.html).chars().take(600).collect();
    let words = clean(&words);
    words.strip_prefix(title.as_str()).unwrap_or(&words).trim_start().to_owned()
}

/// Reading time: 220 words of an alphabet, or 400 characters of a script without blanks, a minute; at least one.
fn minutes(words: &str) -> usize {
    let mut buffer = [0; 4];
    let ideographs = words.chars().filter(|char| wrap::ideographic(char.encode_utf8(&mut buffer))).count();
    let others = words
        .split(|char: char| char.is_whitespace() || wrap::ideographic(char.encode_utf8(&mut [0; 4])))
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .count();
    (ideographs * 220 + others * 400).div_ceil(220 * 400).max(1)
}

/// One line without control characters and without marks that turn the direction of what follows.
pub fn clean(text: &str) -> String {
    let plain: String = text
        .chars()
        .filter(|char| !matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'))
        .map(|char| if char.is_control() { ' ' } else { char })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn primary(tag: &str) -> String {
    tag.split(['-', '_']).next().unwrap_or_default().to_lowercase()
}

/// What every system has, Latin letters first, so that each script gets its own best.
fn fonts(language: &str) -> &'static str {
    let tag = language.to_lowercase();
    let traditional = ["hant", "tw", "hk", "mo"].iter().any(|part| tag.split('-').any(|p| p == *part));
    match primary(language).as_str() {
        "zh" if traditional => {
            "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'PingFang TC','Microsoft JhengHei','Noto Sans CJK TC','Noto Sans TC',Arial,sans-serif"
        }
        "zh" => {
            "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'PingFang SC','Hiragino Sans GB','Microsoft YaHei','Noto Sans CJK SC','Noto Sans SC',Arial,sans-serif"
        }
        "ja" => {
            "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'Hiragino Sans','Yu Gothic UI',Meiryo,'Noto Sans CJK JP','Noto Sans JP',Arial,sans-serif"
        }
        "ko" => {
            "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'Apple SD Gothic Neo','Malgun Gothic','Noto Sans CJK KR','Noto Sans KR',Arial,sans-serif"
        }
        "ar" | "fa" | "ur" | "ps" | "ckb" | "sd" | "ug" => {
            "'Segoe UI',Tahoma,'Geeza Pro','SF Arabic','Noto Sans Arabic',Arial,sans-serif"
        }
        "he" | "yi" => "'Segoe UI','Arial Hebrew','Noto Sans Hebrew',Arial,sans-serif",
        _ => "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif",
    }
}
