//! What is compared of a page and of a known post.

use url::Url;

use super::super::{Known, millis};
use crate::post::Page;

/// What a page and a post can have in common.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    /// The id in the front matter.
    Own,
    /// The whole text.
    Text,
    /// The text below the front matter, where it is long enough to be nobody else's.
    Body,
    Title,
    Date,
    /// Of the file.
    Path,
    /// The same on a new domain.
    Address,
    /// Of the file, without its folders.
    Name,
}

use Part::{Address, Body, Date, Name, Own, Path, Text, Title};

/// What is compared of a page and of a known post.
pub(super) struct Face<'a> {
    pub(super) own: Option<&'a str>,
    pub(super) text: &'a str,
    pub(super) body: &'a str,
    pub(super) title: &'a str,
    pub(super) published: Option<i64>,
    pub(super) date: String,
    pub(super) path: &'a str,
    pub(super) address: String,
    pub(super) aliases: &'a [String],
    pub(super) gone: bool,
    /// The post's id.
    pub(super) id: &'a str,
}

impl<'a> Face<'a> {
    pub(super) fn of_known(known: &'a Known) -> Self {
        Self {
            own: known.own_id.as_deref(),
            text: &known.source_hash,
            body: body(&known.source_hash),
            title: &known.title,
            published: known.published,
            date: known.published.map(|at| at.to_string()).unwrap_or_default(),
            path: &known.path,
            address: address(&known.url),
            aliases: &[],
            gone: known.gone,
            id: &known.id,
        }
    }

    pub(super) fn of_page(page: &'a Page) -> Self {
        let published = millis(page);
        Self {
            own: page.own_id.as_deref(),
            text: &page.source_hash,
            body: body(&page.source_hash),
            title: &page.title,
            published,
            date: published.map(|at| at.to_string()).unwrap_or_default(),
            path: &page.path,
            address: address(&page.url),
            aliases: &page.aliases,
            gone: false,
            id: "",
        }
    }

    fn part(&self, part: Part) -> &str {
        match part {
            // Who writes a post's id into its front matter means that post.
            Own => self.own.unwrap_or(self.id),
            Text => self.text,
            Body => self.body,
            Title => self.title,
            Date => &self.date,
            Path => self.path,
            Address => &self.address,
            Name => name(self.path),
        }
    }

    /// `None`: it lacks one of the parts.
    pub(super) fn key(&self, parts: &[Part]) -> Option<[&str; 3]> {
        let mut key = [""; 3];
        for (at, part) in parts.iter().enumerate() {
            key[at] = self.part(*part);
            if key[at].is_empty() {
                return None;
            }
        }
        Some(key)
    }

    /// The author may say that they are two.
    pub(super) fn may_be(&self, other: &Face<'_>) -> bool {
        self.own.zip(other.own).is_none_or(|(one, other)| one == other)
    }

    /// How many words of their paths and addresses they share.
    pub(super) fn likeness(&self, other: &Face<'_>) -> usize {
        let others: Vec<&str> = other.words().collect();
        self.words().filter(|word| others.contains(word)).count()
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        let all = self.path.split(['/', '.', '_']).chain(self.address.split('/'));
        all.filter(|word| !word.is_empty())
    }
}

/// The second half of [`crate::post::Page::source_hash`].
fn body(source_hash: &str) -> &str {
    source_hash.split_once(':').map_or("", |(_, body)| body)
}

/// Path of an address; empty: a page without one is like no other.
pub(super) fn address(url: &str) -> String {
    Url::parse(url).map(|url| format!("{}/", url.path().trim_end_matches('/'))).unwrap_or_default()
}

/// `2021-10-15-x.md`, `x.md` and `x/index.md` are called `x`.
fn name(path: &str) -> &str {
    let mut parts = path.rsplit('/');
    let file = parts.next().unwrap_or_default();
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let name = match stem {
        "index" | "_index" | "README" => parts.next().filter(|folder| !folder.is_empty()).unwrap_or(stem),
        _ => stem,
    };
    let dated = name.len() > 11
        && name.is_char_boundary(11)
        && name.bytes().take(11).enumerate().all(|(at, byte)| match at {
            4 | 7 | 10 => byte == b'-' || byte == b'_',
            _ => byte.is_ascii_digit(),
        });
    if dated { &name[11..] } else { name }
}
