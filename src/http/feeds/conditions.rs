//! Does the asker have the document already? RFC 9110 §13, for GET and HEAD.

use axum::http::HeaderValue;
use axum::http::header::{self, HeaderMap};
use chrono::{DateTime, NaiveDateTime, Utc};

use crate::http::served::{Served, Variant};

/// The ETag that a 304 says: the one that the asker has, where it is one of ours, so that a cache knows which of its answers is
/// still good (RFC 9111 §4.3.4); else that of the `chosen` variant. `None`: the document must be sent.
///
/// §13.2.2: If-None-Match decides where there is one, If-Modified-Since only where there is none. `now` keeps a time out of it
/// that is still to come (a clock was set back).
pub fn unchanged(headers: &HeaderMap, served: &Served, chosen: &Variant, now: DateTime<Utc>) -> Option<HeaderValue> {
    if headers.contains_key(header::IF_NONE_MATCH) {
        let mut matched = false;
        let mut kept = None;
        for tag in tags(headers) {
            if tag != "*" && !is_of(tag, &served.hash) {
                continue;
            }
            matched = true;
            let own = served.body.all().find(|variant| unquoted(&variant.etag) == tag);
            match own {
                Some(variant) if variant.coding == chosen.coding => return Some(chosen.etag.clone()),
                Some(variant) => kept = kept.or(Some(variant.etag.clone())),
                None => {}
            }
        }
        return matched.then(|| kept.unwrap_or_else(|| chosen.etag.clone()));
    }
    let since = http_date(headers.get(header::IF_MODIFIED_SINCE)?.to_str().ok()?)?;
    let changed = served.changed_at.timestamp();
    (changed <= since.timestamp() && changed <= now.timestamp()).then(|| chosen.etag.clone())
}

/// Does the asker want it only as it was (RFC 9110 §13.2.2, steps 1 and 2; strong comparison), and it is not that any more?
pub fn fails(headers: &HeaderMap, served: &Served) -> bool {
    if headers.contains_key(header::IF_MATCH) {
        let lists = headers.get_all(header::IF_MATCH).iter().filter_map(|value| value.to_str().ok());
        let mut tags = lists.flat_map(|list| list.split(',')).map(str::trim);
        return !tags.any(|tag| tag == "*" || served.body.all().any(|variant| variant.etag == tag));
    }
    let until = headers.get(header::IF_UNMODIFIED_SINCE).and_then(|value| http_date(value.to_str().ok()?));
    until.is_some_and(|until| served.changed_at.timestamp() > until.timestamp())
}

/// The hashes (without the coding's ending) that If-None-Match lists.
pub fn hashes(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    tags(headers).map(|tag| tag.split('-').next().unwrap_or(tag))
}

/// Does it say anything of what it has?
pub fn is_conditional(headers: &HeaderMap) -> bool {
    headers.contains_key(header::IF_NONE_MATCH) || headers.contains_key(header::IF_MODIFIED_SINCE)
}

/// Weak comparison, and any coding's ending: the content behind them is the same, and proxies that code add endings of theirs.
fn is_of(tag: &str, hash: &str) -> bool {
    tag.strip_prefix(hash).is_some_and(|ending| ending.is_empty() || ending.starts_with(['-', ';', '+']))
}

fn unquoted(etag: &HeaderValue) -> &str {
    etag.to_str().unwrap_or_default().trim_matches('"')
}

/// What stands between the quotes of each tag; some clients lose the quotes.
fn tags(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).flat_map(|list| {
        let mut rest = list;
        std::iter::from_fn(move || {
            rest = rest.trim_start_matches([' ', '\t', ',']);
            if rest.is_empty() {
                return None;
            }
            let bare = rest.strip_prefix("W/").or_else(|| rest.strip_prefix("w/")).unwrap_or(rest);
            let (tag, after) = if let Some(quoted) = bare.strip_prefix('"') {
                // In quotes it is a tag like any other.
                let (tag, after) = quoted.split_once('"').unwrap_or((quoted, ""));
                (if tag == "*" { "" } else { tag }, after)
            } else {
                let (tag, after) = bare.split_once(',').unwrap_or((bare, ""));
                (tag.trim(), after)
            };
            rest = after;
            Some(tag)
        })
    })
}

/// The three forms of RFC 9110 §5.6.7.
fn http_date(text: &str) -> Option<DateTime<Utc>> {
    let text = text.split(';').next().unwrap_or("").trim();
    DateTime::parse_from_rfc2822(text).map(|date| date.to_utc()).ok().or_else(|| {
        ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
            .map(|date| date.and_utc())
    })
}
