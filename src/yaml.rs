//! YAML, inside limits: the one owner of `serde_yaml`, which is deprecated and quadratic on deep nesting.
//!
//! Size, nesting and what aliases expand to are limited, so that a hostile header costs milliseconds. Pure: text in,
//! value and faults out.

mod locate;
mod plain;

use std::cell::RefCell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, IgnoredAny, MapAccess, SeqAccess, VariantAccess};
use serde_json::{Map, Number, Value};

/// What could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// 1-based line in the text given.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
}

/// Deepest nesting that is read. Real front matter stays below ten.
const MAX_DEPTH: usize = 64;

/// So many odd numbers are read again, in headers of the usual size. In larger ones as many as there are repeated keys.
const MAX_NUMBERS: usize = 16;
const USUAL: usize = 4096;

/// So many repeated keys are named; finding the line of each, or an odd number, reads the text once more.
const MAX_REPEATED: usize = 5;

/// The scanner's work is tokens times open brackets; this much takes some 50 ms.
const MAX_SCAN_STEPS: usize = 32_000_000;

/// Reads one YAML document into a JSON value (YAML 1.2 core schema as `serde_yaml` reads it; non-specific tags such as
/// `! 'x'` are passed over; on a repeated key the last one wins and a fault is added to the second list).
/// `max_bytes` limits the text.
pub fn parse(text: &str, max_bytes: usize) -> Result<(Value, Vec<Fault>), Fault> {
    read(text, max_bytes, false)
}

/// [`parse`], with numbers as Hugo's reader takes them: `012` is octal and `1_000` a number, `1e3` is text.
pub fn parse_as_hugo(text: &str, max_bytes: usize) -> Result<(Value, Vec<Fault>), Fault> {
    read(text, max_bytes, true)
}

fn read(text: &str, max_bytes: usize, hugo: bool) -> Result<(Value, Vec<Fault>), Fault> {
    if text.len() > max_bytes {
        return Err(Fault {
            line: None,
            what: format!("too large: {} bytes, at most {max_bytes} are read", text.len()),
        });
    }
    match plain::parse(text) {
        Some(value) => Ok((value, Vec::new())),
        None => full(text, hugo),
    }
}

fn full(text: &str, hugo: bool) -> Result<(Value, Vec<Fault>), Fault> {
    refuse_deep_nesting(text)?;
    // The parser takes these for ends of lines, as YAML 1.1 did; they are characters.
    let breaks = text.contains(['\u{85}', '\u{2028}', '\u{2029}']) && !text.contains(STAND_INS);
    let replaced;
    let text = if breaks {
        replaced = text.replace('\u{85}', "\u{f8f0}").replace('\u{2028}', "\u{f8f1}").replace('\u{2029}', "\u{f8f2}");
        &replaced
    } else {
        text
    };
    let state = RefCell::new(State {
        path: Vec::new(),
        repeated: Vec::new(),
        numbers: Vec::new(),
        breaks,
        nodes: text.len() + 1_000,
        bytes: text.len().saturating_mul(4) + 64 * 1024,
    });
    let mut value =
        Node { state: &state }.deserialize(serde_yaml::Deserializer::from_str(text)).map_err(|error| fault(&error))?;
    let state = state.into_inner();
    let numbers = if text.len() <= USUAL { MAX_NUMBERS } else { MAX_REPEATED };
    for path in state.numbers.iter().take(numbers).filter(|_| hugo) {
        renumber(text, &mut value, path);
    }
    let faults = state
        .repeated
        .into_iter()
        .take(MAX_REPEATED)
        .map(|path| {
            let parts: Vec<&str> = path.iter().map(String::as_str).collect();
            let what = format!("the key `{}` is there twice; the last one is used", parts.last().unwrap_or(&""));
            Fault { line: locate::line(text, &parts, 2), what }
        })
        .collect();
    Ok((value, faults))
}

/// The 1-based line of the key at `path` (`["mail", "url"]`; list items by number), for messages.
pub fn line_of(text: &str, path: &[&str]) -> Option<usize> {
    refuse_deep_nesting(text).ok()?;
    locate::line(text, path, 1)
}

/// Never counts less than the scanner's true depth: a bracket that closes is only believed where there is no quote
/// and no comment that it could stand in.
fn refuse_deep_nesting(text: &str) -> Result<(), Fault> {
    let opened = text.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count();
    if opened.saturating_mul(text.len()) <= MAX_SCAN_STEPS {
        return Ok(());
    }
    let ambiguous = text.bytes().any(|byte| matches!(byte, b'"' | b'\'' | b'#'));
    let (mut depth, mut line) = (0_usize, 1);
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' if !ambiguous => depth = depth.saturating_sub(1),
            b'\n' => line += 1,
            _ => {}
        }
        if depth > MAX_DEPTH && depth.saturating_mul(text.len()) > MAX_SCAN_STEPS {
            return Err(Fault { line: Some(line), what: "nested too deeply, or too many brackets".into() });
        }
    }
    Ok(())
}

fn fault(error: &serde_yaml::Error) -> Fault {
    let mut what = error.to_string();
    let line = error.location().map(|at| at.line());
    // The place is said by `line`; in the text it would count from the start of the block and mislead.
    while let Some(start) = what.find(" at line ") {
        let end = what[start + 9..]
            .find(|c: char| !(c.is_ascii_digit() || c == ' ' || "column".contains(c)))
            .map_or(what.len(), |length| start + 9 + length);
        what.replace_range(start..end, "");
    }
    Fault { line, what }
}

/// Characters of nobody's that stand in for line ends while the text is parsed.
const STAND_INS: [char; 3] = ['\u{f8f0}', '\u{f8f1}', '\u{f8f2}'];

/// A number as Hugo reads it: `012` is octal and `1_000` has digits in groups, where they are not quoted; `1e3`
/// is text, for a number with an exponent has a point.
fn renumber(text: &str, root: &mut Value, path: &[String]) {
    let steps: Vec<&str> = path.iter().map(String::as_str).collect();
    let Some(start) = locate::value(text, &steps) else { return };
    let Some(rest) = text.get(start..) else { return };
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-._".contains(c))).unwrap_or(rest.len());
    let written = &rest[..end.min(40)];
    let value = path.iter().try_fold(root, |value, step| match value {
        Value::Array(items) => items.get_mut(step.parse::<usize>().ok()?),
        Value::Object(map) => map.get_mut(step),
        _ => None,
    });
    let Some(value) = value else { return };
    match value {
        Value::Number(_) if written.contains(['e', 'E']) && !written.contains('.') => *value = written.into(),
        // Behind a quote there would be nothing written.
        Value::String(number) if number == written => {
            let digits = number.replace('_', "");
            let octal = digits.len() > 1 && digits.starts_with('0');
            let number = if octal { i64::from_str_radix(&digits, 8) } else { digits.parse() };
            *value = number.map_or_else(|_| value.take(), Value::from);
        }
        _ => {}
    }
}

/// Digits that YAML 1.2 takes for text and YAML 1.1 for a number.
fn is_old_number(text: &str) -> bool {
    text.len() <= 20
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.ends_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
}

struct State {
    path: Vec<String>,
    repeated: Vec<Vec<String>>,
    /// Where numbers may have to be read otherwise.
    numbers: Vec<Vec<String>>,
    /// [`STAND_INS`] are in the text.
    breaks: bool,
    /// Values that may still be made: what aliases expand to.
    nodes: usize,
    /// Octets of text that may still be copied.
    bytes: usize,
}

impl State {
    fn note_number(&mut self) {
        if self.numbers.len() < MAX_NUMBERS {
            self.numbers.push(self.path.clone());
        }
    }

    fn spend<E: de::Error>(&mut self, bytes: usize) -> Result<(), E> {
        match (self.nodes.checked_sub(1), self.bytes.checked_sub(bytes)) {
            (Some(nodes), Some(bytes)) if self.path.len() <= MAX_DEPTH => {
                (self.nodes, self.bytes) = (nodes, bytes);
                Ok(())
            }
            (Some(_), Some(_)) => Err(E::custom("nested too deeply")),
            _ => Err(E::custom("aliases expand to too much")),
        }
    }
}

/// Reads any node.
#[derive(Clone, Copy)]
struct Node<'s> {
    state: &'s RefCell<State>,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> de::Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        self.state.borrow_mut().spend(0)?;
        Ok(Value::Bool(value))
    }
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        self.state.borrow_mut().spend(0)?;
        Ok(value.into())
    }
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        self.state.borrow_mut().spend(0)?;
        Ok(value.into())
    }
    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Value, E> {
        self.visit_str(&value.to_string())
    }
    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Value, E> {
        self.visit_str(&value.to_string())
    }
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        let mut state = self.state.borrow_mut();
        state.spend(0)?;
        state.note_number();
        Ok(Number::from_f64(value).map_or_else(|| Value::String(value.to_string()), Value::Number))
    }
    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        let mut state = self.state.borrow_mut();
        state.spend(value.len())?;
        if is_old_number(value) {
            state.note_number();
        }
        if state.breaks {
            let back = value.replace(STAND_INS[0], "\u{85}").replace(STAND_INS[1], "\u{2028}");
            return Ok(Value::String(back.replace(STAND_INS[2], "\u{2029}")));
        }
        Ok(Value::String(value.to_owned()))
    }
    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        self.state.borrow_mut().spend(0)?;
        Ok(Value::Null)
    }
    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.state.borrow_mut().spend(0)?;
        let mut list = Vec::new();
        loop {
            self.state.borrow_mut().path.push(list.len().to_string());
            let item = items.next_element_seed(self)?;
            self.state.borrow_mut().path.pop();
            match item {
                Some(item) => list.push(item),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        self.state.borrow_mut().spend(0)?;
        let mut map = Map::new();
        let mut merged = Vec::new();
        while let Some(key) = entries.next_key_seed(Key)? {
            {
                let mut state = self.state.borrow_mut();
                state.spend::<A::Error>(key.len())?;
                state.path.push(key.clone());
            }
            let value = entries.next_value_seed(self)?;
            let mut state = self.state.borrow_mut();
            if key == "<<" {
                merged.push(value);
            } else if map.insert(key, value).is_some() {
                let path = state.path.clone();
                state.repeated.push(path);
            }
            state.path.pop();
        }
        for value in merged {
            merge(&mut map, value);
        }
        Ok(Value::Object(map))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Value, A::Error> {
        let (_, content) = tagged.variant::<IgnoredAny>()?;
        content.newtype_variant_seed(self)
    }
}

/// The merge key of YAML 1.1, `<<`: what is there already wins.
fn merge(map: &mut Map<String, Value>, value: Value) {
    match value {
        Value::Object(other) => {
            for (key, value) in other {
                map.entry(key).or_insert(value);
            }
        }
        Value::Array(others) => others.into_iter().for_each(|other| merge(map, other)),
        _ => {}
    }
}

/// A key, as text.
#[derive(Clone, Copy)]
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = String;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> de::Visitor<'de> for Key {
    type Value = String;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a plain key")
    }
    fn visit_bool<E: de::Error>(self, value: bool) -> Result<String, E> {
        Ok(value.to_string())
    }
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<String, E> {
        Ok(value.to_string())
    }
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<String, E> {
        Ok(value.to_string())
    }
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<String, E> {
        Ok(value.to_string())
    }
    fn visit_str<E: de::Error>(self, value: &str) -> Result<String, E> {
        Ok(value.to_owned())
    }
    fn visit_unit<E: de::Error>(self) -> Result<String, E> {
        Ok("null".into())
    }
    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<String, A::Error> {
        let (_, content) = tagged.variant::<IgnoredAny>()?;
        content.newtype_variant_seed(self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(text: &str) -> Value {
        parse(text, 1 << 20).unwrap().0
    }

    #[test]
    fn reads_the_core_schema_tags_aliases_and_merges() {
        assert_eq!(
            value("a: 1\nb: [x, 'y', \"z\"]\nc: {d: null}\n"),
            json!({"a": 1, "b": ["x", "y", "z"], "c": {"d": null}})
        );
        assert_eq!(value("title: ! 'x: y'\nn: !!str 12\n"), json!({"title": "x: y", "n": "12"}));
        assert_eq!(value("on: yes\n1: 2021-10-15\n"), json!({"on": "yes", "1": "2021-10-15"}));
        assert_eq!(
            value("a: &x {t: [p], u: 1}\n<<: *x\nu: 2\n"),
            json!({"a": {"t": ["p"], "u": 1}, "t": ["p"], "u": 2})
        );
        assert_eq!(value("a: \"one\n  two\n\"\n"), json!({"a": "one two "}));
        assert_eq!(value("t: a\u{2028}b\nu: c\u{85}d\n"), json!({"t": "a\u{2028}b", "u": "c\u{85}d"}));
        assert_eq!(value(""), Value::Null);
        assert_eq!(value("# only a comment\n"), Value::Null);
    }

    #[test]
    fn numbers_as_hugo_reads_them() {
        let read = |text| parse_as_hugo(text, 1000).unwrap().0;
        assert_eq!(value("a: 012\nb: 1_000\n"), json!({"a": "012", "b": "1_000"}));
        assert_eq!(
            read("é: 你\na: 012\nb: '012'\nc: 1_000\nd: 1e3\ne: 1.5e3\nf: [00, \"0777\", 1e-7]\ng: 08\n"),
            json!({"é": "你", "a": 10, "b": "012", "c": 1000, "d": "1e3", "e": 1500.0, "f": [0, "0777", "1e-7"], "g": "08"})
        );
    }

    #[test]
    fn a_repeated_key_is_named_with_its_line_and_the_last_wins() {
        let (value, faults) = parse("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\na: 9\n", 1000).unwrap();
        assert_eq!(value, json!({"a": 9, "b": {"c": 3, "d": 2}}));
        let lines: Vec<_> = faults.iter().map(|fault| fault.line).collect();
        assert_eq!(lines, [Some(5), Some(6)]);
        assert!(faults[1].what.contains("`a`"), "{faults:?}");
    }

    #[test]
    fn a_syntax_fault_has_its_line_and_no_second_one_in_the_text() {
        let fault = parse("title: x\ntags:\n\t- a\n", 1000).unwrap_err();
        assert_eq!(fault.line, Some(3));
        assert!(!fault.what.contains("at line"), "{}", fault.what);
        let fault = parse("ok: 1\ntitle: a: b\n", 1000).unwrap_err();
        assert_eq!(fault.line, Some(2), "{fault:?}");
    }

    #[test]
    fn lines_of_keys() {
        let text = "# c\nmail:\n  url: x # y\n  from:\n  - a\n  - b\nflow: {a: 1,\n  b: {c: 2}, d: [1,\n 2]}\n'q': |\n  url: no\nurl: z\n";
        for (path, line) in [
            (&["mail"][..], Some(2)),
            (&["mail", "url"], Some(3)),
            (&["mail", "from", "1"], Some(6)),
            (&["flow", "a"], Some(7)),
            (&["flow", "b", "c"], Some(8)),
            (&["flow", "d", "1"], Some(9)),
            (&["q"], Some(10)),
            (&["url"], Some(12)),
            (&["mail", "none"], None),
            (&["mail", "from", "2"], None),
            (&["url", "deeper"], None),
        ] {
            assert_eq!(line_of(text, path), line, "{path:?}");
        }
        assert_eq!(line_of("{\n \"a\": 1,\n \"b\": {\"c\": []}\n}", &["b", "c"]), Some(3));
    }

    #[test]
    fn hostile_text_is_refused_or_small() {
        let deep = |open: &str, n: usize| open.repeat(n);
        let mut bombs = vec![
            deep("{\"\":[", 14_000),
            deep("[", 64_000),
            deep("[\"]\",", 12_000),
            deep("['}',{", 10_000),
            deep("- ", 32_000),
            deep("? ", 32_000),
            format!("a: {}", deep("[", 100_000)),
            (0..250).flat_map(|n| [" ".repeat(n), "k:\n".to_owned()]).collect(),
            deep("&a *a ", 10_000),
            deep("# ]\n[\n", 9_000),
            "a: \"".to_owned() + &deep("\\x", 30_000),
            deep("!", 60_000),
            deep("a: |\n", 12_000),
        ];
        let mut laughs = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
        for n in 1..40 {
            let line = format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", "));
            laughs.push_str(&line);
        }
        bombs.push(laughs);
        bombs.push(format!("a: &a \"{}\"\nb: [{}]\n", "x".repeat(30_000), vec!["*a"; 8_000].join(",")));
        for bomb in bombs {
            let bomb: String = bomb.chars().take(64 * 1024).collect();
            // The scanner's work is text times open brackets, and what is made of it is counted: see `State::spend`.
            let brackets = bomb.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count();
            let too_many = brackets * bomb.len() > MAX_SCAN_STEPS;
            let shown: String = bomb.chars().take(30).collect();
            assert_eq!(refuse_deep_nesting(&bomb).is_err(), too_many, "{shown}");
            let result = parse(&bomb, 64 * 1024);
            assert!(!too_many || result.is_err(), "{shown}");
            let _ = line_of(&bomb, &["zz"]);
            if let Ok((value, _)) = result {
                assert!(value.to_string().len() < 1 << 20, "{shown}");
            }
        }
        assert!(parse(&"x".repeat(1001), 1000).unwrap_err().what.contains("too large"));
    }

    #[test]
    fn many_shallow_brackets_are_fine() {
        let many = "- [1]\n".repeat(9_000);
        assert_eq!(parse(&many, 1 << 20).unwrap().0.as_array().unwrap().len(), 9_000);
    }
}
