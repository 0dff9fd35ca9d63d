use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::*;

static SOURCES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src");

fn with(files: &[(&str, &str)]) -> Result<Templates, String> {
    Templates::new(&files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
}

fn one(name: &str, text: &str, language: &str, context: &serde_json::Value) -> Result<String, String> {
    with(&[(name, text)])?.render(name, language, context)
}

#[test]
fn html_is_escaped_and_slashes_stay() {
    let context = json!({ "url": "https://e.org/a/?b=1&c=\"'<>", "html": "<b>/</b>" });
    assert_eq!(
        one(
            "web/x.html",
            "<a href=\"{{ url }}\">{{ url|e }}</a>{{ html|safe }}{{ none }}",
            "en",
            &json!({"url": context["url"], "html": context["html"], "none": null})
        )
        .unwrap(),
        "<a href=\"https://e.org/a/?b=1&amp;c=&quot;&#39;&lt;&gt;\">https://e.org/a/?b=1&amp;c=&quot;&#39;&lt;&gt;</a><b>/</b>"
    );
    assert_eq!(one("web/x.txt", "{{ url }}", "en", &context).unwrap(), "https://e.org/a/?b=1&c=\"'<>");
}

#[test]
fn what_a_post_says_is_never_a_template() {
    let context = json!({ "body": "{{ 7*7 }} {% for %} {{ env }}" });
    assert_eq!(one("web/x.html", "{{ body|safe }}", "en", &context).unwrap(), "{{ 7*7 }} {% for %} {{ env }}");
}

#[test]
fn faults_name_file_line_and_word() {
    let context = json!({ "post": { "title": "x" } });
    for (text, wanted) in [
        ("a\n\n{{ post.titel }}", "templates/email/x/body.html:3: unknown name in `post.titel`"),
        ("a\n{{ nobody }}", "templates/email/x/body.html:2: unknown name in `nobody`"),
        ("a\n{% if nobody %}{% endif %}", "templates/email/x/body.html:2: unknown name in `nobody`"),
        ("{{ post.titel.x }}", "templates/email/x/body.html:1: unknown name in `post.titel"),
        ("\n{{ t(\"no-such\") }}", "templates/email/x/body.html:2: no message `no-such` in templates/i18n"),
        ("\n\n{{ t(\"date-long\") }}", "templates/email/x/body.html:3: message `date-long`: "),
        ("{{ date(\"now\") }}", "templates/email/x/body.html:1: `now` is no date"),
        ("{% include \"email/x/none.html\" %}", "templates/email/x/body.html:1: template not found"),
        ("{{ debug() }}", "templates/email/x/body.html:1: unknown function"),
        ("{{ post|read }}", "templates/email/x/body.html:1: unknown filter"),
    ] {
        let error = one("email/x/body.html", text, "en", &context).unwrap_err();
        assert!(error.starts_with(wanted), "{text}\n{error}");
    }
    let error = with(&[("email/x/body.html", "a\n{% if %}")]).unwrap_err();
    assert!(error.starts_with("templates/email/x/body.html:2: syntax error"), "{error}");
    let error = with(&[("i18n/en.ftl", "a = b\nfoo bar\n")]).unwrap_err();
    assert!(error.starts_with("templates/i18n/en.ftl:2: "), "{error}");
    let inner = with(&[("web/a.html", "{% include 'web/b.html' %}"), ("web/b.html", "\n{{ x }}")]).unwrap();
    let error = inner.render("web/a.html", "en", &json!({})).unwrap_err();
    assert_eq!(error, "templates/web/b.html:2: unknown name in `x`");
}

#[test]
fn what_a_template_names_is_known_before_it_runs() {
    let templates = with(&[
        ("email/x/body.html", "{% extends \"email/x/frame.html\" %}{% include 'email/x/part.html' %}"),
        ("email/x/frame.html", "{% include \"email/x/body.html\" %}"),
        ("email/x/part.html", "{{ p.sections|length }}"),
    ])
    .unwrap();
    assert!(templates.mentions("email/x/body.html", &[".sections"]));
    assert!(!templates.mentions("email/x/body.html", &[".html"]) && !templates.mentions("none", &[".html"]));
    for (own, wanted) in [("letter", true), ("digest", false), ("plain", false)] {
        assert_eq!(templates.mentions(&format!("email/{own}/body.html"), &[".html", ".sections"]), wanted, "{own}");
        assert_eq!(templates.mentions(&format!("email/{own}/body.txt"), &[".text", ".links"]), wanted, "{own}");
    }
}

#[test]
fn a_runaway_template_is_stopped() {
    for text in [
        "{% for a in range(10000) %}{% for b in range(10000) %}{% for c in range(10000) %}x{% endfor %}{% endfor %}{% endfor %}",
        "{{ range(1000000000)|length }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% include 'web/x.html' %}",
        "{% for a in range(9000) %}{{ big }}{% endfor %}",
        "{{ 'x' * 1000000000 }}",
    ] {
        let began = std::time::Instant::now();
        one("web/x.html", text, "en", &json!({ "big": "x".repeat(10_000) })).unwrap_err();
        assert!(began.elapsed().as_secs() < 5, "{text}");
    }
}

/// Nothing of the machine can be named: neither files nor the environment, nor what the program holds beside what it gives.
#[test]
fn a_template_reaches_nothing_outside() {
    for text in [
        "{% include '/etc/passwd' %}",
        "{% include '../../Cargo.toml' %}",
        "{% extends 'file:///etc/passwd' %}",
        "{% import '/etc/passwd' as x %}",
        "{{ env }}",
        "{{ env('HOME') }}",
        "{{ getenv('HOME') }}",
        "{{ open('/etc/passwd') }}",
        "{{ debug() }}",
        "{{ x.__class__ }}",
        "{{ x|pprint }}",
        "{{ self.__globals__ }}",
    ] {
        let said = one("web/x.html", text, "en", &json!({ "x": "y" }));
        assert!(said.is_err(), "{text}: {said:?}");
    }
}

#[test]
fn languages_fall_back_by_parts_and_message_by_message() {
    let ours = with(&[
        ("i18n/zh-TW.ftl", "month-1 = 元月\n"),
        ("i18n/de.ftl", "month-1 = Jänner\n"),
        ("i18n/zh-SG.ftl", "month-1 = 正月\n"),
        ("i18n/pt.ftl", "month-1 = janeiro\n"),
        ("i18n/en.ftl", "weekday-1 = Moonday\n"),
    ])
    .unwrap();
    for (language, wanted) in [
        ("zh-TW", "元月"),
        ("zh-Hant", "元月"),
        ("zh-Hant-HK", "元月"),
        ("zh-HK", "元月"),
        ("zh", "一月"),
        ("zh-CN", "一月"),
        ("zh-Hans-MY", "一月"),
        ("zh-SG", "正月"),
        ("de-AT", "Jänner"),
        ("en-GB", "January"),
        ("pt-BR", "janeiro"),
        ("it", "January"),
        ("", "January"),
        ("no tag at all", "January"),
    ] {
        assert_eq!(ours.message(language, "month-1", &[]), wanted, "{language}");
    }
    assert_eq!(ours.message("zh-SG", "month-2", &[]), "二月", "simplified is nearer than English");
    assert_eq!(ours.message("pt", "month-2", &[]), "February");
    assert_eq!(ours.message("it", "weekday-1", &[]), "Moonday");
    assert_eq!(ours.message("it", "no-such", &[]), "no-such");
    assert_eq!(ours.nearest("pt-BR"), "pt");
    let own = with(&[]).unwrap();
    for (language, wanted) in [
        ("zh-MO", "zh-TW"),
        ("zh-Hant-TW", "zh-TW"),
        ("zh-HK", "zh-TW"),
        ("zh-Hans-HK", "zh-CN"),
        ("zh", "zh-CN"),
        ("ja-JP", "ja"),
        ("fr-CA", "fr"),
        ("es-419", "es"),
        ("ar-EG", "ar"),
        ("pt-BR", "en"),
    ] {
        assert_eq!(own.nearest(language), wanted, "{language}");
    }
}

#[test]
fn dates_are_said_in_their_own_offset() {
    let at = "2021-10-15T23:05:00+08:00";
    let said = |language: &str, style: &str| {
        one("web/x.txt", "{{ date(at, style) }}", language, &json!({ "at": at, "style": style })).unwrap()
    };
    assert_eq!(said("en", "long"), "15 October 2021");
    assert_eq!(said("en", "short"), "15 Oct");
    assert_eq!(said("en", "time"), "Friday, 15 October 2021, 23:05");
    assert_eq!(said("zh", "long"), "2021 年 10 月 15 日");
    assert_eq!(said("zh", "time"), "2021 年 10 月 15 日星期五 23:05");
    assert_eq!(said("zh-Hant", "short"), "10 月 15 日");
    assert_eq!(said("ja", "time"), "2021年10月15日（金曜日）23:05");
    assert_eq!(said("de", "time"), "Freitag, 15. Oktober 2021, 23:05 Uhr");
    assert_eq!(said("fr", "long"), "15 octobre 2021");
    assert_eq!(said("es", "long"), "15 de octubre de 2021");
    assert_eq!(said("ar", "long"), "15 أكتوبر 2021");
}

#[test]
fn directions() {
    for (tag, wanted) in [
        ("ar", "rtl"),
        ("he-IL", "rtl"),
        ("az-Arab", "rtl"),
        ("en", "ltr"),
        ("ku-Latn", "ltr"),
        ("", "ltr"),
        ("ar-Latn", "ltr"),
    ] {
        assert_eq!(direction(tag), wanted, "{tag}");
    }
    assert_eq!(one("web/x.txt", "{{ lang }} {{ dir }}", "fa", &json!({})).unwrap(), "fa rtl");
}

fn keys(text: &str) -> BTreeSet<String> {
    text.lines()
        .filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()))
        .filter_map(|line| line.split_once('=').map(|(key, _)| key.trim().to_owned()))
        .collect()
}

#[test]
fn every_language_has_every_message() {
    let mut files = BTreeMap::new();
    collect(&EMBEDDED, &mut files);
    let english = keys(files["i18n/en.ftl"]);
    for (path, text) in files.iter().filter(|(path, _)| path.starts_with("i18n/")) {
        let theirs = keys(text);
        assert_eq!(english.difference(&theirs).collect::<Vec<_>>(), Vec::<&String>::new(), "missing in {path}");
        assert_eq!(theirs.difference(&english).collect::<Vec<_>>(), Vec::<&String>::new(), "only in {path}");
    }
}

/// The names of the values that a message takes.
fn takes(message: &str) -> BTreeSet<&str> {
    let name = |rest: &str| rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    message.split('$').skip(1).map(|rest| &rest[..name(rest)]).collect()
}

#[test]
fn every_message_can_be_said_of_any_number() {
    let templates = with(&[]).unwrap();
    let mut files = BTreeMap::new();
    collect(&EMBEDDED, &mut files);
    let messages = |text: &'static str| {
        let mut all: BTreeMap<String, String> = BTreeMap::new();
        let mut last = String::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some((key, rest)) =
                line.split_once('=').filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase()))
            {
                key.trim().clone_into(&mut last);
                all.insert(last.clone(), rest.to_owned());
            } else if let Some(message) = all.get_mut(&last) {
                message.push_str(line);
            }
        }
        all
    };
    let english = messages(files["i18n/en.ftl"]);
    for (path, text) in files.iter().filter(|(path, _)| path.starts_with("i18n/")) {
        let language = path.trim_start_matches("i18n/").trim_end_matches(".ftl");
        for (key, message) in messages(text) {
            let dates = takes("$day $month $number $year $weekday $time");
            let given = if key.starts_with("date-") { dates } else { takes(&english[&key]) };
            assert!(takes(&message).is_subset(&given), "{path}: `{key}` takes what the English one does not");
            for number in [0, 1, 2, 3, 11, 100, 1234] {
                let values: Vec<(&str, Argument)> = given
                    .iter()
                    .map(|name| match *name {
                        "count" | "more" | "minutes" => (*name, Argument::Number(f64::from(number))),
                        _ => (*name, Argument::Text("TEXT".into())),
                    })
                    .collect();
                let said = templates.words.message(language, &key, &values);
                assert!(said.as_ref().is_ok_and(|said| !said.is_empty()), "{path}: `{key}` of {number}: {said:?}");
            }
        }
    }
}

#[test]
fn numbers_and_plurals_are_those_of_the_language() {
    let templates = with(&[]).unwrap();
    let said = |language: &str, key: &str, number: u32| {
        templates
            .words
            .message(language, key, &[("count", Argument::Number(number.into())), ("site", Argument::Text("S".into()))])
            .unwrap()
    };
    for (language, number, wanted) in [
        ("en", 1, "1 post"),
        ("en", 1234, "1,234 posts"),
        ("de", 1_234_567, "1.234.567 Beiträge"),
        ("fr", 1234, "1\u{202f}234 articles"),
        ("fr", 0, "0 article"),
        ("es", 1234, "1234 artículos"),
        ("es", 12345, "12.345 artículos"),
        ("ja", 1234, "1,234 件"),
        ("zh-HK", 3, "3 篇"),
        ("ar", 1, "مقالة واحدة"),
        ("ar", 2, "مقالتان"),
        ("ar", 3, "3 مقالات"),
        ("ar", 11, "11 مقالة"),
    ] {
        assert_eq!(said(language, "feeds-posts", number), wanted, "{language}");
    }
}

/// `t("key"` in the templates is a message, and every message is named in a template or in the sources; `"prefix-" ~ x` and
/// `"prefix-{x}"` name all that begin so.
#[test]
fn every_message_that_is_used_exists_and_every_one_is_used() {
    let mut files = BTreeMap::new();
    collect(&EMBEDDED, &mut files);
    let english = keys(files["i18n/en.ftl"]);
    let mut used: BTreeSet<String> = BTreeSet::new();
    for (path, text) in files.iter().filter(|(path, _)| is_template(path)) {
        for piece in text.split("t(\"").skip(1) {
            let key = piece.split('"').next().unwrap();
            let known =
                if key.ends_with('-') { english.iter().any(|k| k.starts_with(key)) } else { english.contains(key) };
            assert!(known, "{path}: no message `{key}`");
        }
        used.extend(text.split('"').map(str::to_owned));
    }
    let mut sources = BTreeMap::new();
    collect(&SOURCES, &mut sources);
    for text in sources.values() {
        used.extend(text.split('"').map(|piece| piece.split('{').next().unwrap().to_owned()));
    }
    used.retain(|key| key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') && key.len() > 2);
    let prefixes: Vec<&String> = used.iter().filter(|key| key.ends_with('-')).collect();
    let unused: Vec<&String> = english
        .iter()
        .filter(|key| !used.contains(*key) && !prefixes.iter().any(|prefix| key.starts_with(prefix.as_str())))
        .collect();
    assert_eq!(unused, Vec::<&String>::new());
}
