//! Font families by language: each script in the best that a reader's system has.

use crate::digest::theme::Theme;

/// The owner's, and behind them what every system has.
pub fn fonts(theme: &Theme, language: &str) -> String {
    let own = theme.fonts.as_str();
    [own, system_fonts(language)].into_iter().filter(|fonts| !fonts.is_empty()).collect::<Vec<_>>().join(",")
}

/// Latin letters first, so that each script gets its own best.
fn system_fonts(language: &str) -> &'static str {
    let traditional = script(language) == "hant";
    match primary(language).as_str() {
        "zh" if traditional => {
            "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'PingFang TC','Microsoft JhengHei','Noto Sans CJK TC','Noto Sans TC',Arial,sans-serif"
        }
        "zh" => {
            "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'PingFang SC','Hiragino Sans GB','Microsoft YaHei','Noto Sans CJK SC','Noto Sans SC',Arial,sans-serif"
        }
        "ja" => {
            "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'Hiragino Sans','Yu Gothic UI',Meiryo,'Noto Sans CJK JP','Noto Sans JP',Arial,sans-serif"
        }
        "ko" => {
            "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'Apple SD Gothic Neo','Malgun Gothic','Noto Sans CJK KR','Noto Sans KR',Arial,sans-serif"
        }
        "ar" | "fa" | "ur" | "ps" | "ckb" | "sd" | "ug" => {
            "'Segoe UI',Tahoma,'Geeza Pro','SF Arabic','Noto Sans Arabic',Arial,sans-serif"
        }
        "he" | "yi" => "'Segoe UI','Arial Hebrew','Noto Sans Hebrew',Arial,sans-serif",
        _ => "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif",
    }
}

/// `zh` of `zh-Hant-TW`.
pub fn primary(tag: &str) -> String {
    tag.split(['-', '_']).next().unwrap_or_default().to_lowercase()
}

/// Are two languages written alike? Chinese in simplified and in traditional characters is not: each wants its own typeface
/// and is read aloud as what it is.
pub fn are_alike(one: &str, other: &str) -> bool {
    let (a, b) = (script(one), script(other));
    primary(one) == primary(other) && (a == b || a.is_empty() || b.is_empty())
}

/// `hant` of `zh-Hant`, and of `zh-TW`, where it is not said; empty where nothing says it.
fn script(tag: &str) -> String {
    let tag = tag.to_lowercase();
    let parts = || tag.split(['-', '_']).skip(1);
    if let Some(said) = parts().find(|part| part.len() == 4 && part.bytes().all(|byte| byte.is_ascii_alphabetic())) {
        return said.to_owned();
    }
    let traditional = parts().any(|part| matches!(part, "tw" | "hk" | "mo"));
    match primary(&tag).as_str() {
        "zh" if traditional => "hant".to_owned(),
        "zh" => "hans".to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_that_are_written_alike() {
        for (one, other, alike) in [
            ("en", "en-GB", true),
            ("en", "de", false),
            ("zh", "zh-CN", true),
            ("zh-Hans", "zh-SG", true),
            ("zh-CN", "zh-TW", false),
            ("zh-Hant", "zh_HK", true),
            ("sr-Latn", "sr-Cyrl", false),
            ("sr", "sr-Cyrl", true),
        ] {
            assert_eq!(are_alike(one, other), alike, "{one} {other}");
        }
    }
}
