//! Looking for one thing again and again, without reading the same text twice.

/// Where `needle` stands in a text, asked for rising offsets.
pub struct Seek<'t> {
    text: &'t str,
    needle: &'static str,
    /// The last answer, and from where it holds.
    found: Option<(usize, Option<usize>)>,
}

impl<'t> Seek<'t> {
    /// Nothing is looked for yet.
    pub fn new(text: &'t str, needle: &'static str) -> Self {
        Self { text, needle, found: None }
    }

    /// The first place from `at` on.
    pub fn from(&mut self, at: usize) -> Option<usize> {
        if let Some((from, found)) = self.found
            && from <= at
            && found.is_none_or(|found| found >= at)
        {
            return found;
        }
        let found = self.text.get(at..).and_then(|rest| rest.find(self.needle)).map(|found| at + found);
        self.found = Some((at, found));
        found
    }
}

/// Where a call that goes on at `from` ends: at a `close` that is in none of `quotes`. `first` is the first `close` of all,
/// which it is when a quote does not end before the next call begins: an apostrophe, an inch.
pub fn outside_quotes(
    text: &str,
    from: usize,
    first: usize,
    close: &str,
    quotes: &[u8],
    is_call: fn(&[u8]) -> bool,
) -> usize {
    let bytes = text.as_bytes();
    let mut quote = None;
    let mut at = from;
    while at < bytes.len() {
        match quote {
            _ if at > first && bytes[at] == b'{' && is_call(&bytes[at..]) => return first,
            Some(open) if open != b'`' && bytes[at] == b'\\' => at += 1,
            Some(open) if bytes[at] == open => quote = None,
            None if bytes[at..].starts_with(close.as_bytes()) => return at,
            None if quotes.contains(&bytes[at]) && is_start(bytes[at - 1]) => quote = Some(bytes[at]),
            _ => {}
        }
        at += 1;
    }
    first
}

/// Whether a value may begin behind this.
fn is_start(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'=' | b'(' | b',' | b'[' | b':' | b'{' | b'%')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_calls() {
        for (text, expected) in [
            ("{{ a }} b }}", 5),
            ("{{ \"}}\" }}", 8),
            ("{{ x=\"a \\\" }}\" }}", 15),
            ("{{ 5' }} it's }}", 6),
            ("{{ 'open }} and {{ x }}", 9),
        ] {
            let first = text.find("}}").unwrap();
            let is_call = |bytes: &[u8]| bytes.starts_with(b"{{");
            assert_eq!(outside_quotes(text, 2, first, "}}", b"\"'", is_call), expected, "{text}");
        }
    }

    #[test]
    fn places_in_rising_order() {
        let mut seek = Seek::new("a>b>c", ">");
        assert_eq!([0, 1, 2, 3, 4, 9].map(|at| seek.from(at)), [Some(1), Some(1), Some(3), Some(3), None, None]);
        assert_eq!(seek.from(0), Some(1));
    }
}
