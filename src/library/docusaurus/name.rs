//! What the name of a post's file says.

use chrono::{DateTime, FixedOffset};

use crate::post::date::ecma;

/// A file's name, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    /// Of the name or the folders above. `Err`: digits that are no date.
    pub date: Result<Option<DateTime<FixedOffset>>, String>,
    /// The title of a post that has none.
    pub text: String,
    /// The end of the address of a post that names none.
    pub slug: String,
}

/// Of a path below the blog's folder, with its extension.
pub(super) fn read(path: &str) -> Name {
    let stem = path.strip_suffix(".mdx").or_else(|| path.strip_suffix(".md")).unwrap_or(path);
    // The last date counts, and what stands before it is a folder even without a slash.
    let found = (0..stem.len()).rev().find_map(|at| Some((at, date_at(stem.as_bytes(), at)?)));
    let Some((start, end)) = found else {
        let text = stem.strip_suffix("/index").unwrap_or(stem);
        return Name { date: Ok(None), text: text.to_owned(), slug: format!("/{text}") };
    };
    let (folder, written, rest) = (&stem[..start], &stem[start..end], &stem[end..]);
    let rest = rest.strip_prefix(['-', '/']).unwrap_or(rest);
    let text = rest.strip_suffix("/index").unwrap_or(rest);
    let date = ecma::parse(&format!("{written}Z")).map(Some).ok_or_else(|| written.to_owned());
    Name { date, text: text.to_owned(), slug: format!("/{}/{folder}{text}", written.replace('-', "/")) }
}

/// `2021-10-15`, `2021/1/5` at an offset: where it ends.
fn date_at(bytes: &[u8], at: usize) -> Option<usize> {
    let digits =
        |from: usize, most: usize| bytes.iter().skip(from).take(most).take_while(|byte| byte.is_ascii_digit()).count();
    let separator = |at: usize| bytes.get(at).is_some_and(|byte| matches!(byte, b'-' | b'/'));
    let month = at + 5;
    (digits(at, 4) == 4 && separator(at + 4)).then_some(())?;
    let day = month + Some(digits(month, 2)).filter(|length| *length > 0)?;
    separator(day).then_some(())?;
    Some(day + 1 + Some(digits(day + 1, 2)).filter(|length| *length > 0)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (path, date, text, slug) in [
            ("2021-10-15-hello.md", "2021-10-15", "hello", "/2021/10/15/hello"),
            ("2021-10-15-hello/index.mdx", "2021-10-15", "hello", "/2021/10/15/hello"),
            ("2021/10/15/hello.md", "2021-10-15", "hello", "/2021/10/15/hello"),
            ("2021/10-15-hello.md", "2021-10-15", "hello", "/2021/10/15/hello"),
            ("2021-1-5.md", "2021-01-05", "", "/2021/1/5/"),
            ("2021-10-15/index.md", "2021-10-15", "index", "/2021/10/15/index"),
            ("news/2021-10-15-hello.md", "2021-10-15", "hello", "/2021/10/15/news/hello"),
            ("2020-01-01-a/2021-10-15-b.md", "2021-10-15", "b", "/2021/10/15/2020-01-01-a/b"),
            ("hello.md", "", "hello", "/hello"),
            ("hello/index.md", "", "hello", "/hello"),
            ("index.md", "", "index", "/index"),
            ("2021-13-45-x.md", "!2021-13-45", "x", "/2021/13/45/x"),
            ("v1.2.3-2021-10-15hello.md", "2021-10-15", "hello", "/2021/10/15/v1.2.3-hello"),
            ("é2021-10-15-é.md", "2021-10-15", "é", "/2021/10/15/éé"),
        ] {
            let name = read(path);
            let found = match &name.date {
                Ok(date) => date.map_or(String::new(), |date| date.format("%Y-%m-%d").to_string()),
                Err(written) => format!("!{written}"),
            };
            assert_eq!((found.as_str(), name.text.as_str(), name.slug.as_str()), (date, text, slug), "{path}");
        }
    }
}
