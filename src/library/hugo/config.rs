//! What Hugo's own configuration says of the site, checked; what `postrider.yaml` says is on top.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use chrono_tz::Tz;
use regex::{Regex, RegexBuilder};
use serde_json::{Value, json};
use url::Url;

use crate::library::Settings;
use crate::library::fields::strings;
use crate::library::home::bcp47;
use crate::post::front_matter::text_of;
use crate::post::markdown;
use crate::problem::{CONFIGURATION, Problem};
use crate::site::{Language, Site};

use super::addresses::{permalinks, ugly};
use super::at;
use super::cascade::{Rule, rules};
use super::load::Loaded;
use super::mounts::{Mount, mounts};
use super::outputs::Outputs;
use super::told;

/// Whose answers are ours where nothing else is said.
const NEWEST: (u32, u32) = (0, 168);

/// Hugo 0.123 rewrote how content becomes pages.
pub const NEW_TREE: (u32, u32) = (0, 123);

/// A language as pages need it.
#[derive(Debug, Clone)]
pub struct LanguageRules {
    /// Lower case.
    pub key: String,
    /// Of its addresses; empty for the default language, mostly.
    pub prefix: String,
    /// Its own address (multihost) or the site's.
    pub base: String,
    /// The same.
    pub base_url: Option<Url>,
    /// For dates without one.
    pub zone: Tz,
    /// Patterns of addresses, in order.
    pub permalinks: Vec<(Rule, String)>,
    /// `disablePathToLower`
    pub keep_case: bool,
    /// `[[cascade]]`
    pub cascade: Vec<Rule>,
    /// Handlers of `date`, `publishdate`, `lastmod`, `expirydate`.
    pub handlers: Handlers,
    /// The formats of its pages.
    pub outputs: Outputs,
}

/// What the configuration says, checked.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of Hugo's configuration")]
pub struct Config {
    /// The site.
    pub site: Site,
    /// The default language first.
    pub languages: Vec<LanguageRules>,
    /// Where content is.
    pub mounts: Vec<Mount>,
    /// `uglyURLs` of all sections.
    pub ugly: bool,
    /// `uglyURLs` of these.
    pub ugly_sections: Vec<String>,
    /// `removePathAccents`
    pub without_accents: bool,
    /// `pluralizeListTitles`: sections without a page of their own are called in the plural.
    pub plural_titles: bool,
    /// `security.allowContent` lets `.html` pages in.
    pub html_pages: bool,
    /// Keys of languages that are known and not published.
    pub disabled: Vec<String>,
    /// `ignoreFiles`: patterns of full paths.
    pub ignored: Vec<Regex>,
    /// `buildDrafts`, `buildFuture`, `buildExpired`: published all the same.
    pub built: Built,
    /// `disableKinds` names `page`: none is published.
    pub no_pages: bool,
    /// Of Hugo: `(0, 168)`.
    pub version: (u32, u32),
    /// What was repaired.
    pub problems: Vec<Problem>,
    /// For messages: the file that has the root keys.
    pub main: String,
    /// Files and folders that it came from.
    pub sources: Vec<String>,
    /// Changes with anything of it.
    pub fingerprint: u64,
}

/// What is published though its header says that it should not be.
#[derive(Debug, Clone, Copy, Default)]
pub struct Built {
    /// `buildDrafts`
    pub drafts: bool,
    /// `buildFuture`
    pub future: bool,
    /// `buildExpired`
    pub expired: bool,
}

/// `[frontmatter]`: where each date comes from.
#[derive(Debug, Clone)]
pub struct Handlers {
    /// The page's date.
    pub date: Vec<String>,
    /// Not shown before.
    pub publish: Vec<String>,
    /// Later change; only keys of the front matter that say so.
    pub lastmod: Vec<String>,
    /// Not shown from then on.
    pub expiry: Vec<String>,
}

impl Config {
    /// Checks what was loaded; `settings` win over it.
    pub fn new(settings: &Settings, loaded: Loaded) -> Result<Self, Vec<Problem>> {
        let Loaded { value, sources, main, themes } = loaded;
        let version = settings.generator_version.unwrap_or(NEWEST);
        let text = |path: &[&str]| at(&value, path).and_then(text_of);
        let url = address(settings.url.as_deref(), text(&["baseurl"]).as_deref(), &main)?;
        let mut problems = Vec::new();

        let (mut languages, disabled) = languages(&value, &text);
        let in_subfolder = flag(&value, "defaultcontentlanguageinsubdir");
        let default = languages.first().map(|(key, _)| key.clone()).unwrap_or_default();
        // One language with an address of its own, and none has a folder for its name.
        let multihost = settings.url.is_none() && languages.iter().any(|(_, own)| at(own, &["baseurl"]).is_some());
        // Before the new content tree, a single language had no folder.
        let in_subfolder = in_subfolder && (version >= NEW_TREE || languages.len() > 1);
        let mut rules_of = Vec::new();
        let mut shown = Vec::new();
        for (at_place, (key, own)) in languages.iter_mut().enumerate() {
            let of = |key: &str| at(own, &[key]).or_else(|| at(&value, &[key]));
            let base =
                at(own, &["baseurl"]).and_then(text_of).filter(|_| multihost).and_then(|base| Url::parse(&base).ok());
            let base = base.map_or_else(|| url.clone(), |base| with_slash(&base));
            let prefixed = !multihost && (*key != default || in_subfolder);
            let zone = of("timezone").and_then(text_of).unwrap_or_default();
            let zone = if zone.is_empty() {
                Tz::UTC
            } else {
                zone.parse().unwrap_or_else(|_| {
                    problems.push(Problem::warning(
                        &main,
                        None,
                        format!("`timeZone` is `{zone}`, which is no time zone"),
                        "name one as in `Asia/Shanghai`; UTC is used",
                    ));
                    Tz::UTC
                })
            };
            let title = at(own, &["title"]).and_then(text_of);
            let tag = ["languagecode", "locale"].iter().find_map(|name| at(own, &[name]).and_then(text_of));
            let root_tag = ["languagecode", "locale"].iter().find_map(|name| text(&[name]));
            let tag = match (at_place, &settings.language) {
                (0, Some(language)) => language.clone(),
                (0, None) => tag.or(root_tag).unwrap_or_else(|| key.clone()),
                _ => tag.unwrap_or_else(|| key.clone()),
            };
            let prefix = if prefixed { key.clone() } else { String::new() };
            let home = if prefix.is_empty() { base.clone() } else { format!("{base}{prefix}/") };
            shown.push(Language { key: key.clone(), tag: bcp47(&tag), title: title.unwrap_or_default(), url: home });
            let permalinks = of("permalinks").map(permalinks).unwrap_or_default();
            rules_of.push(LanguageRules {
                key: key.clone(),
                prefix,
                base_url: Url::parse(&base).ok(),
                base,
                zone,
                permalinks,
                keep_case: of("disablepathtolower").is_some_and(truth),
                cascade: of("cascade").map(rules).unwrap_or_default(),
                handlers: handlers(of("frontmatter")),
                outputs: Outputs::new(of),
            });
        }

        let host = Url::parse(&url).ok().and_then(|url| url.host_str().map(String::from)).unwrap_or_default();
        let first_title = shown.first().map(|language| language.title.clone()).filter(|title| !title.is_empty());
        let title = settings.title.clone().or(first_title).or_else(|| text(&["title"]));
        let title = title.map(|title| markdown::plain(&title)).filter(|title| !title.is_empty()).unwrap_or(host);
        for language in &mut shown {
            if language.title.is_empty() {
                language.title.clone_from(&title);
            }
        }
        let description = settings.description.clone().or_else(|| {
            let own = languages.first().map(|(_, own)| own);
            let own = own.and_then(|own| at(own, &["params", "description"]).or_else(|| at(own, &["description"])));
            own.and_then(text_of).or_else(|| text(&["params", "description"])).or_else(|| text(&["description"]))
        });
        let main_sections =
            ["mainsections"].iter().find_map(|key| at(&value, &[key]).or_else(|| at(&value, &["params", key])));
        let site = Site {
            url,
            title,
            description: description.map(|text| crate::post::summary::text_of_markup(&text)).unwrap_or_default(),
            language: shown.first().map(|language| language.tag.clone()).unwrap_or_default(),
            languages: shown,
            generator: "hugo".into(),
            main_sections: main_sections.map(strings).unwrap_or_default(),
        };

        let (ugly, ugly_sections) = ugly(&value);
        let mounts = mounts(&value, &languages, &default, &themes);
        let ignored = ignored(&value, &main, &mut problems);
        let disabled_kinds = at(&value, &["disablekinds"]).map(strings).unwrap_or_default();
        problems.extend(told::removed_keys(&value, version, &main));
        problems.extend(told::from_git(&value, &main));
        problems.extend(told::several_sites(&value, &mounts, &rules_of, &main));
        let mut hasher = DefaultHasher::new();
        (value.to_string(), format!("{settings:?}")).hash(&mut hasher);
        Ok(Self {
            languages: rules_of,
            mounts,
            ugly,
            ugly_sections,
            without_accents: flag(&value, "removepathaccents"),
            plural_titles: at(&value, &["pluralizelisttitles"]).is_none_or(truth),
            html_pages: version < (0, 162) || allows(&value, "text/html"),
            disabled,
            ignored,
            built: Built {
                drafts: flag(&value, "builddrafts"),
                future: flag(&value, "buildfuture"),
                expired: flag(&value, "buildexpired"),
            },
            no_pages: disabled_kinds.iter().any(|kind| kind.eq_ignore_ascii_case("page")),
            version,
            problems,
            main,
            sources,
            fingerprint: hasher.finish(),
            site,
        })
    }

    /// Of the language with this key; the default's where there is none.
    pub fn language(&self, key: &str) -> &LanguageRules {
        self.languages.iter().find(|language| language.key == key).unwrap_or(&self.languages[0])
    }
}

/// The site's address, absolute and with a slash at its end.
fn address(own: Option<&str>, base: Option<&str>, main: &str) -> Result<String, Vec<Problem>> {
    let parse = |text: &str| {
        Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
    };
    match (own, base) {
        (Some(own), _) => parse(own).map(|url| with_slash(&url)).ok_or_else(|| {
            vec![Problem::error(
                CONFIGURATION,
                None,
                format!("`site.url` is `{own}`, which is no address"),
                "as in `https://www.example.org/`",
            )]
        }),
        (None, Some(base)) if parse(base).is_some() => Ok(parse(base).map(|url| with_slash(&url)).unwrap_or_default()),
        (None, _) => {
            let what = match base {
                Some(base) if !base.trim().is_empty() => {
                    format!("`baseURL` is `{base}`, without a host: feeds need the site's full address")
                }
                _ => "`baseURL` is missing or empty: feeds need the site's full address".into(),
            };
            Err(vec![Problem::error(
                main,
                None,
                what,
                "set `site.url` in postrider.yaml, as in `site: { url: https://www.example.org/ }`",
            )])
        }
    }
}

fn with_slash(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    let text = url.to_string();
    if text.ends_with('/') { text } else { format!("{text}/") }
}

/// Key and own configuration of each language that is not disabled, the default first, then by weight and name; and the
/// keys of the disabled ones.
fn languages(value: &Value, text: &impl Fn(&[&str]) -> Option<String>) -> (Vec<(String, Value)>, Vec<String>) {
    let default = text(&["defaultcontentlanguage"]).unwrap_or_else(|| "en".into()).to_lowercase();
    let off = at(value, &["disablelanguages"]).map(strings).unwrap_or_default();
    let off: Vec<String> = off.iter().map(|key| key.to_lowercase()).collect();
    let all = at(value, &["languages"]).and_then(Value::as_object).into_iter().flatten();
    let all = all.filter(|(_, own)| own.is_object()).map(|(key, own)| (key.clone(), own.clone()));
    let (disabled, mut languages): (Vec<_>, Vec<_>) =
        all.partition(|(key, own)| off.contains(key) || at(own, &["disabled"]).is_some_and(truth));
    let weight =
        |own: &Value| at(own, &["weight"]).and_then(Value::as_i64).filter(|weight| *weight != 0).unwrap_or(i64::MAX);
    languages.sort_by_key(|(key, own)| (*key != default, weight(own), key.clone()));
    if languages.is_empty() {
        languages.push((default, json!({})));
    }
    // Also of such as the site does not have.
    let disabled = disabled.into_iter().map(|(key, _)| key).chain(off).collect();
    (languages, disabled)
}

/// `ignoreFiles`; one that is no pattern is named.
fn ignored(value: &Value, main: &str, problems: &mut Vec<Problem>) -> Vec<Regex> {
    let patterns = at(value, &["ignorefiles"]).map(strings).unwrap_or_default();
    let mut compiled = Vec::new();
    for pattern in patterns {
        match RegexBuilder::new(&pattern).size_limit(1 << 20).build() {
            Ok(regex) => compiled.push(regex),
            Err(_) => problems.push(Problem::warning(
                main,
                None,
                format!("`ignoreFiles` holds `{pattern}`, which is no pattern"),
                "write a regular expression of Go's; Hugo refuses this one",
            )),
        }
    }
    compiled
}

/// Whether `security.allowContent` lets a media type in; without it, Markdown alone is.
fn allows(value: &Value, media_type: &str) -> bool {
    let Some(list) = at(value, &["security", "allowcontent"]).map(strings) else { return false };
    let fits = |pattern: &str| Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(media_type));
    !list.iter().filter_map(|item| item.strip_prefix('!')).any(|item| fits(item.trim()))
        && list.iter().filter(|item| !item.starts_with('!')).any(|item| fits(item))
}

fn handlers(value: Option<&Value>) -> Handlers {
    let of = |name: &str, default: &[&str]| -> Vec<String> {
        let default = default.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
        let Some(configured) = value.and_then(|value| at(value, &[name])).map(strings) else { return default };
        let configured = configured.into_iter().map(|key| key.to_lowercase());
        configured.flat_map(|key| if key == ":default" { default.clone() } else { vec![key] }).collect()
    };
    let mut lastmod = of("lastmod", &["lastmod"]);
    lastmod.retain(|key| !matches!(key.as_str(), "date" | "publishdate" | ":git"));
    Handlers {
        date: of("date", &["date", "publishdate", "lastmod"]),
        publish: of("publishdate", &["publishdate", "date"]),
        expiry: of("expirydate", &["expirydate"]),
        lastmod,
    }
}

fn flag(value: &Value, key: &str) -> bool {
    at(value, &[key]).is_some_and(truth)
}

/// `true`, and the text of it.
pub fn truth(value: &Value) -> bool {
    value == &Value::Bool(true) || value.as_str() == Some("true")
}
