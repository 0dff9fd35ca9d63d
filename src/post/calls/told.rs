//! What is told of bodies: each unknown call once, however often it is used; each link that leads nowhere.

use std::collections::BTreeMap;

use super::{Found, What};
use crate::problem::Problem;

/// The Problems of all bodies of a site: by the path of their file, what was found in each.
pub fn problems<'f>(pages: impl IntoIterator<Item = (&'f str, &'f [Found])>) -> Vec<Problem> {
    let mut unknown: BTreeMap<&str, Uses<'_>> = BTreeMap::new();
    let mut problems = Vec::new();
    for (path, found) in pages {
        let mut links: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for one in found {
            match one.what {
                What::Unknown => unknown.entry(one.name.as_str()).or_default().add(path, one.line),
                What::Unclosed => {
                    let what = format!("`{}` begins a call that does not end", one.name);
                    let hint = "close it, or put it into code as your generator has it; the generator refuses the page";
                    problems.push(Problem::warning(path, Some(one.line), what, hint));
                }
                What::Broken => links.entry(one.name.as_str()).or_insert((one.line, 0)).1 += 1,
            }
        }
        for (name, (line, count)) in links {
            let what = format!("the link to `{name}` leads to no page{}", times(count));
            let hint = "look at the path; readers are sent to where such a page would be";
            problems.push(Problem::warning(path, Some(line), what, hint));
        }
    }
    for (name, uses) in unknown {
        let Some((path, line)) = uses.first else { continue };
        let pages = if uses.pages > 1 { format!(" on {} pages", uses.pages) } else { String::new() };
        let what = format!("`{name}` is not known here{}{pages}", times(uses.count));
        let hint = "feeds and mails show what it encloses, without it";
        problems.push(Problem::warning(path, Some(line), what, hint));
    }
    problems.sort();
    problems
}

/// Where a call is used.
#[derive(Default)]
struct Uses<'f> {
    first: Option<(&'f str, usize)>,
    last: &'f str,
    count: usize,
    pages: usize,
}

impl<'f> Uses<'f> {
    fn add(&mut self, path: &'f str, line: usize) {
        self.first = self.first.or(Some((path, line)));
        self.count += 1;
        self.pages += usize::from(self.last != path);
        self.last = path;
    }
}

fn times(count: usize) -> String {
    if count > 1 { format!(": {count} times") } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_uses_are_one_line() {
        let found = |line: usize, name: &str, what| Found { line, name: name.into(), what };
        let one = [found(3, "card", What::Unknown), found(4, "card", What::Unknown), found(5, "x.md", What::Broken)];
        let two = [found(9, "card", What::Unknown), found(1, "{{<", What::Unclosed), found(7, "x.md", What::Broken)];
        let told = problems([("a.md", &one[..]), ("b.md", &two[..])]);
        let lines: Vec<String> = told
            .iter()
            .map(|problem| format!("{}:{}: {}", problem.path, problem.line.unwrap_or(0), problem.what))
            .collect();
        assert_eq!(
            lines,
            [
                "a.md:3: `card` is not known here: 3 times on 2 pages",
                "a.md:5: the link to `x.md` leads to no page",
                "b.md:1: `{{<` begins a call that does not end",
                "b.md:7: the link to `x.md` leads to no page",
            ]
        );
    }
}
