//! Hugo's patterns of addresses: `:year`, `:sections[1:]`, `:slug` and the others, filled in for a page.

use chrono::{DateTime, Datelike as _, FixedOffset, Timelike as _};

use super::{Place, SectionName, Shape, escape, in_shape};

/// A pattern with its `:tokens` filled in; `\:` is a colon.
pub(super) fn expand(shape: &Shape<'_>, pattern: &str, place: &Place<'_>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find([':', '\\']) {
        out.push_str(&rest[..at]);
        if let Some(after) = rest[at..].strip_prefix("\\:") {
            out.push(':');
            rest = after;
            continue;
        }
        let name_end = rest[at + 1..]
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .map_or(rest.len(), |end| at + 1 + end);
        let name = &rest[at + 1..name_end];
        if name.is_empty() || rest[at..].starts_with('\\') {
            out.push_str(&rest[at..=at]);
            rest = &rest[at + 1..];
            continue;
        }
        let cut = rest[name_end..].strip_prefix('[').and_then(|tail| tail.split_once(']')).map(|(cut, _)| cut);
        let cut = cut.filter(|cut| !cut.is_empty());
        rest = &rest[name_end + cut.map_or(0, |cut| cut.len() + 2)..];
        let value = token(shape, name, cut, place).ok_or_else(|| {
            let cut = cut.map(|cut| format!("[{cut}]")).unwrap_or_default();
            format!("`:{name}{cut}` in `{pattern}` is no permalink token")
        })?;
        out.push_str(&value);
    }
    out.push_str(rest);
    Ok(out)
}

fn token(shape: &Shape<'_>, name: &str, cut: Option<&str>, place: &Place<'_>) -> Option<String> {
    // Hugo's zero time, where the page has none.
    let date = place.date.or_else(|| {
        let zero = chrono::NaiveDate::from_ymd_opt(1, 1, 1)?.and_hms_opt(0, 0, 0)?;
        Some(zero.and_utc().fixed_offset())
    })?;
    // `c#` is an address with an empty fragment.
    let escaped = |text: &str| {
        let part = in_shape(text, shape);
        escape(part.strip_suffix('#').filter(|head| !head.contains('#')).unwrap_or(&part))
    };
    // A slash in a title would make a folder of it; in a slug it is meant.
    let one_part = |text: &str| escaped(&text.replace('/', "-"));
    let or = |slug: &str, other: &str| if slug.is_empty() { one_part(other) } else { escaped(slug) };
    let section = |name: &SectionName| or(&name.slug, &name.title);
    Some(match (name, cut) {
        ("year", _) => date.year().to_string(),
        ("month", _) => format!("{:02}", date.month()),
        ("monthname", _) => date.format("%B").to_string(),
        ("day", _) => format!("{:02}", date.day()),
        ("weekday", _) => date.weekday().num_days_from_sunday().to_string(),
        ("weekdayname", _) => date.format("%A").to_string(),
        ("yearday", _) => date.ordinal().to_string(),
        ("section", None) => place.sections.first().cloned().unwrap_or_default(),
        // It begins at the site's root, also behind other text.
        ("sections", None) => format!("/{}", place.sections.join("/")),
        ("sections", Some(cut)) => slice(place.sections, cut).join("/"),
        ("sectionslug", None) => place.section_names.first().map(section).unwrap_or_default(),
        ("sectionslugs", cut) => {
            let names = cut.map_or(place.section_names, |cut| slice(place.section_names, cut));
            names.iter().map(section).filter(|name| !name.is_empty()).collect::<Vec<_>>().join("/")
        }
        (_, Some(_)) => return None,
        ("title", _) => one_part(place.title),
        ("slug", _) => or(place.slug, place.title),
        ("slugorfilename", _) => or(place.slug, place.file_name),
        ("filename", _) => one_part(place.file_name),
        ("slugorcontentbasename", _) => or(place.slug, place.base_name),
        ("contentbasename", _) => one_part(place.base_name),
        ("MST", _) if date.offset().local_minus_utc() == 0 => "utc".to_owned(),
        ("MST", _) => date.format("%z").to_string(),
        (layout, _) => go_layout(layout, date)?,
    })
}

/// `[1:]`, `[:last]`, `[2]`, `[last]` of a list, lenient where it is too short; what is no number is 0.
fn slice<'l, T>(list: &'l [T], cut: &str) -> &'l [T] {
    let bound = |text: &str| match text {
        "last" => list.len().saturating_sub(1),
        text => text.parse().unwrap_or(0),
    };
    let cut = cut.to_lowercase();
    match cut.split_once(':') {
        Some((low, high)) => {
            let low = if low.is_empty() { 0 } else { bound(low) };
            let high = if high.is_empty() { list.len() } else { bound(high).min(list.len()) };
            list.get(low..high).unwrap_or_default()
        }
        None => list.get(bound(&cut)..).and_then(|rest| rest.get(..1)).unwrap_or_default(),
    }
}

/// A layout of Go's `time` package; `None` when nothing in it is one.
fn go_layout(layout: &str, date: DateTime<FixedOffset>) -> Option<String> {
    const PARTS: [(&str, &str); 21] = [
        ("January", "%B"),
        ("Jan", "%b"),
        ("Monday", "%A"),
        ("Mon", "%a"),
        ("2006", "%Y"),
        ("002", "%j"),
        ("01", "%m"),
        ("02", "%d"),
        ("03", "%I"),
        ("04", "%M"),
        ("05", "%S"),
        ("06", "%y"),
        ("15", "%H"),
        ("PM", "%p"),
        ("pm", "%P"),
        ("_2", "%e"),
        ("1", "%-m"),
        ("2", "%-d"),
        ("3", "%-I"),
        ("4", "%-M"),
        ("5", "%-S"),
    ];
    let (mut out, mut rest, mut found) = (String::new(), layout, false);
    'text: while let Some(c) = rest.chars().next() {
        for (go, chrono) in PARTS {
            if let Some(after) = rest.strip_prefix(go) {
                out.push_str(&date.with_nanosecond(0)?.format(chrono).to_string());
                (rest, found) = (after, true);
                continue 'text;
            }
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    found.then_some(out)
}
