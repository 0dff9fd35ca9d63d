//! On which line a key stands. The parser tells places only with its errors, so the walk to the key ends in one.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, IgnoredAny, MapAccess, SeqAccess, VariantAccess};

/// The 1-based line of the `occurrence`th key at `path`. The text has passed the check for nesting.
pub(super) fn line(text: &str, path: &[&str], occurrence: usize) -> Option<usize> {
    let error = Seek { path, occurrence, value: false }.deserialize(serde_yaml::Deserializer::from_str(text)).err()?;
    let found = error.to_string().contains(FOUND);
    error.location().filter(|_| found).map(|at| at.line())
}

/// Where the value at `path` begins, in bytes.
pub(super) fn value(text: &str, path: &[&str]) -> Option<usize> {
    let error =
        Seek { path, occurrence: 1, value: true }.deserialize(serde_yaml::Deserializer::from_str(text)).err()?;
    let found = error.to_string().contains(FOUND);
    error.location().filter(|_| found).map(|at| at.index())
}

const FOUND: &str = "\u{1}found\u{1}";

/// Walks to the `occurrence`th key at `path` and stops there with an error, to which the parser adds the place. The
/// parser tells places in no other way.
#[derive(Clone, Copy)]
struct Seek<'p> {
    path: &'p [&'p str],
    occurrence: usize,
    /// To the value behind the last key, not to the key.
    value: bool,
}

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Seek<'_> {
    fn scalar<E: de::Error>(self) -> Result<(), E> {
        if self.path.is_empty() { Err(E::custom(FOUND)) } else { Ok(()) }
    }
}

impl<'de> de::Visitor<'de> for Seek<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        self.scalar()
    }
    fn visit_i64<E: de::Error>(self, _: i64) -> Result<(), E> {
        self.scalar()
    }
    fn visit_u64<E: de::Error>(self, _: u64) -> Result<(), E> {
        self.scalar()
    }
    fn visit_i128<E: de::Error>(self, _: i128) -> Result<(), E> {
        self.scalar()
    }
    fn visit_u128<E: de::Error>(self, _: u128) -> Result<(), E> {
        self.scalar()
    }
    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        self.scalar()
    }
    fn visit_str<E: de::Error>(self, _: &str) -> Result<(), E> {
        self.scalar()
    }
    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.scalar()
    }
    fn visit_none<E: de::Error>(self) -> Result<(), E> {
        self.scalar()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Some((wanted, rest)) = self.path.split_first() else { return self.scalar() };
        let wanted = wanted.parse().unwrap_or(usize::MAX);
        for number in 0.. {
            let seen = if number == wanted {
                items.next_element_seed(Seek { path: rest, ..self })?
            } else {
                items.next_element::<IgnoredAny>()?.map(|_| ())
            };
            if seen.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let Some((wanted, rest)) = self.path.split_first() else { return self.scalar() };
        let mut left = self.occurrence;
        while let Some(same) = entries.next_key_seed(SeekKey { wanted, last: rest.is_empty() && !self.value, left })? {
            if same && (!rest.is_empty() || self.value) {
                entries.next_value_seed(Seek { path: rest, ..self })?;
            } else {
                left -= usize::from(same && left > 0);
                entries.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<(), A::Error> {
        let (_, content) = tagged.variant::<IgnoredAny>()?;
        content.newtype_variant_seed(self)
    }
}

/// Compares a key, and stops at the wanted one.
struct SeekKey<'p> {
    wanted: &'p str,
    last: bool,
    left: usize,
}

impl<'de> DeserializeSeed<'de> for SeekKey<'_> {
    type Value = bool;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl SeekKey<'_> {
    fn compare<E: de::Error>(&self, key: &str) -> Result<bool, E> {
        let same = key == self.wanted;
        if same && self.last && self.left <= 1 { Err(E::custom(FOUND)) } else { Ok(same) }
    }
}

impl<'de> de::Visitor<'de> for SeekKey<'_> {
    type Value = bool;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a plain key")
    }
    fn visit_bool<E: de::Error>(self, value: bool) -> Result<bool, E> {
        self.compare(&value.to_string())
    }
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<bool, E> {
        self.compare(&value.to_string())
    }
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<bool, E> {
        self.compare(&value.to_string())
    }
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<bool, E> {
        self.compare(&value.to_string())
    }
    fn visit_str<E: de::Error>(self, value: &str) -> Result<bool, E> {
        self.compare(value)
    }
    fn visit_unit<E: de::Error>(self) -> Result<bool, E> {
        self.compare("null")
    }
    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<bool, A::Error> {
        let (_, content) = tagged.variant::<IgnoredAny>()?;
        content.newtype_variant_seed(self)
    }
}
