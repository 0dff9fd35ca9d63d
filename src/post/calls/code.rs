//! Where code stands in Markdown: what is in it is shown as it is.

use std::collections::HashMap;
use std::ops::Range;

/// Fenced blocks (with their fences) and code spans (with their backticks), in order.
pub fn ranges(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut fence: Option<(usize, u8, usize)> = None;
    let mut paragraph = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let (start, end) = (at, at + line.len());
        at = end;
        let bare = line.trim_start_matches([' ', '\t', '>']).trim_end();
        match fence {
            Some((open, mark, length)) => {
                let run = run_of(bare, mark);
                if run >= length && run == bare.len() {
                    found.push(open..end);
                    fence = None;
                    paragraph = end;
                }
            }
            None => {
                if let Some((mark, length)) = opens_fence(bare) {
                    spans(text, paragraph..start, &mut found);
                    fence = Some((start, mark, length));
                } else if bare.is_empty() {
                    spans(text, paragraph..start, &mut found);
                    paragraph = end;
                }
            }
        }
    }
    match fence {
        Some((open, ..)) => found.push(open..text.len()),
        None => spans(text, paragraph..text.len(), &mut found),
    }
    found
}

/// The mark and length of the fence that a line opens, whatever list it is in.
fn opens_fence(bare: &str) -> Option<(u8, usize)> {
    let item = bare.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_number = item.len() < bare.len() && item.starts_with(['.', ')']);
    let is_item = is_number || bare.starts_with(['-', '*', '+']);
    let inner = if is_item && item[1..].starts_with(' ') { item[1..].trim_start() } else { bare };
    [b'`', b'~'].into_iter().find_map(|mark| {
        let length = run_of(inner, mark);
        (length >= 3 && (mark == b'~' || !inner[length..].contains('`'))).then_some((mark, length))
    })
}

fn run_of(text: &str, mark: u8) -> usize {
    text.bytes().take_while(|byte| *byte == mark).count()
}

/// Code spans of one paragraph: a run of backticks to the next run of that length.
fn spans(text: &str, paragraph: Range<usize>, found: &mut Vec<Range<usize>>) {
    let base = paragraph.start;
    let bytes = &text.as_bytes()[paragraph];
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'`' {
            let length = bytes[at..].iter().take_while(|byte| **byte == b'`').count();
            runs.push((at, length));
            at += length;
        } else {
            at += 1;
        }
    }
    let mut latest: HashMap<usize, usize> = HashMap::new();
    let mut next = vec![None; runs.len()];
    for (number, (_, length)) in runs.iter().enumerate().rev() {
        next[number] = latest.insert(*length, number);
    }
    let mut number = 0;
    while number < runs.len() {
        let (start, length) = runs[number];
        let is_escaped = length == 1 && bytes[..start].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
        match next[number].filter(|_| !is_escaped) {
            Some(close) => {
                found.push(base + start..base + runs[close].0 + runs[close].1);
                number = close + 1;
            }
            None => number += 1,
        }
    }
}

/// Walks through offsets in order and says which of them are code.
pub struct Code {
    ranges: Vec<Range<usize>>,
    next: usize,
}

impl Code {
    /// Of a text.
    pub fn new(text: &str) -> Self {
        Self { ranges: ranges(text), next: 0 }
    }

    /// Where the code ends that `at` is in. Offsets must come in rising order.
    pub fn end(&mut self, at: usize) -> Option<usize> {
        while self.ranges.get(self.next).is_some_and(|range| range.end <= at) {
            self.next += 1;
        }
        self.ranges.get(self.next).filter(|range| range.start <= at).map(|range| range.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_and_spans() {
        for (text, expected) in [
            ("a `b` c", vec!["`b`"]),
            ("a `` b ` c `` d", vec!["`` b ` c ``"]),
            ("a ` b\n\nc ` d", vec![]),
            ("```js\nx\n```\ny `z`", vec!["```js\nx\n```\n", "`z`"]),
            ("~~~\n```\n~~~\n", vec!["~~~\n```\n~~~\n"]),
            ("- ```\n  x\n  ```\n", vec!["- ```\n  x\n  ```\n"]),
            ("> ```\n> x\n> ```\n", vec!["> ```\n> x\n> ```\n"]),
            ("```\nunclosed", vec!["```\nunclosed"]),
            ("\\`a` b `c", vec!["` b `"]),
            ("1. ~~~ x\n~~~", vec!["1. ~~~ x\n~~~"]),
            ("```inline``` text", vec!["```inline```"]),
        ] {
            let shown: Vec<&str> = ranges(text).into_iter().map(|range| &text[range]).collect();
            assert_eq!(shown, expected, "{text}");
        }
    }
}
