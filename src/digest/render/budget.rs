//! How long a mail may be. Gmail cuts one that is longer, and its end with the way out of the list is lost.

/// Octets of HTML, a good way below where cuts were seen.
pub const DECODED: usize = 80_000;
/// Octets of the same as it travels; letters that are not ASCII take more.
pub const ENCODED: usize = 100_000;
/// What a reader's own links and address may add.
const HOLES: usize = 1_000;

/// By how many octets `html` is too long; 0 where it fits.
pub fn excess(html: &str) -> usize {
    html.len().saturating_sub(longest(html))
}

/// How many octets more would fit, of such as `html` is made of.
pub fn room(html: &str) -> usize {
    longest(html).saturating_sub(html.len())
}

/// Octets that HTML made of such as `html` may have.
fn longest(html: &str) -> usize {
    let travels = (ENCODED - HOLES * 4 / 3) * html.len() / encoded(html).max(1);
    travels.min(DECODED - HOLES)
}

/// Octets of `html` in the form in which `mail` sends it (RFC 2045 §6.7, §6.8): about, and not less.
pub fn encoded(html: &str) -> usize {
    let dear = html.bytes().filter(|byte| !byte.is_ascii() || *byte == b'=').count();
    let lines = html.matches('\n').count();
    if dear * 6 > html.len() {
        (html.len() + lines).div_ceil(57) * 78
    } else {
        let octets = html.len() + dear * 2;
        octets + octets / 68 * 3 + lines
    }
}
