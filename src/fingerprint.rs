//! Fingerprints tell texts apart that nobody made to look alike: XXH3 (<https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md>).
//! What somebody may gain from, or what the world is to trust, is `crypto`'s.

use twox_hash::{XxHash3_64, XxHash3_128};

/// Of `text`; `before` is that of the text before it.
pub fn text(before: u64, text: &str) -> u64 {
    XxHash3_64::oneshot_with_seed(before, text.as_bytes())
}

/// Of `bytes`, the same on every machine.
pub fn octets(bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot(bytes)
}

/// Of `bytes`, 16 octets, the same on every machine.
pub fn stable(bytes: &[u8]) -> [u8; 16] {
    XxHash3_128::oneshot(bytes).to_be_bytes()
}

/// The same of `pieces` one behind the other.
pub fn stable_of<'p>(pieces: impl IntoIterator<Item = &'p [u8]>) -> [u8; 16] {
    let mut hasher = XxHash3_128::new();
    pieces.into_iter().for_each(|piece| hasher.write(piece));
    hasher.finish_128().to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_stays_what_it_is() {
        // As `xxh128sum` prints it.
        assert_eq!(crate::crypto::hex(&stable(b"")), "99aa06d3014798d86001c324468d497f");
        assert_eq!(stable_of([&b"ab"[..], b"", b"c"]), stable(b"abc"));
        assert_ne!(text(0, "a"), text(1, "a"));
    }
}
