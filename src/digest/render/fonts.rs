//! Font families by language: each script in the best that a reader's system has.

use crate::digest::theme::Theme;

/// The owner's, and behind them what every system has.
pub fn fonts(theme: &Theme, language: &str) -> String {
    let own = theme.fonts.as_str();
    [own, system_fonts(language)].into_iter().filter(|fonts| !fonts.is_empty()).collect::<Vec<_>>().join(",")
}

/// Latin letters first, so that each script gets its own best.
fn system_fonts(language: &str) -> &'static str {
    let tag = language.to_lowercase();
    let traditional = ["hant", "tw", "hk", "mo"].iter().any(|part| tag.split('-').any(|p| p == *part));
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
