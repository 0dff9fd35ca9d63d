//! What every generator's configuration says of the site as a whole, checked the same way for all of them: its address,
//! its title, its time zone, its languages. What `postrider.yaml` says is on top.

use chrono_tz::Tz;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use url::Url;

use crate::post::{markdown, summary};
use crate::problem::{CONFIGURATION, Problem};
use crate::site::{Language, Site};

use super::Settings;

/// What no browser sends as it is in a path; everything else stays.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Whether `site.generator` names this one: then its configuration is believed without further evidence.
pub fn is_named(settings: &Settings, generator: &str) -> bool {
    settings.generator.as_deref() == Some(generator)
}

/// The site's address, absolute and with a slash at its end: `site.url`, else what stands under `key` in `file`.
pub fn address(settings: &Settings, written: Option<&str>, key: &str, file: &str) -> Result<String, Vec<Problem>> {
    let parse = |text: &str| {
        let url = Url::parse(text.trim()).ok()?;
        (matches!(url.scheme(), "http" | "https") && url.has_host()).then(|| with_slash(url))
    };
    if let Some(own) = &settings.url {
        let what = format!("`site.url` is `{own}`, which is no address");
        let hint = "as in `https://www.example.org/`";
        return parse(own).ok_or_else(|| vec![Problem::error(CONFIGURATION, None, what, hint)]);
    }
    let written = written.map(str::trim).filter(|text| !text.is_empty());
    written.and_then(parse).ok_or_else(|| {
        let what = match written {
            Some(text) => format!("`{key}` is `{text}`, without a host: feeds need the site's full address"),
            None => format!("`{key}` is missing or empty: feeds need the site's full address"),
        };
        let hint = "set `site.url` in postrider.yaml, as in `site: { url: https://www.example.org/ }`";
        vec![Problem::error(file, None, what, hint)]
    })
}

fn with_slash(mut url: Url) -> String {
    url.set_query(None);
    url.set_fragment(None);
    let text = url.to_string();
    if text.ends_with('/') { text } else { format!("{text}/") }
}

/// The address of `path` below the site's: `base` ends in a slash, a slash before `path` means nothing. What a browser
/// would not send as it is gets percent-encoded; what is encoded already stays.
pub fn below(base: &str, path: &str) -> String {
    format!("{base}{}", encoded(path.trim_start_matches('/')))
}

/// A path fit for an address.
pub fn encoded(path: &str) -> String {
    utf8_percent_encode(path, PATH).to_string()
}

/// A time zone by its name; UTC for an empty one, and with a Problem for one that is not known.
pub fn zone(name: &str, key: &str, file: &str, problems: &mut Vec<Problem>) -> Tz {
    if name.trim().is_empty() {
        return Tz::UTC;
    }
    name.trim().parse().unwrap_or_else(|_| {
        let what = format!("`{key}` is `{name}`, which is no time zone");
        let hint = "name one as in `Asia/Shanghai`; UTC is used";
        problems.push(Problem::warning(file, None, what, hint));
        Tz::UTC
    })
}

/// What a configuration says of the site, before it is checked.
#[derive(Debug, Default)]
pub struct Said {
    /// As [`address`] gives it.
    pub url: String,
    /// As written.
    pub title: Option<String>,
    /// As written.
    pub description: Option<String>,
    /// Keys of the languages with a title of their own and the folder in addresses (`fr`), the default first.
    pub languages: Vec<(String, Option<String>, String)>,
}

/// The site as `settings` and the generator's configuration say it; `main_sections` are left open.
pub fn site(settings: &Settings, generator: &str, said: Said) -> Site {
    let plain = |title: String| Some(markdown::plain(&title)).filter(|title| !title.is_empty());
    let host = Url::parse(&said.url).ok().and_then(|url| url.host_str().map(String::from)).unwrap_or_default();
    let first_title = said.languages.first().and_then(|(_, title, _)| title.clone());
    let title = settings.title.clone().or(first_title).or(said.title).and_then(plain).unwrap_or(host);
    let mut languages: Vec<Language> = said
        .languages
        .into_iter()
        .map(|(key, own, folder)| Language {
            tag: bcp47(&key),
            title: own.and_then(plain).unwrap_or_else(|| title.clone()),
            url: if folder.is_empty() { said.url.clone() } else { format!("{}{folder}/", said.url) },
            key,
        })
        .collect();
    if let (Some(first), Some(tag)) = (languages.first_mut(), &settings.language) {
        first.tag = bcp47(tag);
    }
    let description = settings.description.clone().or(said.description).unwrap_or_default();
    Site {
        title,
        description: summary::text_of_markup(&description),
        language: languages.first().map(|language| language.tag.clone()).unwrap_or_default(),
        languages,
        generator: generator.into(),
        main_sections: Vec::new(),
        url: said.url,
    }
}

/// A language tag in the usual case: `zh-CN`, `zh-Hans`.
pub fn bcp47(tag: &str) -> String {
    let mut parts = tag.trim().split(['-', '_']);
    let mut out = parts.next().unwrap_or_default().to_lowercase();
    for part in parts {
        out.push('-');
        match part.len() {
            2 => out.push_str(&part.to_uppercase()),
            4 if part.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
                out.push_str(&part[..1].to_uppercase());
                out.push_str(&part[1..].to_lowercase());
            }
            _ => out.push_str(&part.to_lowercase()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let none = Settings::default();
        let own = Settings { url: Some("https://own.example".into()), ..Settings::default() };
        let of = |settings: &Settings, written: Option<&str>| address(settings, written, "url", "c.yml").ok();
        assert_eq!(of(&none, Some("https://a.example/b")), Some("https://a.example/b/".into()));
        assert_eq!(of(&none, Some(" https://a.example?x#y ")), Some("https://a.example/".into()));
        assert_eq!(of(&own, Some("https://a.example/b")), Some("https://own.example/".into()));
        assert_eq!((of(&none, Some("/")), of(&none, None), of(&none, Some("ftp://a.example"))), (None, None, None));
        assert_eq!(below("https://a.example/b/", "/x y/你/(z)%20"), "https://a.example/b/x%20y/%E4%BD%A0/(z)%20");
    }

    #[test]
    fn a_site_without_a_title_is_called_by_its_host() {
        let languages = vec![("zh-cn".to_owned(), None, String::new()), ("fr".into(), Some("Moi".into()), "fr".into())];
        let said = Said { url: "https://a.example/".into(), languages, ..Said::default() };
        let site = site(&Settings::default(), "zola", said);
        assert_eq!((site.title.as_str(), site.language.as_str()), ("a.example", "zh-CN"));
        assert_eq!(
            (site.languages[1].title.as_str(), site.languages[1].url.as_str()),
            ("Moi", "https://a.example/fr/")
        );
    }
}
