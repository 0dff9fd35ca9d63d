//! Text in pieces: what many texts share is held once, and each adds what is its own. The mails of a Rendition differ in a few lines of
//! thousands, and a post stands in many feeds; so neither is copied for each, nor kept in memory as often.

use std::fmt;
use std::sync::Arc;

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Rope {
    own: String,
    /// Each stands before the octet of `own` at its offset.
    shared: Vec<(usize, Arc<str>)>,
    /// Octets of both.
    len: usize,
}

impl Rope {
    /// Empty, with room for `own` octets that it does not share.
    pub fn with_capacity(own: usize) -> Self {
        Self { own: String::with_capacity(own), ..Self::default() }
    }

    /// Appends what it shares with others.
    pub fn share(&mut self, text: &Arc<str>) {
        self.shared.push((self.own.len(), Arc::clone(text)));
        self.len += text.len();
    }

    /// Appends a copy of `text`.
    pub fn push(&mut self, text: &str) {
        self.write(|own| own.push_str(text));
    }

    /// Appends what `write` appends to the string that it is given.
    pub fn write(&mut self, write: impl FnOnce(&mut String)) {
        let before = self.own.len();
        write(&mut self.own);
        self.len += self.own.len() - before;
    }

    /// Appends all of `other`.
    pub fn append(&mut self, other: Self) {
        let before = self.own.len();
        self.own.push_str(&other.own);
        self.shared.extend(other.shared.into_iter().map(|(at, text)| (before + at, text)));
        self.len += other.len;
    }

    /// Octets.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Has it none?
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// None is empty.
    pub fn pieces(&self) -> impl Iterator<Item = &str> {
        let cuts = || self.shared.iter().map(|(at, _)| *at);
        let own = std::iter::once(0).chain(cuts()).zip(cuts().chain([self.own.len()]));
        let shared = self.shared.iter().map(|(_, text)| &**text).chain([""]);
        own.zip(shared).flat_map(|((from, to), shared)| [&self.own[from..to], shared]).filter(|piece| !piece.is_empty())
    }

    /// The pieces from the octet `at` on.
    pub fn rest(&self, at: usize) -> impl Iterator<Item = &[u8]> {
        let mut before = at;
        self.pieces().filter_map(move |piece| {
            let cut = before.min(piece.len());
            before -= cut;
            piece.as_bytes().get(cut..).filter(|rest| !rest.is_empty())
        })
    }

    /// All of it in one piece.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.len);
        self.pieces().for_each(|piece| bytes.extend_from_slice(piece.as_bytes()));
        bytes
    }

    /// Does it begin with `text`?
    pub fn starts_with(&self, text: &str) -> bool {
        let mut rest = text.as_bytes();
        for piece in self.rest(0) {
            let both = piece.len().min(rest.len());
            if piece[..both] != rest[..both] {
                return false;
            }
            rest = &rest[both..];
            if rest.is_empty() {
                break;
            }
        }
        rest.is_empty()
    }
}

/// The same text, whatever it is made of.
impl PartialEq for Rope {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.pieces().flat_map(str::bytes).eq(other.pieces().flat_map(str::bytes))
    }
}

impl Eq for Rope {}

impl<T: Into<String>> From<T> for Rope {
    fn from(text: T) -> Self {
        let own = text.into();
        Self { len: own.len(), own, shared: Vec::new() }
    }
}

impl fmt::Display for Rope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces().try_for_each(|piece| f.write_str(piece))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever it is made of, it reads as the string of the same pieces does, from every octet on.
        #[test]
        fn it_reads_as_one_string(parts in prop::collection::vec((0..3, "[a-zé]{0,20}"), 0..9), at in 0_usize..120) {
            let (mut rope, mut whole) = (Rope::default(), String::new());
            for (how, text) in parts {
                whole.push_str(&text);
                match how {
                    0 => rope.push(&text),
                    1 => rope.share(&text.into()),
                    _ => {
                        let mut other = Rope::with_capacity(8);
                        other.push("é");
                        other.share(&text.as_str().into());
                        rope.append(other);
                        whole.insert(whole.len() - text.len(), 'é');
                    }
                }
            }
            prop_assert_eq!(rope.to_string(), whole.as_str());
            prop_assert_eq!((rope.len(), rope.is_empty()), (whole.len(), whole.is_empty()));
            prop_assert!(rope.pieces().all(|piece| !piece.is_empty()));
            prop_assert_eq!(rope.rest(at).collect::<Vec<_>>().concat(), whole.as_bytes().get(at..).unwrap_or_default());
            prop_assert_eq!(rope.to_bytes(), whole.as_bytes());
            prop_assert_eq!(&rope, &Rope::from(whole.as_str()));
            prop_assert_ne!(&rope, &Rope::from(whole.clone() + "!"));
            let cut = whole.floor_char_boundary(at);
            prop_assert!(rope.starts_with(&whole[..cut]));
            let other = format!("{}!", &whole[..cut]);
            prop_assert!(!rope.starts_with(&other));
        }
    }
}
