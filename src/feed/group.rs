//! Which feeds there are, and which posts are in each.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use super::{Family, Format, Listing, address, entry, text};
use crate::post::Post;
use crate::site::Site;

/// One feed.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) listing: Listing,
    /// Of the documents: the site's with the group's behind it.
    pub(super) title: String,
    /// [`Listing::folder`], decoded.
    pub(super) folder: String,
    /// Home page of the site or the language.
    pub(super) home: String,
    /// Places in the list of posts, newest first.
    pub(super) members: Vec<usize>,
}

impl Group {
    pub(super) fn path(&self, format: Format) -> String {
        format!("{}{}", self.folder, format.file_name())
    }
}

/// The site's own feed, then those of each family in order of their folders. `posts` newest first.
pub(super) fn groups<'a>(site: &'a Site, posts: impl Iterator<Item = &'a Post>, families: &[Family]) -> Vec<Group> {
    // Family and slug → number. A family's place in `Family` is its place in the list.
    let mut places: BTreeMap<(Family, String), usize> = BTreeMap::new();
    // By number: the name as the newest post spells it, members.
    let mut found: Vec<(&str, Vec<usize>)> = Vec::new();
    // The posts of a site say few names, again and again.
    let mut known: HashMap<(Family, &str), Option<usize>> = HashMap::new();
    let mut spoken: HashMap<&str, Option<Cow<'_, str>>> = HashMap::new();
    let mut languages: Vec<Option<Cow<'_, str>>> = Vec::new();
    for (at, post) in posts.enumerate() {
        languages.push(spoken.entry(&post.language).or_insert_with(|| entry::language(site, post)).clone());
        for &family in families {
            for name in names(family, post) {
                let place = *known.entry((family, name)).or_insert_with(|| {
                    let place = places.entry((family, slug(family, name)?)).or_insert_with(|| {
                        found.push((name, Vec::new()));
                        found.len() - 1
                    });
                    Some(*place)
                });
                let Some((_, members)) = place.map(|place| &mut found[place]) else { continue };
                // A post that spells one tag twice is in its feed once.
                if members.last() != Some(&at) {
                    members.push(at);
                }
            }
        }
    }
    let own_language = text::language(&site.language).unwrap_or_default();
    let title = text::line(&site.title);
    let own = Group {
        listing: Listing {
            family: None,
            title: title.clone(),
            folder: String::new(),
            posts: languages.len(),
            language: own_language.clone().into_owned(),
        },
        title: title.clone(),
        folder: String::new(),
        home: site.url.clone(),
        members: (0..languages.len()).collect(),
    };
    let families = places.into_iter().map(|((family, slug), place)| {
        let (name, members) = (found[place].0.to_owned(), std::mem::take(&mut found[place].1));
        let folder = match family {
            Family::Tag => format!("tags/{slug}/"),
            Family::Category => format!("categories/{slug}/"),
            Family::Author => format!("authors/{slug}/"),
            Family::Section => format!("sections/{slug}/"),
            Family::Language => format!("{slug}/"),
        };
        // A feed whose posts are all in one language is in that language.
        let mut spoken = members.iter().map(|at| &languages[*at]);
        let first = spoken.next().unwrap_or(&None);
        let language = first.as_ref().filter(|_| spoken.all(|other| other == first)).unwrap_or(&own_language);
        let declared = site.languages.iter().find(|language| family == Family::Language && language.key == name);
        let name = match declared.map(|language| text::line(&language.title)) {
            Some(own) if !own.is_empty() && own != title => own,
            Some(_) => site.tag(&name).to_owned(),
            None => text::name(&name),
        };
        Group {
            title: format!("{title}: {name}"),
            home: declared.and_then(|language| text::web_address(&language.url)).unwrap_or_else(|| site.url.clone()),
            listing: Listing {
                family: Some(family),
                title: name,
                folder: address::encoded(&folder),
                posts: members.len(),
                language: language.clone().into_owned(),
            },
            folder,
            members,
        }
    });
    std::iter::once(own).chain(families).collect()
}

/// What `post` has of `family`.
fn names(family: Family, post: &Post) -> Vec<&str> {
    match family {
        Family::Tag => post.tags.iter().map(String::as_str).collect(),
        Family::Category => post.categories.iter().map(String::as_str).collect(),
        Family::Author => post.authors.iter().map(|author| author.name.as_str()).collect(),
        Family::Section => vec![post.section.as_str()],
        Family::Language => vec![post.language.as_str()],
    }
}

/// A feed's own part of its folder; `None`: there is nothing in the name.
fn slug(family: Family, name: &str) -> Option<String> {
    if text::name(name).is_empty() {
        return None;
    }
    Some(if family == Family::Language { address::language_folder(name) } else { address::slug(&text::name(name)) })
}
