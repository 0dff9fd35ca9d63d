//! Which feeds there are, and which posts are in each.

use std::borrow::Cow;
use std::collections::BTreeMap;

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
    // Family, slug → name as the newest post spells it, members. A family's place in `Family` is its place in the list.
    let mut found: BTreeMap<(Family, String), (String, Vec<usize>)> = BTreeMap::new();
    let mut languages: Vec<Option<Cow<'_, str>>> = Vec::new();
    for (at, post) in posts.enumerate() {
        languages.push(entry::language(site, post));
        for &family in families {
            for name in names(family, post) {
                let slug = match family {
                    Family::Language => address::language_folder(name),
                    _ => address::slug(name),
                };
                let (_, members) = found.entry((family, slug)).or_insert_with(|| (name.to_owned(), Vec::new()));
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
    let families = found.into_iter().map(|((family, slug), (name, members))| {
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
    let names: Vec<&str> = match family {
        Family::Tag => post.tags.iter().map(String::as_str).collect(),
        Family::Category => post.categories.iter().map(String::as_str).collect(),
        Family::Author => post.authors.iter().map(|author| author.name.as_str()).collect(),
        Family::Section => vec![post.section.as_str()],
        Family::Language => vec![post.language.as_str()],
    };
    names.into_iter().filter(|name| !text::name(name).is_empty()).collect()
}
