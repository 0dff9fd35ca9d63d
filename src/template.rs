//! Templates and words: embedded, overridden file by file by the owner's folder. The one owner of the template engine.
//!
//! Sandboxed: no files, no environment, fuel and output limits. Unknown names are errors, never blanks.

use std::collections::BTreeMap;

/// All templates and messages, parsed.
#[derive(Debug, Clone)]
pub struct Templates {}

impl Templates {
    /// The embedded set with `overrides` on top: path below `templates/` (`email/digest/body.html`) → text.
    /// The error names the file and line.
    pub fn new(overrides: &BTreeMap<String, String>) -> Result<Self, String> {
        let _ = overrides;
        todo!()
    }

    /// Renders the file `name` (`web/subscribe.html`) in `language` (BCP 47). In `.html` everything is escaped; `t("key", name=value)`
    /// gives a message of `templates/i18n`. The error names file, line and the unknown word.
    pub fn render(&self, name: &str, language: &str, context: &impl serde::Serialize) -> Result<String, String> {
        let _ = (name, language, context);
        todo!()
    }

    /// One message of `templates/i18n`, for the rare word outside a template.
    pub fn message(&self, language: &str, key: &str, arguments: &[(&str, &str)]) -> String {
        let _ = (language, key, arguments);
        todo!()
    }
}
