//! Content codings: what of a document goes over the wire in fewer bytes (RFC 9110 §8.4.1). Each is made once, when a
//! document is published or written, and never while somebody waits for it. The same bytes give the same coded bytes.

use std::io::{self, Write as _};

use flate2::{Compression, write::GzEncoder};

/// How a document's bytes may be coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coding {
    /// RFC 1952
    Gzip,
    /// RFC 7932
    Brotli,
    /// RFC 8878
    Zstd,
}

/// Brotli's levels above this take ten times as long for a twentieth less.
const BROTLI: i32 = 5;
/// Readers need not keep more than 8 MiB to decode it (RFC 9659).
const BROTLI_WINDOW: i32 = 22;
const ZSTD: i32 = 6;

impl Coding {
    /// Every coding.
    pub const ALL: [Self; 3] = [Self::Gzip, Self::Brotli, Self::Zstd];

    /// As HTTP names it.
    pub fn token(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    /// What ETags end in, and (behind a dot) the names of files.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Gzip => "gz",
            Self::Brotli => "br",
            Self::Zstd => "zst",
        }
    }

    /// `bytes` coded; `None` where that saves nothing.
    pub fn encode(self, bytes: &[u8]) -> Option<Vec<u8>> {
        // Writing to memory does not fail.
        self.write(bytes).ok().filter(|coded| coded.len() < bytes.len())
    }

    fn write(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let out = Vec::with_capacity(bytes.len() / 3 + 64);
        let mut coded = match self {
            Self::Gzip => {
                let mut encoder = GzEncoder::new(out, Compression::default());
                encoder.write_all(bytes)?;
                encoder.finish()?
            }
            Self::Brotli => {
                let mut out = out;
                let parameters = brotli::enc::BrotliEncoderParams {
                    quality: BROTLI,
                    lgwin: BROTLI_WINDOW,
                    size_hint: bytes.len(),
                    ..Default::default()
                };
                brotli::BrotliCompress(&mut &*bytes, &mut out, &parameters)?;
                out
            }
            Self::Zstd => zstd::bulk::compress(bytes, ZSTD)?,
        };
        coded.shrink_to_fit();
        Ok(coded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    fn decode(coding: Coding, coded: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        match coding {
            Coding::Gzip => flate2::read::GzDecoder::new(coded).read_to_end(&mut out).map(drop),
            Coding::Brotli => brotli::Decompressor::new(coded, 4096).read_to_end(&mut out).map(drop),
            Coding::Zstd => zstd::stream::copy_decode(coded, &mut out),
        }
        .expect("it can be decoded");
        out
    }

    #[test]
    fn what_is_coded_comes_back_and_is_smaller() {
        let text = "<item><title>云原生</title></item>\n".repeat(5000).into_bytes();
        for coding in Coding::ALL {
            let coded = coding.encode(&text).expect("it saves something");
            assert!(coded.len() < text.len() / 20, "{coding:?}: {}", coded.len());
            assert_eq!(decode(coding, &coded), text);
            assert_eq!(coding.encode(&text), Some(coded), "{coding:?} is not the same twice");
            assert_eq!(coding.encode(b"x"), None);
            assert_eq!(coding.encode(b""), None);
        }
    }
}
