//! Which coding a request's `Accept-Encoding` asks for (RFC 9110 §12.5.3).

use axum::http::header::{self, HeaderMap};

use crate::feed::coding::Coding;
use crate::http::served::{Coded, Variant};

/// What a request says of codings; quality in thousandths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Accepted {
    /// In the order of [`Coding::ALL`].
    codings: [Option<u16>; 3],
    identity: Option<u16>,
    any: Option<u16>,
}

/// The shortest of those variants of `body` that are liked best; `None`: not one is acceptable.
pub fn choose<'b>(body: &'b Coded, headers: &HeaderMap) -> Option<&'b Variant> {
    let accepted = Accepted::read(headers);
    let best = body
        .codings
        .iter()
        .flatten()
        .filter_map(|variant| Some((accepted.quality(variant.coding?)?, variant)))
        .max_by_key(|(quality, variant)| (*quality, std::cmp::Reverse(variant.bytes.len())));
    match best {
        // Where the bytes as they are are not named they are acceptable, but nobody asked for them.
        Some((quality, variant)) if quality >= accepted.identity.unwrap_or(0) => Some(variant),
        _ => accepted.takes_identity().then_some(&body.identity),
    }
}

impl Accepted {
    fn read(headers: &HeaderMap) -> Self {
        let mut accepted = Self::default();
        for part in headers
            .get_all(header::ACCEPT_ENCODING)
            .iter()
            .flat_map(|value| value.to_str().unwrap_or_default().split(','))
        {
            let mut words = part.split(';').map(str::trim);
            let name = words.next().unwrap_or_default();
            if name.is_empty() {
                continue;
            }
            let weight = words.find_map(|word| {
                let (name, value) = word.split_once('=')?;
                name.trim().eq_ignore_ascii_case("q").then(|| weight(value.trim()))
            });
            let quality = Some(weight.unwrap_or(1000));
            let name = name.get(..2).filter(|start| start.eq_ignore_ascii_case("x-")).map_or(name, |_| &name[2..]);
            match Coding::ALL.iter().position(|coding| name.eq_ignore_ascii_case(coding.token())) {
                Some(at) => accepted.codings[at] = quality,
                None if name.eq_ignore_ascii_case("identity") => accepted.identity = quality,
                None if name == "*" => accepted.any = quality,
                None => {}
            }
        }
        accepted
    }

    /// `None`: not acceptable. Who says `*` may mean anything by it; gzip is what everybody can read.
    fn quality(&self, coding: Coding) -> Option<u16> {
        let at = Coding::ALL.iter().position(|other| *other == coding)?;
        let any = self.any.filter(|_| coding == Coding::Gzip || self.identity == Some(0));
        self.codings[at].or(any).filter(|quality| *quality > 0)
    }

    fn takes_identity(&self) -> bool {
        self.identity.or(self.any).is_none_or(|quality| quality > 0)
    }
}

/// `0.5` in thousandths; what is no weight is 0.
fn weight(text: &str) -> u16 {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits = rest.bytes().take(3).try_fold((0, 100), |(sum, place), byte| {
        byte.is_ascii_digit().then(|| (sum + u16::from(byte - b'0') * place, place / 10))
    });
    match (whole, digits) {
        ("1", _) => 1000,
        ("0" | "", Some((sum, _))) => sum,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The coding's name; empty for the bytes as they are, `406` for none at all.
    fn chosen(accepted: &[&str]) -> &'static str {
        let mut headers = HeaderMap::new();
        for value in accepted {
            headers.append(header::ACCEPT_ENCODING, value.parse().unwrap());
        }
        // Of such text brotli makes less than zstd, and that less than gzip.
        let items: Vec<String> =
            (0..3000).map(|number| format!("<item>{number} and {}</item>", number * 7919 % 1009)).collect();
        let body = Coded::plain(items.concat().into_bytes().into(), "h").in_codings("h");
        let lengths = Coding::ALL.map(|coding| body.coded(coding).unwrap().bytes.len());
        assert!(lengths[1] < lengths[2] && lengths[2] < lengths[0], "{lengths:?}");
        choose(&body, &headers).map_or("406", |variant| variant.coding.map_or("", Coding::token))
    }

    #[test]
    fn the_shortest_of_what_is_liked_best() {
        for (accepted, coding) in [
            (&[][..], ""),
            (&[""], ""),
            (&["gzip"], "gzip"),
            (&["x-gzip"], "gzip"),
            (&["GZIP;Q=0.5"], "gzip"),
            (&["gzip, deflate, br, zstd"], "br"),
            (&["gzip, deflate", "zstd"], "zstd"),
            (&["br;q=0.9, gzip"], "gzip"),
            (&["br;q=0.001"], "br"),
            (&["br;q=0, zstd;q=0.0, gzip;q=0.000"], ""),
            (&["*"], "gzip"),
            (&["*;q=0.3, gzip;q=0"], ""),
            (&["gzip;q=1.0, identity; q=0.5, *;q=0"], "gzip"),
            (&["identity, gzip;q=0.5"], ""),
            (&["identity;q=0.5, gzip;q=0.5"], "gzip"),
            (&["identity"], ""),
            (&["deflate"], ""),
            (&["gzipped, brr"], ""),
            (&["gzip;q=nonsense"], ""),
            (&["gzip;q=-1"], ""),
            (&["gzip;q=2"], ""),
            (&["gzip;level=9"], "gzip"),
            (&["identity;q=0, *"], "br"),
            (&["identity;q=0"], "406"),
            (&["*;q=0"], "406"),
            (&["*;q=0, identity"], ""),
            (&["*;q=0, zstd"], "zstd"),
            (&["gzip;q=0, identity;q=0, br;q=0, zstd;q=0"], "406"),
        ] {
            assert_eq!(chosen(accepted), coding, "{accepted:?}");
        }
    }
}
