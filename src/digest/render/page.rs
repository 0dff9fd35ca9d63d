//! What a mail's templates are given. Part of the contract with owners who write templates of their own.

mod cover;
mod shorten;

use serde::Serialize;

use super::content::{Content, Shape};
use super::fonts::{are_alike, fonts};
use super::sections::Section;
use super::{Cut, Issue, budget, local, logo, web_name};
use crate::digest::html::{self, media};
use crate::digest::theme::Theme;
use crate::digest::{Digest, text};
use crate::post::FullPost;
use crate::site::Site;
use crate::template::{Templates, direction, wrap};
use cover::{Picture, cover};

/// Posts that a mail shows itself; the others are counted.
pub const MOST: usize = 10;
/// Columns of a dek: two lines of a phone.
const DEK_WIDTH: usize = 180;
/// Rows of pixels that a logo has.
const LOGO: u32 = 40;
/// Columns of a post's title: more than any that was meant as one.
const TITLE_WIDTH: usize = 300;
/// Columns of a name: of the site, of a series, of all authors of a post.
const NAME_WIDTH: usize = 120;
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
    /// The owner's colours and words; see [`Theme`].
    theme: Theme,
    /// The owner's, where there is one.
    logo: Option<Logo>,
    /// `font-family` for the mail's language.
    fonts: String,
    /// The web copy; empty where the digest has no public archive.
    web_url: String,
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
struct Logo {
    url: String,
    /// For [`LOGO`] pixels of height; 0 where it is not known.
    width: u32,
    height: u32,
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
    fonts: String,
    /// `full`, `beginning`, `excerpt` or `title`: less, where the mail would grow too long.
    shape: Shape,
    /// The content; its headings begin at `h2` in a mail of one post (whose title is the `h1`), else at `h3`. `None`: not to
    /// be shown.
    html: Option<String>,
    /// The content by its sections, with their entries (questions, tasks, things to read); none where it has no entries.
    sections: Vec<Section>,
    /// The content as plain text, and the addresses that its numbers stand for.
    text: String,
    links: Vec<Reference>,
    /// What plays is named with these.
    #[serde(skip)]
    words: media::Words,
    /// What the template shows when nothing is cut.
    #[serde(skip)]
    wanted: Shape,
    /// Octets of the post's own HTML that the content was made of.
    #[serde(skip)]
    of: usize,
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
                title: name(&digest.title),
                description: clean(&digest.description),
            },
            site: Home { title: name(&site.title), url: site.url.clone(), description: clean(&site.description), host },
            holes,
            theme: Theme::clone(&digest.theme),
            logo: logo(site, digest).map(|url| Logo { url, width: 0, height: LOGO }),
            fonts: fonts(&digest.theme, words),
            web_url: String::new(),
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
        words: &str,
    ) -> Result<Self, String> {
        let file = |name: &str| format!("email/{}/{name}", issue.digest.template);
        let full = templates.mentions(&file("body.html"), &[".html", ".sections"])
            || templates.mentions(&file("body.txt"), &[".text", ".links"]);
        let mut links = 1;
        for post in issue.posts.iter().take(MOST) {
            let mut shown = Shown::new(templates, site, issue, post, words);
            if full {
                let content = Content::most_of(post, setting(issue, post, shown.dir), &shown.words, links)?;
                shown.show(content, post, links);
                shown.wanted = Shape::Full;
            }
            links += shown.links.len();
            self.posts.push(shown);
        }
        let digest = issue.digest;
        if digest.public && !digest.public_url.is_empty() {
            let name = web_name(digest, issue.slot);
            self.web_url = format!("{}archive/{}/{name}/", digest.public_url, digest.name);
        }
        if let Some(logo) = &mut self.logo
            && let Some(place) = issue.pictures.place(&logo.url)
        {
            logo.url.clone_from(&place.url);
            logo.width = html::scaled(place.width, LOGO, place.height);
        }
        self.date_of_issue = local(digest, issue.slot).to_rfc3339();
        self.count = issue.count;
        self.more = issue.count.saturating_sub(self.posts.len());
        // Those that the mail does not show are taken to be as long as the others.
        let shown: usize = self.posts.iter().map(|post| post.minutes).sum();
        self.minutes = (shown * issue.count).div_ceil(self.posts.len().max(1));
        let titles: Vec<&str> = self.posts.iter().skip(1).map(|post| post.title.as_str()).collect();
        let preheader = match (titles.is_empty(), issue.posts.first()) {
            (true, Some(post)) => excerpt(post),
            _ => titles.join(" · "),
        };
        self.preheader = wrap::cut(&preheader, PREHEADER_WIDTH);
        Ok(self)
    }

    /// The posts that are shown shorter than the template would.
    pub fn cuts(&self) -> Vec<Cut> {
        let cut = self.posts.iter().filter(|post| post.shape != post.wanted);
        cut.map(|post| Cut { title: post.title.clone(), url: post.url.clone(), shape: post.shape }).collect()
    }
}

impl Shown {
    /// Without its content.
    fn new(templates: &Templates, site: &Site, issue: &Issue<'_>, post: &FullPost, words: &str) -> Self {
        let lang = site.tag(&post.language).to_owned();
        let dir = direction(&lang);
        let title = match wrap::cut(&clean(&post.title), TITLE_WIDTH) {
            title if title.is_empty() => post.url.clone(),
            title => title,
        };
        let authors: Vec<String> = post.authors.iter().map(|author| clean(&author.name)).collect();
        let between = templates.message(words, "list-separator", &[]);
        let played = |key: &str| templates.message(templates.nearest(&lang), key, &[("name", media::NAME)]);
        Self {
            url: post.url.clone(),
            published: post.published.map(|at| at.to_rfc3339()).unwrap_or_default(),
            authors: wrap::cut(&authors.join(&between), NAME_WIDTH),
            tags: post.tags.iter().map(|tag| clean(tag)).collect(),
            minutes: minutes(&text::words(&post.shown.html)),
            dek: wrap::cut(&excerpt(post), DEK_WIDTH),
            cover: cover(post, issue.pictures),
            fonts: fonts(&issue.digest.theme, &lang),
            dir,
            foreign: !are_alike(&lang, words),
            shape: Shape::Excerpt,
            html: None,
            sections: Vec::new(),
            text: String::new(),
            links: Vec::new(),
            words: media::Words { film: played("film"), sound: played("sound") },
            wanted: Shape::Excerpt,
            of: 0,
            lang,
            title,
        }
    }

    fn show(&mut self, content: Content, post: &FullPost, first_link: usize) {
        self.shape = match &content.html {
            None => Shape::Excerpt,
            Some(_) if content.of == post.shown.html.len() => Shape::Full,
            Some(_) => Shape::Beginning,
        };
        (self.of, self.html, self.sections, self.text) = (content.of, content.html, content.sections, content.text);
        let links = content.links.into_iter().enumerate();
        self.links = links.map(|(at, url)| Reference { number: first_link + at, url }).collect();
    }
}

fn setting<'a>(issue: &Issue<'a>, post: &'a FullPost, dir: &str) -> html::Setting<'a> {
    html::Setting {
        top: if issue.count == 1 { 2 } else { 3 },
        rtl: dir == "rtl",
        colours: &issue.digest.theme.light,
        pictures: issue.pictures,
        own: &post.url,
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

fn name(text: &str) -> String {
    wrap::cut(&clean(text), NAME_WIDTH)
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
