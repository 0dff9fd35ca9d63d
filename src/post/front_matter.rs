//! Front matter: the header of a page, in YAML, TOML or JSON, and where the body begins.
//!
//! Accepts what Hugo accepts at the start of a file. Keys are case-insensitive. Never panics on any
//! text; what cannot be read has its line in the file.

use serde_json::{Map, Value};

use crate::yaml::{self, Fault};

/// More than that is refused: a header is a screen, not a book.
pub const MAX_BYTES: usize = 64 * 1024;

/// The notation of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Between lines of `---`.
    Yaml,
    /// Between lines of `+++`.
    Toml,
    /// From `{` to its `}`.
    Json,
}

/// A header that was read. The default is the header of a page that has none.
#[derive(Debug, Clone, Default)]
pub struct FrontMatter {
    /// Keys in lower case at the top level; below it as written.
    pub values: Map<String, Value>,
    text: String,
    format: Option<Format>,
    /// Of the first line of `text`, 1-based.
    first_line: usize,
}

/// A page cut in two.
#[derive(Debug, Clone)]
pub struct Parts<'a> {
    /// The header.
    pub front_matter: FrontMatter,
    /// The rest, from the line after the fence on.
    pub body: &'a str,
    /// Line of the file on which the body begins, 1-based.
    pub body_line: usize,
    /// What was repaired in the header: keys that are there twice. Lines of the file.
    pub repaired: Vec<Fault>,
}

/// Cuts `text` (a whole file) into header and body, by Hugo's rules: a fence is the first three characters of a line,
/// whatever follows. A file without a header is fine.
pub fn split(text: &str) -> Result<Parts<'_>, Fault> {
    let start = text.strip_prefix('\u{feff}').unwrap_or(text);
    let start = start.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '\u{b}');
    let first_line = 1 + lines_in(&text[..text.len() - start.len()]);
    // Two braces are a shortcode or a template's expression: no JSON object begins so.
    if start.starts_with('{') && !start.starts_with("{{") {
        return json(start, first_line);
    }
    let (fence, format) = match start.get(..3) {
        Some(fence @ "---") => (fence, Format::Yaml),
        Some(fence @ "+++") => (fence, Format::Toml),
        _ => return Ok(without(text)),
    };
    let (opening, _) = first(start);
    // What would be read as a list of nothing.
    if opening.starts_with("----") || opening.starts_with("++++") {
        let what = format!("the fence is `{}`, not `{fence}`", opening.trim());
        return Err(Fault { line: Some(first_line), what });
    }
    let rest = &start[fence.len()..];
    let mut header_end = first(rest).1;
    loop {
        if header_end.is_empty() {
            let what = format!("the front matter that begins here has no closing `{fence}`");
            return Err(Fault { line: Some(first_line), what });
        }
        let (line, after) = first(header_end);
        if let Some(tail) = line.strip_prefix(fence) {
            let header = &rest[..rest.len() - header_end.len()];
            let blank = tail.trim_matches([' ', '\t', '\r', '\n']).is_empty();
            let body = if blank { after } else { &header_end[fence.len()..] };
            let above = header.len() + if blank { line.len() } else { 0 };
            return parsed(header, body, format, first_line, first_line + lines_in(&rest[..above]));
        }
        header_end = after;
    }
}

/// A header that a generator's own rules have cut out; `first_line` is where it begins in the file. Keys stay as they
/// are written. The second of the pair is what was repaired: keys that are there twice.
pub fn header(text: &str, format: Format, first_line: usize) -> Result<(FrontMatter, Vec<Fault>), Fault> {
    header_by(yaml::parse, text, format, first_line)
}

/// Reads YAML of at most so many bytes, with what was repaired.
type Yaml = fn(&str, usize) -> Result<(Value, Vec<Fault>), Fault>;

fn header_by(yaml: Yaml, text: &str, format: Format, first_line: usize) -> Result<(FrontMatter, Vec<Fault>), Fault> {
    let in_file = |fault: Fault| Fault { line: Some(fault.line.unwrap_or(1) + first_line - 1), ..fault };
    // The parsers count lines, and TOML refuses a lone CR.
    let text = if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() };
    let (value, repaired) = match format {
        Format::Toml => (from_toml(&text).map_err(in_file)?, Vec::new()),
        Format::Yaml | Format::Json => yaml(&text, MAX_BYTES).map_err(in_file)?,
    };
    let values = match value {
        Value::Object(map) => map,
        Value::Null => Map::new(),
        _ => {
            let blank = &text[..text.len() - text.trim_start().len()];
            let line = Some(first_line + lines_in(blank));
            return Err(Fault { line, what: "the front matter is not `key: value` lines".into() });
        }
    };
    let repaired = repaired.into_iter().map(in_file).collect();
    Ok((FrontMatter { values, text, format: Some(format), first_line }, repaired))
}

fn without(text: &str) -> Parts<'_> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    Parts { front_matter: FrontMatter::default(), body, body_line: 1, repaired: Vec::new() }
}

/// The first line with its end (LF, CRLF or a lone CR), and what follows.
fn first(text: &str) -> (&str, &str) {
    let bytes = text.as_bytes();
    let end = memchr::memchr2(b'\n', b'\r', bytes)
        .map_or(bytes.len(), |at| at + 1 + usize::from(bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n')));
    text.split_at(end)
}

/// Line ends in `text`, of any of the three kinds.
fn lines_in(text: &str) -> usize {
    let ends = text.bytes().filter(|byte| matches!(byte, b'\n' | b'\r')).count();
    ends - memchr::memmem::find_iter(text.as_bytes(), "\r\n").count()
}

fn parsed<'a>(
    header: &str,
    body: &'a str,
    format: Format,
    first_line: usize,
    body_line: usize,
) -> Result<Parts<'a>, Fault> {
    let (front_matter, repaired) = header_by(yaml::parse_as_hugo, header, format, first_line)?;
    let front_matter = FrontMatter { values: lower_case(front_matter.values), ..front_matter };
    Ok(Parts { front_matter, body, body_line, repaired })
}

fn json(start: &str, first_line: usize) -> Result<Parts<'_>, Fault> {
    let mut values = serde_json::Deserializer::from_str(start).into_iter::<Value>();
    let value = match values.next() {
        Some(Ok(value)) => value,
        Some(Err(error)) => {
            let line = first_line + error.line().saturating_sub(1);
            let said = error.to_string();
            let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(said, _)| said);
            let what = format!("it is no JSON: {said} in column {}", error.column());
            return Err(Fault { line: Some(line), what });
        }
        None => Value::Null,
    };
    let end = values.byte_offset();
    if end > MAX_BYTES {
        return Err(Fault {
            line: Some(first_line),
            what: format!("the front matter is larger than {MAX_BYTES} bytes"),
        });
    }
    let (header, mut body) = start.split_at(end);
    let mut body_line = first_line + lines_in(header);
    let (line, after) = first(body);
    if line.trim().is_empty() {
        body_line += lines_in(line);
        body = after;
    }
    let values = if let Value::Object(map) = value { lower_case(map) } else { Map::new() };
    let front_matter = FrontMatter { values, text: header.to_owned(), format: Some(Format::Json), first_line };
    Ok(Parts { front_matter, body, body_line, repaired: Vec::new() })
}

/// A header in YAML that a generator has cut out by its own rules: keys as they are written, and what was repaired.
/// `first_line` is the line of the file on which it begins.
pub fn yaml(text: &str, first_line: usize) -> Result<(FrontMatter, Vec<Fault>), Fault> {
    header(text, Format::Yaml, first_line)
}

/// Of keys that differ by case only, one with capitals wins over the one without, as in Hugo; else the later.
fn lower_case(map: Map<String, Value>) -> Map<String, Value> {
    if map.keys().all(|key| key.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase())) {
        return map;
    }
    let mut lower = Map::new();
    let mut capital = std::collections::HashSet::new();
    for (key, value) in map {
        let as_lower = key.to_lowercase();
        if as_lower != key {
            capital.insert(as_lower.clone());
        } else if capital.contains(&key) {
            continue;
        }
        lower.insert(as_lower, value);
    }
    lower
}

/// A TOML document as JSON; dates and times as text. Also reads a generator's configuration.
pub fn from_toml(text: &str) -> Result<Value, Fault> {
    if text.len() > 16 * MAX_BYTES {
        return Err(Fault { line: None, what: format!("too large: {} bytes", text.len()) });
    }
    // A dotted key nests without brackets, and the tree is dropped by recursion.
    if let Some(at) = text
        .lines()
        .position(|line| line.len() > 256 && line.split('=').next().is_some_and(|key| key.matches('.').count() > 64))
    {
        return Err(Fault { line: Some(at + 1), what: "nested too deeply".into() });
    }
    match text.parse::<toml::Table>() {
        Ok(table) => Ok(json_of(toml::Value::Table(table))),
        Err(error) => {
            let line = error.span().map(|span| 1 + text[..span.start.min(text.len())].matches('\n').count());
            Err(Fault { line, what: error.message().replace('\n', ", ") })
        }
    }
}

fn json_of(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => serde_json::Number::from_f64(number).map_or(Value::Null, Value::Number),
        toml::Value::Boolean(truth) => Value::Bool(truth),
        toml::Value::Datetime(at) => Value::String(at.to_string()),
        toml::Value::Array(items) => Value::Array(items.into_iter().map(json_of).collect()),
        toml::Value::Table(table) => {
            Value::Object(table.into_iter().map(|(key, value)| (key, json_of(value))).collect())
        }
    }
}

/// Among so few keys one is found sooner than its hash is made.
const FEW: usize = 16;

impl FrontMatter {
    /// The value of `key` (lower case), be it null.
    pub fn value(&self, key: &str) -> Option<&Value> {
        if self.values.len() > FEW {
            return self.values.get(key);
        }
        self.values.iter().find(|(known, _)| *known == key).map(|(_, value)| value)
    }

    /// The value of the first of `keys` (lower case) that is there and not null.
    pub fn get(&self, keys: &[&str]) -> Option<&Value> {
        keys.iter().find_map(|key| self.value(key).filter(|value| !value.is_null()))
    }

    /// The text of the first of `keys` that has any; numbers and truths as they are written.
    pub fn text(&self, keys: &[&str]) -> Option<String> {
        keys.iter().filter_map(|key| self.value(key)).find_map(text_of)
    }

    /// The header as it is written.
    pub fn source(&self) -> &str {
        &self.text
    }

    /// In which notation it is written; `None` where there is no header.
    pub fn format(&self) -> Option<Format> {
        self.format
    }

    /// Line of the file on which the key (any case) stands; of the header where it cannot be told.
    pub fn line_of(&self, key: &str) -> Option<usize> {
        let format = self.format?;
        let line = match format {
            Format::Toml => self.toml_line(key),
            Format::Yaml | Format::Json => self.written(key).and_then(|key| yaml::line_of(&self.text, &[&key])),
        };
        Some(self.first_line + line.unwrap_or(1) - 1)
    }

    /// The value of a key at the start of a line as it is written, when it is neither quoted nor more than a word or line:
    /// generators whose YAML is older than ours read such words in another way.
    pub fn plain(&self, key: &str) -> Option<&str> {
        let written = self.text.lines().rev().find_map(|line| {
            let rest = line.strip_prefix(key)?.trim_start_matches([' ', '\t']).strip_prefix(':')?;
            (rest.is_empty() || rest.starts_with([' ', '\t'])).then_some(rest)
        })?;
        let written = written.find(" #").map_or(written, |comment| &written[..comment]).trim();
        (!written.is_empty() && !written.starts_with(['"', '\'', '|', '>', '!', '&', '*', '[', '{', '#']))
            .then_some(written)
    }

    /// The key as it is written: the last of those that differ by case only.
    fn written(&self, key: &str) -> Option<String> {
        let (value, _) = yaml::parse(&self.text, MAX_BYTES).ok()?;
        value.as_object()?.keys().rfind(|written| written.to_lowercase() == key).cloned()
    }

    fn toml_line(&self, key: &str) -> Option<usize> {
        let table = toml::de::DeTable::parse(&self.text).ok()?;
        let written = table.get_ref().keys().find(|written| written.get_ref().to_lowercase() == key)?;
        Some(1 + self.text[..written.span().start].matches('\n').count())
    }
}

/// Text of a plain value: a string as it is, numbers and truths as written. `None` for empty text, lists and maps.
pub fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        // `2.50` is 2.5 and `1.0` is 1, as Go writes numbers.
        Value::Number(number) if number.is_f64() => number.as_f64().map(|number| number.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn title(text: &str) -> (Value, &str, usize) {
        let parts = split(text).unwrap();
        (parts.front_matter.values.get("title").cloned().unwrap_or_default(), parts.body, parts.body_line)
    }

    #[test]
    fn every_accepted_start() {
        for (text, body, line) in [
            ("---\ntitle: T\n---\nBody\n", "Body\n", 4),
            ("\u{feff}---\ntitle: T\n---\nBody\n", "Body\n", 4),
            ("\n  \n---\ntitle: T\n---\nBody\n", "Body\n", 6),
            ("--- \ntitle: T\n---\t \nBody\n", "Body\n", 4),
            ("---\r\ntitle: T\r\n---\r\nBody\r\n", "Body\r\n", 4),
            ("---\rtitle: T\r---\rBody\r", "Body\r", 4),
            ("---\ntitle: T\n---", "", 3),
            ("+++\ntitle = \"T\"\n+++\n\nBody", "\nBody", 4),
            ("{\n\"title\": \"T\"\n}\nBody", "Body", 4),
            ("{ \"title\": \"T\" } Body\n", " Body\n", 1),
            ("---\nTITLE: T\n---\n---\nx", "---\nx", 4),
            ("---title: T\n-----\nx", "--\nx", 2),
            ("--- # a comment\ntitle: T\n--- x\ny", " x\ny", 3),
            ("+++title = \"T\"\n+++\n", "", 3),
            ("---\nTitle: T\ntitle: U\n---\n", "", 5),
            ("\u{b}\u{c}---\ntitle: T\n---\n", "", 4),
        ] {
            assert_eq!(title(text), (json!("T"), body, line), "{text:?}");
        }
    }

    #[test]
    fn no_header_is_fine() {
        for text in [
            "Just body\n",
            "",
            "<!-- c -->\n---\ntitle: T\n---\n",
            "title: T\n---\nx",
            "\n\u{feff}---\ntitle: T\n---\n",
            "\u{a0}---\ntitle: T\n---\n",
            "- a\n",
            "{{< toc >}}\n",
        ] {
            assert_eq!(title(text), (Value::Null, text, 1), "{text:?}");
        }
        assert_eq!(title("---\n\n---\nBody"), (Value::Null, "Body", 4));
    }

    #[test]
    fn what_is_refused_has_its_line() {
        for (text, line) in [
            ("\n---\ntitle: T\n...\nBody\n", 2),
            ("----\ntitle: T\n---\nBody", 1),
            ("---\ntitle: a\nb: c: d\n---\n", 3),
            ("---\nhello\n---\n", 2),
            ("--- not a fence\n", 1),
            ("---\ntitle: \"A\n---\nx", 3),
            ("+++\ntitle = \"T\"\ntitle = \"U\"\n+++\n", 3),
            ("+++\n\ntitle = T\n+++\n", 3),
            ("{\n\"title\": }\n", 2),
            ("---\r\na: 1\r\n\tb: 2\r\n---\r\n", 3),
        ] {
            assert_eq!(split(text).unwrap_err().line, Some(line), "{text:?}");
        }
    }

    #[test]
    fn lines_of_keys_count_from_the_start_of_the_file() {
        for text in [
            "\n---\na: 1\nDate: x\nb: 2\n---\n",
            "\n+++\na = 1\nDate = \"x\"\n[b]\n+++\n",
            "\n{\n\"a\": 1,\n\"Date\": \"x\"}\n",
        ] {
            let front_matter = split(text).unwrap().front_matter;
            assert_eq!(front_matter.line_of("date"), Some(4), "{text:?}");
            assert_eq!(front_matter.text(&["none", "date"]), Some("x".into()));
        }
        let parts = split("---\na: 1\nb: 2\na: 3\n---\n").unwrap();
        assert_eq!((parts.repaired[0].line, &parts.front_matter.values["a"]), (Some(4), &json!(3)));
    }

    #[test]
    fn a_header_cut_out_by_others_keeps_its_keys_and_what_is_plain() {
        let (values, repaired) = yaml("Title: T\r\ndate: 2021-10-15 # c\r\nquoted: 'no'\r\nflag: no\r\n", 2).unwrap();
        assert!(repaired.is_empty());
        assert_eq!(values.text(&["title"]), None);
        assert_eq!((values.text(&["Title"]), values.line_of("flag")), (Some("T".into()), Some(5)));
        let plain = ["date", "quoted", "flag", "none"].map(|key| values.plain(key));
        assert_eq!(plain, [Some("2021-10-15"), None, Some("no"), None]);
        assert_eq!(yaml("a: 1\nb: c: d\n", 2).unwrap_err().line, Some(3));
    }

    #[test]
    fn toml_bombs_are_refused_or_small() {
        let deep = format!("{} = 1\n", vec!["a"; 30_000].join("."));
        let brackets = format!("a = {}", "[".repeat(30_000));
        let inline = format!("a = {}", "{a=".repeat(20_000));
        let tables =
            (1..300).flat_map(|n| ["[".to_owned(), vec!["a"; n].join("."), "]\n".to_owned()]).collect::<String>();
        let dots = vec!["a"; 30_000].join(".");
        let quoted = format!("\"=\".{dots} = 1\n");
        let in_a_table = format!("x = {{{dots} = 1}}\n");
        let in_a_list = format!("x = [\n{{b = 1, {dots} = 1}}]\n");
        let after = format!("# =\n[x]\n'=' = 1\n{dots} = 1\n");
        for bomb in [deep, brackets, inline, tables, quoted, in_a_table, in_a_list, after] {
            // What is read is no larger than what is written, and never deeper than the parser's own limit.
            if let Ok(value) = from_toml(&bomb) {
                assert!(value.to_string().len() <= 2 * bomb.len(), "{}", &bomb[..20]);
            }
        }
        assert_eq!(from_toml("d = 2021-10-15T10:00:00\n").unwrap(), json!({"d": "2021-10-15T10:00:00"}));
    }
}
