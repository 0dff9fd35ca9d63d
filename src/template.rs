//! Templates and words: embedded, overridden file by file by the owner's folder. The one owner of the template engine.
//!
//! Sandboxed: no files, no environment, fuel and output limits. Unknown names are errors, never blanks.

mod words;
pub mod wrap;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as _;
use std::io;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use include_dir::{Dir, include_dir};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Rest, Serde, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, context};

use words::{Argument, Words};
pub use words::{DateStyle, direction};

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// Instructions, and 64-byte pieces of text, that one rendering may use: bounds its time and its memory.
const FUEL: u64 = 400_000;
/// Nested calls and includes.
const RECURSION: usize = 100;
/// Bytes that one rendering may write.
const OUTPUT: usize = 8 << 20;

/// All templates and messages, parsed. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Templates {
    engine: Arc<Environment<'static>>,
    words: Arc<Words>,
    names: Arc<Names>,
}

/// Where files are, as people know them.
#[derive(Debug, Default)]
struct Names {
    /// The owner's folder.
    folder: String,
    /// Files in it that stand in for ours or beside them.
    own: BTreeSet<String>,
}

impl Names {
    fn of(&self, file: &str) -> String {
        let folder = if self.own.contains(file) { &self.folder } else { OURS };
        format!("{folder}/{file}")
    }
}

/// The folder of the embedded set.
const OURS: &str = "templates";

impl Templates {
    /// The embedded set with `overrides` on top: path below `templates/` (`email/digest/body.html`) → text. A file below
    /// `i18n/` replaces single messages and may add a language. The error names the file and line.
    pub fn new(overrides: &BTreeMap<String, String>) -> Result<Self, String> {
        Self::of_folder(OURS, overrides)
    }

    /// The same, with the `folder` that the owner's files are in, as errors are to name it.
    pub fn of_folder(folder: &str, overrides: &BTreeMap<String, String>) -> Result<Self, String> {
        let names = Names { folder: folder.to_owned(), own: overrides.keys().cloned().collect() };
        let mut files = BTreeMap::new();
        collect(&EMBEDDED, &mut files);
        let mut words = Words::default();
        for (path, text) in files.iter().map(|(path, text)| (*path, *text)).chain(borrowed(overrides)) {
            if let Some(language) = path.strip_prefix("i18n/").and_then(|name| name.strip_suffix(".ftl")) {
                words.add(&names.of(path), language, text)?;
            }
        }
        let words = Arc::new(words);
        let mut engine = engine(&words);
        files.extend(borrowed(overrides));
        for (path, text) in files.into_iter().filter(|(path, _)| is_template(path)) {
            engine.add_template_owned(path.to_owned(), text.to_owned()).map_err(|error| fault(&error, &names))?;
        }
        Ok(Self { engine: Arc::new(engine), words, names: Arc::new(names) })
    }

    /// Where the file `name` is, for people.
    pub fn place(&self, name: &str) -> String {
        self.names.of(name)
    }

    /// Is there a template of this name?
    pub fn contains(&self, name: &str) -> bool {
        self.engine.get_template(name).is_ok()
    }

    /// Do the file `name`, or those that it extends or includes, name any of `fields` (`.html`)?
    pub fn mentions(&self, name: &str, fields: &[&str]) -> bool {
        let (mut ahead, mut seen) = (vec![name.to_owned()], BTreeSet::new());
        while let Some(name) = ahead.pop() {
            let Ok(template) = self.engine.get_template(&name) else { continue };
            if !seen.insert(name) {
                continue;
            }
            let source = template.source();
            // Not the end of another file's name.
            let names = |field: &str| source.split(field).skip(1).any(|rest| !rest.starts_with(['"', '\'']));
            if fields.iter().any(|field| names(field)) {
                return true;
            }
            ahead.extend(source.split(['"', '\'']).filter(|word| word.contains('/')).map(str::to_owned));
        }
        false
    }

    /// Renders the file `name` (`web/subscribe.html`) in `language` (BCP 47). In `.html` everything is escaped; `t("key", name=value)`
    /// gives a message of `templates/i18n`, `date(value, "long")` a date (RFC 3339) in words, `lang` and `dir` say how the page reads,
    /// `direction(tag)` how another language does; for plain text there are the filters `wrap`, `underline("=")` and `cut(columns)`, for HTML that is
    /// to be shown as it is written `source`.
    /// The error names file, line and the unknown word.
    pub fn render(&self, name: &str, language: &str, context: &impl serde::Serialize) -> Result<String, String> {
        let template = self.engine.get_template(name).map_err(|error| fault(&error, &self.names))?;
        let values = context! {
            lang => language,
            dir => direction(language),
            ..Value::from(Serde(context))
        };
        let mut written = Limited::default();
        template.render_captured_to(values, &mut written).map_err(|error| {
            let writes_too_much = || format!("{}: it writes more than {OUTPUT} bytes", self.names.of(name));
            if written.full { writes_too_much() } else { fault(&error, &self.names) }
        })?;
        String::from_utf8(written.bytes)
            .map_err(|_| format!("{}: it writes something that is not text", self.names.of(name)))
    }

    /// One message of `templates/i18n`, for the rare word outside a template. A key that no language has is given back.
    pub fn message(&self, language: &str, key: &str, arguments: &[(&str, &str)]) -> String {
        let arguments: Vec<_> =
            arguments.iter().map(|(name, value)| (*name, Argument::Text((*value).into()))).collect();
        self.words.message(language, key, &arguments).unwrap_or_else(|_| key.to_owned())
    }

    /// A date (and time) in the words of `language`, in the date's own offset.
    pub fn date(&self, language: &str, at: DateTime<FixedOffset>, style: DateStyle) -> String {
        self.words.date(language, at, style).unwrap_or_else(|_| at.format("%Y-%m-%d").to_string())
    }

    /// The tags of all languages that Postrider speaks.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.words.languages()
    }

    /// The tag of the language in which Postrider itself speaks to readers of `language`: the nearest that has a file.
    pub fn nearest(&self, language: &str) -> &str {
        self.words.nearest(language)
    }
}

fn borrowed(files: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
}

fn collect<'a>(folder: &'a Dir<'a>, files: &mut BTreeMap<&'a str, &'a str>) {
    for file in folder.files() {
        if let (Some(path), Some(text)) = (file.path().to_str(), file.contents_utf8()) {
            files.insert(path, text);
        }
    }
    folder.dirs().for_each(|below| collect(below, files));
}

/// What else lies in the owner's folder (pictures, notes, an editor's leavings) is not ours to parse.
fn is_template(path: &str) -> bool {
    let hidden = path.split('/').any(|part| part.starts_with('.'));
    !hidden && [".html", ".txt"].iter().any(|end| path.ends_with(end))
}

fn engine(words: &Arc<Words>) -> Environment<'static> {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_fuel(Some(FUEL));
    engine.set_recursion_limit(RECURSION);
    engine.set_syntax(lines_of_their_own());
    // So that a fault can name the unknown word; it costs nothing until there is one.
    engine.set_debug(true);
    engine.set_auto_escape_callback(|name| match name.rsplit_once('.') {
        Some((_, "txt")) => AutoEscape::None,
        _ => AutoEscape::Html,
    });
    engine.set_formatter(format);
    // Both would show the whole context to a reader by one slip of a template.
    engine.remove_global("debug");
    engine.remove_filter("pprint");
    // The engine's own writes `/` as an entity: five bytes more for each of a mail's hundreds of slashes.
    for name in ["e", "escape"] {
        engine.add_filter(name, |value: Value| match value.as_str() {
            Some(_) if value.is_safe() => value,
            Some(text) => Value::from_safe_string(escape(text)),
            None => Value::from_safe_string(escape(&value.to_string())),
        });
    }
    let speak = Arc::clone(words);
    engine.add_function("t", move |state: &State, key: &str, values: Kwargs| {
        let mut arguments = Vec::new();
        for name in values.args() {
            let value: Value = values.get(name)?;
            arguments.push((name, argument(name, &value)?));
        }
        speak.message(&language(state), key, &arguments).map_err(|what| Error::new(ErrorKind::InvalidOperation, what))
    });
    let dates = Arc::clone(words);
    engine.add_function("date", move |state: &State, value: &str, style: Rest<String>| {
        let wrong = |what: String| Error::new(ErrorKind::InvalidOperation, what);
        let at = DateTime::parse_from_rfc3339(value)
            .map_err(|_| wrong(format!("`{value}` is no date: RFC 3339 is wanted")))?;
        let style = style.first().map_or("long", String::as_str);
        let style = DateStyle::parse(style)
            .ok_or_else(|| wrong(format!("unknown style of date `{style}`: there are `long`, `short` and `time`")))?;
        dates.date(&language(state), at, style).map_err(wrong)
    });
    engine.add_function("direction", |tag: &str| direction(tag));
    // HTML to be shown as it is written: text, which is escaped as any other.
    engine.add_filter("source", str::to_owned);
    engine.add_filter("wrap", |text: &str| wrap::wrap(text, wrap::WIDTH));
    engine.add_filter("cut", |text: &str, columns: usize| wrap::cut(text, columns));
    engine.add_filter("underline", |text: &str, with: &str| {
        let lines = wrap::wrap(text, wrap::WIDTH);
        let width = lines.lines().map(wrap::width).max().unwrap_or(0);
        format!("{lines}\n{}", with.repeat(width))
    });
    engine
}

/// `{% … %}` on a line of its own leaves no blank line behind.
fn lines_of_their_own() -> SyntaxConfig {
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true);
    syntax.build().unwrap_or_default()
}

fn language(state: &State) -> String {
    state.lookup("lang").and_then(|tag| tag.as_str().map(str::to_owned)).unwrap_or_else(|| words::LAST.to_owned())
}

fn argument(name: &str, value: &Value) -> Result<Argument, Error> {
    match value.as_str() {
        Some(text) => Ok(Argument::Text(text.to_owned())),
        None if value.is_number() => f64::try_from(value.clone()).map(Argument::Number),
        None => Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("`{name}` is neither text nor a number, but {}", value.kind()),
        )),
    }
}

fn format(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    let html = matches!(state.auto_escape(), AutoEscape::Html);
    match value.as_str() {
        Some(text) if html && !value.is_safe() => out.write_str(&escape(text)),
        Some(text) => out.write_str(text),
        None if value.is_none() || value.is_undefined() => Ok(()),
        None if html => out.write_str(&escape(&value.to_string())),
        None => write!(out, "{value}"),
    }
    .map_err(Error::from)
}

/// Safe as text and in a quoted attribute.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(char),
        }
    }
    out
}

#[derive(Default)]
struct Limited {
    bytes: Vec<u8>,
    full: bool,
}

impl io::Write for Limited {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + piece.len() > OUTPUT {
            self.full = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// `FOLDER/FILE:LINE: what: the words that it is about`, of the innermost template that failed.
fn fault(error: &Error, names: &Names) -> String {
    let mut inner = error;
    let mut next = error.source();
    while let Some(source) = next {
        if let Some(deeper) = source.downcast_ref::<Error>() {
            inner = deeper;
        }
        next = source.source();
    }
    let place = match (inner.name(), inner.line()) {
        (Some(name), Some(line)) => format!("{}:{line}: ", names.of(name)),
        (Some(name), None) => format!("{}: ", names.of(name)),
        _ => String::new(),
    };
    let what = match inner.kind() {
        ErrorKind::UndefinedError => "unknown name".to_owned(),
        ErrorKind::OutOfFuel => "it takes too long or writes too much".to_owned(),
        ErrorKind::InvalidOperation => inner.detail().unwrap_or("invalid operation").to_owned(),
        kind => match inner.detail() {
            Some(detail) => format!("{kind}: {detail}"),
            None => kind.to_string(),
        },
    };
    let word = inner
        .template_source()
        .zip(inner.range())
        .and_then(|(source, range)| whole_path(source, range))
        .map(|word| format!(" in `{}`", word.trim()))
        .unwrap_or_default();
    format!("{place}{what}{word}")
}

/// The engine marks only the end of `post.titel.x`; people look for the whole.
fn whole_path(source: &str, range: std::ops::Range<usize>) -> Option<&str> {
    let part = |char: &char| char.is_alphanumeric() || matches!(char, '_' | '.' | '[' | ']' | '"' | '\'');
    let before = source.get(..range.start)?;
    let more: usize = before.chars().rev().take_while(part).map(char::len_utf8).sum();
    let start = if source.get(range.clone())?.starts_with(['.', '[']) { range.start - more } else { range.start };
    source.get(start..range.end)
}

#[cfg(test)]
mod tests;
