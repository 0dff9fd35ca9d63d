//! OPML 2.0 of all feeds: one file to import everything into a reader.

use std::fmt::Write as _;

use chrono::{DateTime, FixedOffset};

use super::{Format, Listing, date, xml};

/// The document. Every outline is of `type="rss"`, the only one that readers agree on; `titles` in the order of `listings`.
pub fn document(
    title: &str,
    home: &str,
    public_url: &str,
    feeds: &[(&Listing, String)],
    updated: Option<DateTime<FixedOffset>>,
) -> String {
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<opml version=\"2.0\"><head><title>{}</title>",
        xml::attribute(title)
    );
    if let Some(updated) = updated {
        let _ = write!(out, "<dateModified>{}</dateModified>", date::rfc822(updated));
    }
    out.push_str("</head><body>\n");
    for (listing, name) in feeds {
        let name = xml::attribute(name);
        let _ = writeln!(
            out,
            "<outline type=\"rss\" version=\"RSS2\" text=\"{name}\" title=\"{name}\" xmlUrl=\"{}\" htmlUrl=\"{}\"/>",
            xml::attribute(&format!("{public_url}{}{}", listing.folder, Format::Rss.file_name())),
            xml::attribute(home),
        );
    }
    out.push_str("</body></opml>\n");
    out
}
