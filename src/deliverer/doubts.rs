//! What a relay says of readers, until it is known that it does not say so to everybody.
//!
//! A refusal is believed when the same relay takes a mail after it, or when its relay took more than it refused since. A relay that
//! refuses one reader after the other (its list of users is away, our sender is not known to it) is believed nothing: what is
//! true of it is said again with the next Issue.

use std::collections::HashMap;

use crate::store::Returned;

/// More are not kept of one relay.
const MOST: usize = 100;

/// See the module. By the relays' places.
#[derive(Debug, Default)]
pub struct Doubts(HashMap<usize, Vec<Returned>>);

impl Doubts {
    /// The relay at `place` said this.
    pub fn add(&mut self, place: usize, said: Returned) {
        let kept = self.0.entry(place).or_default();
        if kept.len() < MOST {
            kept.push(said);
        }
    }

    /// It took a mail: what it said is believed.
    pub fn believed(&mut self, place: usize) -> Vec<Returned> {
        self.0.remove(&place).unwrap_or_default()
    }

    /// It says so to everybody.
    pub fn forget(&mut self, place: usize) {
        self.0.remove(&place);
    }

    /// At the end of a run in which each relay `took` so many: what those said that refused no more than that.
    pub fn outweighed(&mut self, took: &HashMap<usize, usize>) -> Vec<Returned> {
        let outweighed =
            |place: &usize, said: &mut Vec<Returned>| took.get(place).is_some_and(|took| said.len() <= *took);
        self.0.extract_if(outweighed).flat_map(|(_, said)| said).collect()
    }
}
