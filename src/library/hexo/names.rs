//! Hexo's patterns with `:names` in them: file names are read by one, addresses are written by one.

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Name(String),
}

/// `:year-:month-:day-:title`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<Part>,
}

/// Reading one name tries so many ways at most.
const MAX_STEPS: usize = 20_000;

impl Pattern {
    /// A name is a colon with letters, digits and underscores behind it, of which the last is no underscore.
    pub fn new(pattern: &str) -> Self {
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut rest = pattern;
        while let Some(c) = rest.chars().next() {
            let after = &rest[c.len_utf8()..];
            let word = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
            let name = after[..word].trim_end_matches('_');
            if c == ':' && !name.is_empty() {
                if !text.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut text)));
                }
                parts.push(Part::Name(name.to_owned()));
                rest = &after[name.len()..];
            } else {
                text.push(c);
                rest = after;
            }
        }
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
        Self { parts }
    }

    /// The names with what stands for them in `text`; `None` where it does not fit. Each takes as little as it can.
    pub fn read<'t>(&self, text: &'t str) -> Option<Vec<(&str, &'t str)>> {
        let mut found = Vec::new();
        let mut steps = MAX_STEPS;
        fit(&self.parts, text, &mut found, &mut steps).then_some(found)
    }

    /// Whether it has this name.
    pub fn names(&self, name: &str) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Name(own) if own == name))
    }

    /// The pattern with every name written out.
    pub fn write(&self, mut value: impl FnMut(&str) -> String) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Name(name) => value(name),
        };
        self.parts.iter().map(part).collect()
    }
}

fn fit<'p, 't>(parts: &'p [Part], text: &'t str, found: &mut Vec<(&'p str, &'t str)>, steps: &mut usize) -> bool {
    *steps = steps.saturating_sub(1);
    match parts.split_first() {
        _ if *steps == 0 => false,
        None => text.is_empty(),
        Some((Part::Text(own), rest)) => {
            text.strip_prefix(own.as_str()).is_some_and(|text| fit(rest, text, found, steps))
        }
        Some((Part::Name(name), rest)) => {
            let (least, most, digits) = match name.as_str() {
                "year" => (4, 4, "0123456789"),
                "month" | "day" => (2, 2, "0123456789"),
                "i_month" | "i_day" => (1, 2, "0123456789"),
                "hash" => (12, 12, "0123456789abcdef"),
                _ => (1, usize::MAX, ""),
            };
            let mut ends: Vec<usize> = text
                .char_indices()
                .take_while(|(_, c)| digits.is_empty() || digits.contains(*c))
                .map(|(at, c)| at + c.len_utf8())
                .take(most)
                .skip(least - 1)
                .collect();
            if !digits.is_empty() {
                // A day takes what it can, a title as little as it can.
                ends.reverse();
            }
            ends.into_iter().any(|end| {
                let kept = found.len();
                found.push((name, &text[..end]));
                let fits = fit(rest, &text[end..], found, steps);
                if !fits {
                    found.truncate(kept);
                }
                fits
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read() {
        let read = |pattern: &str, text: &str| {
            let pattern = Pattern::new(pattern);
            let found = pattern.read(text)?;
            Some(found.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(read(":title", "a/b c").as_deref(), Some("title=a/b c"));
        assert_eq!(
            read(":year-:month-:day-:title", "2019-05-06-a-b").as_deref(),
            Some("year=2019 month=05 day=06 title=a-b")
        );
        assert_eq!(read(":i_month-:i_day", "1-12").as_deref(), Some("i_month=1 i_day=12"));
        assert_eq!(read(":lang/:title", "fr/a/b").as_deref(), Some("lang=fr title=a/b"));
        assert_eq!(read(":year_:title", "2019_x").as_deref(), Some("year=2019 title=x"));
        assert_eq!(read(":year-:title", "19-x"), None);
        assert_eq!(read(&":a-".repeat(30), &format!("{}x", "-".repeat(200))), None);
    }

    #[test]
    fn names_are_written() {
        let pattern = Pattern::new("a/:year_:title.html:");
        assert_eq!(pattern.write(str::to_uppercase), "a/YEAR_TITLE.html:");
        assert!(pattern.names("title") && !pattern.names("titl"));
    }
}
