//! What only all pages of a scan together show.

use std::collections::HashMap;

use crate::fingerprint;
use crate::library::Scan;
use crate::post::{Page, id};
use crate::problem::Problem;

/// Hugo's rule for `mainSections`: the one with the most pages.
pub(super) fn largest_section(scan: &Scan) -> String {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let language = scan.site.languages.first().map_or("", |language| language.key.as_str());
    for page in
        scan.pages.iter().filter(|page| !page.is_held_back() && (page.language == language || language.is_empty()))
    {
        *counts.entry(&page.section).or_default() += 1;
    }
    let largest =
        counts.into_iter().max_by_key(|(section, count)| (!section.is_empty(), *count, std::cmp::Reverse(*section)));
    largest.map(|(section, _)| section.to_owned()).unwrap_or_default()
}

/// Two pages at one address: readers see one of them.
pub(super) fn same_addresses(scan: &mut Scan) {
    let shown = scan.pages.iter().filter(|page| !page.url.is_empty() && !page.is_held_back());
    // Numbers are sorted sooner than addresses are looked up; those of one address stay in their order.
    let mut hashed: Vec<(u64, &Page)> = shown.map(|page| (fingerprint::octets(page.url.as_bytes()), &**page)).collect();
    hashed.sort_by(|(a, one), (b, other)| a.cmp(b).then_with(|| one.url.cmp(&other.url)));
    for pair in hashed.windows(2) {
        let [(_, other), (_, page)] = pair else { continue };
        if other.url == page.url {
            let what = format!("has the same address as {}: {}", other.path, page.url);
            scan.problems.push(Problem::warning(&page.path, None, what, "give one of them another `slug` or `url`"));
        }
    }
}

/// A post without a date is left out of every feed and mail, which its author should not have to guess.
pub(super) fn undated(scan: &mut Scan) {
    for page in &scan.pages {
        let is_post = !page.is_held_back() && !page.unlisted && !page.url.is_empty();
        if is_post && page.published.is_none() && scan.site.main_sections.contains(&page.section) {
            let hint = "write e.g. `date: 2021-10-15` into its front matter, or `draft: true`";
            scan.problems.push(Problem::warning(&page.path, None, "has no date: it is in no feed and no mail", hint));
        }
    }
}

/// Two pages with one id of their own: the second gets another.
pub(super) fn same_ids(scan: &mut Scan) {
    for (page, earlier) in id::repeated_own_ids(&scan.pages) {
        let what = format!("has the same id as {}; it gets one of its own", earlier.path);
        scan.problems.push(Problem::warning(&page.path, None, what, "give every page its own `guid`, or none"));
    }
}
