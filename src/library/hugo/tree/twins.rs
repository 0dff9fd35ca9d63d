//! Two files with one place in the tree: which of them Hugo publishes.

use std::collections::hash_map;

use super::{Tree, key};
use crate::library::hugo::config::{Config, NEW_TREE};
use crate::problem::Problem;

/// The file that a page's place belongs to.
#[derive(Debug)]
pub(super) struct Taken {
    /// Its number.
    page: usize,
    mount: usize,
    rank: (bool, bool, bool),
}

impl Tree {
    /// Whether another file has that place already; of two in one mount the one with the higher rank has it.
    pub(super) fn is_taken(
        &mut self,
        place: (String, String),
        path: &str,
        mount: usize,
        rank: (bool, bool, bool),
    ) -> bool {
        let taken = Taken { page: self.pages.len(), mount, rank };
        let other = match self.taken.entry(place) {
            hash_map::Entry::Occupied(other) => other.into_mut(),
            hash_map::Entry::Vacant(free) => {
                free.insert(taken);
                return false;
            }
        };
        // A mount covers what those behind it have: that is what it is for.
        if other.mount != mount {
            return true;
        }
        let wins = rank > other.rank;
        let there = self.pages[other.page].file.path.clone();
        if wins {
            self.displaced.insert(other.page);
            *other = taken;
        }
        let (loser, winner) = if wins { (there.as_str(), path) } else { (path, there.as_str()) };
        let what = format!("has the same name as {winner}, and Hugo publishes one of them");
        let hint = "rename one of them; the other one is taken";
        self.problems.push(Problem::warning(loser, None, what, hint));
        !wins
    }

    /// A page at the address of a section that has a page of its own is not published.
    pub(super) fn give_way(&mut self, config: &Config) {
        let Self { pages, sections, problems, .. } = self;
        pages.retain(|entry| {
            let sections = sections.get(&entry.language).filter(|_| config.version >= NEW_TREE);
            let own = || key(&[&entry.folders[..], std::slice::from_ref(&entry.name)].concat());
            let stays = sections.is_none_or(|sections| !sections.contains_key(&own()));
            if !stays {
                let what = "has the address of a section with an `_index` file, and Hugo publishes that one";
                problems.push(Problem::warning(&entry.file.path, None, what, "rename it"));
            }
            stays
        });
    }
}
