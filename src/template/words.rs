//! What Postrider says itself: Fluent messages in `templates/i18n/TAG.ftl`, and dates in words made of them.
//!
//! A reader's language falls back by parts: `zh-TW` → `zh-Hant` → any `zh` → `en`. Each message falls back for itself,
//! so that a language with a gap still speaks.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Datelike, FixedOffset, Timelike};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// The language that has every message.
pub const LAST: &str = "en";

/// Every language's messages, by tag as the file is named.
#[derive(Default)]
pub struct Words {
    bundles: BTreeMap<String, FluentBundle<FluentResource>>,
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.bundles.keys()).finish()
    }
}

/// A value inside a message.
pub enum Argument {
    /// As it is.
    Text(String),
    /// Chooses the plural.
    Number(f64),
}

/// How much of a date is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateStyle {
    /// `15 October 2021`
    Long,
    /// `15 Oct`
    Short,
    /// `Friday, 15 October 2021, 15:00`
    Time,
}

impl DateStyle {
    /// By its name in templates: `long`, `short`, `time`.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "long" => Some(Self::Long),
            "short" => Some(Self::Short),
            "time" => Some(Self::Time),
            _ => None,
        }
    }
}

impl Words {
    /// Takes the messages of `text` in; those that were there before are replaced. `path` is for the error.
    pub fn add(&mut self, path: &str, language: &str, text: &str) -> Result<(), String> {
        let tag: LanguageIdentifier =
            language.parse().map_err(|_| format!("{path}: `{language}` is no language tag (BCP 47)"))?;
        let resource = FluentResource::try_new(text.to_owned()).map_err(|(_, errors)| {
            let (line, what) = errors.first().map_or((1, String::new()), |error| {
                (text.get(..error.pos.start).unwrap_or(text).matches('\n').count() + 1, error.to_string())
            });
            format!("{path}:{line}: {what}")
        })?;
        let bundle = self.bundles.entry(tag.to_string()).or_insert_with(|| {
            let mut bundle = FluentBundle::new_concurrent(vec![tag]);
            // Marks that keep directions apart are invisible rubbish in a subject line or a text part.
            bundle.set_use_isolating(false);
            // The library writes every number without any grouping.
            bundle.set_formatter(Some(match language.split('-').next() {
                Some("de") => |value, _| grouped(value, ".", 4),
                // One of four digits is not divided (Real Academia Española).
                Some("es") => |value, _| grouped(value, ".", 5),
                Some("fr") => |value, _| grouped(value, "\u{202f}", 4),
                _ => |value, _| grouped(value, ",", 4),
            }));
            bundle
        });
        bundle.add_resource_overriding(resource);
        Ok(())
    }

    /// The message `key` for readers of `language`. The error names the key.
    pub fn message(&self, language: &str, key: &str, arguments: &[(&str, Argument)]) -> Result<String, String> {
        let (bundle, message) = chain(language)
            .iter()
            .filter_map(|wanted| self.find(wanted))
            .map(|tag| &self.bundles[tag])
            .find_map(|bundle| Some((bundle, bundle.get_message(key)?.value()?)))
            .ok_or_else(|| format!("no message `{key}` in templates/i18n"))?;
        let mut values = FluentArgs::with_capacity(arguments.len());
        for (name, argument) in arguments {
            match argument {
                Argument::Text(text) => values.set(*name, text.as_str()),
                Argument::Number(number) => values.set(*name, FluentValue::from(*number)),
            }
        }
        let mut errors = Vec::new();
        let said = bundle.format_pattern(message, Some(&values), &mut errors).into_owned();
        match errors.first() {
            Some(error) => Err(format!("message `{key}`: {error}")),
            None => Ok(said),
        }
    }

    /// A date as readers of `language` write it, in its own offset.
    pub fn date(&self, language: &str, at: DateTime<FixedOffset>, style: DateStyle) -> Result<String, String> {
        let say = |key: &str, arguments: &[(&str, Argument)]| self.message(language, key, arguments);
        let text = |value: String| Argument::Text(value);
        let (key, month) = match style {
            DateStyle::Long => ("date-long", format!("month-{}", at.month())),
            DateStyle::Short => ("date-short", format!("month-short-{}", at.month())),
            DateStyle::Time => ("date-time", format!("month-{}", at.month())),
        };
        let weekday = say(&format!("weekday-{}", at.weekday().number_from_monday()), &[])?;
        say(
            key,
            &[
                ("day", text(at.day().to_string())),
                ("month", text(say(&month, &[])?)),
                ("number", text(at.month().to_string())),
                ("year", text(at.year().to_string())),
                ("weekday", text(weekday)),
                ("time", text(format!("{:02}:{:02}", at.hour(), at.minute()))),
            ],
        )
    }

    /// The tags of all files, sorted.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.bundles.keys().map(String::as_str)
    }

    /// The tag of the file that answers readers of `language` first.
    pub fn nearest(&self, language: &str) -> &str {
        chain(language).iter().find_map(|wanted| self.find(wanted)).unwrap_or(LAST)
    }

    /// The file for one step of a [`chain`]: of that tag, or for a bare language any of its files.
    fn find(&self, wanted: &LanguageIdentifier) -> Option<&str> {
        let exact = wanted.to_string();
        if let Some((tag, _)) = self.bundles.get_key_value(&exact) {
            return Some(tag);
        }
        if wanted.region.is_some() || wanted.script.is_some() {
            return None;
        }
        self.bundles.keys().map(String::as_str).find(|tag| tag.split('-').next() == Some(exact.as_str()))
    }
}

/// A whole number of at least `least` digits in groups of three.
fn grouped(value: &FluentValue<'_>, separator: &str, least: usize) -> Option<String> {
    let FluentValue::Number(number) = value else { return None };
    let digits = number.as_string().into_owned();
    if digits.len() < least || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (head, rest) = digits.split_at(digits.len() % 3);
    let groups = rest.as_bytes().chunks(3).filter_map(|group| std::str::from_utf8(group).ok());
    Some([head].into_iter().filter(|head| !head.is_empty()).chain(groups).collect::<Vec<_>>().join(separator))
}

/// `zh-TW` → `zh-TW`, `zh-Hant`, `zh`, `en`. Anything that is no tag → `en`.
fn chain(language: &str) -> Vec<LanguageIdentifier> {
    let mut steps: Vec<LanguageIdentifier> = Vec::new();
    if let Ok(tag) = language.parse::<LanguageIdentifier>() {
        let mut bare = tag.clone();
        bare.clear_variants();
        let mut scripted = bare.clone();
        scripted.region = None;
        if bare.language.as_str() == "zh" && scripted.script.is_none() {
            let traditional = bare.region.is_some_and(|region| matches!(region.as_str(), "TW" | "HK" | "MO"));
            scripted.script = if traditional { "Hant" } else { "Hans" }.parse().ok();
        }
        // `zh-CN.ftl` is the usual name of the file that is `zh-Hans` in truth, and `zh-TW.ftl` of `zh-Hant`.
        let usual = match scripted.to_string().as_str() {
            "zh-Hans" => "zh-CN".parse().ok(),
            "zh-Hant" => "zh-TW".parse().ok(),
            _ => None,
        };
        let mut language = scripted.clone();
        language.script = None;
        steps.extend([tag, bare, scripted]);
        steps.extend(usual);
        steps.push(language);
    }
    steps.extend(LAST.parse());
    steps.dedup();
    steps
}

/// `rtl` for languages written from right to left, else `ltr`: the value of HTML's `dir`.
pub fn direction(language: &str) -> &'static str {
    let Ok(tag) = language.parse::<LanguageIdentifier>() else { return "ltr" };
    let rtl = match tag.script {
        Some(script) => matches!(script.as_str(), "Arab" | "Hebr" | "Thaa" | "Syrc" | "Nkoo" | "Adlm"),
        None => matches!(
            tag.language.as_str(),
            "ar" | "arc" | "ckb" | "dv" | "fa" | "he" | "iw" | "ks" | "nqo" | "ps" | "sd" | "syr" | "ug" | "ur" | "yi"
        ),
    };
    if rtl { "rtl" } else { "ltr" }
}
