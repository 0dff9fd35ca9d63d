//! A Problem: something in the content or configuration that a person should mend.
//!
//! It never stops the rest: the file it names is left out or repaired, everything else goes on.

use std::fmt;

/// The owner's configuration, as Problems with it name it.
pub const CONFIGURATION: &str = "postrider.yaml";

/// How bad a [`Problem`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Repaired or left as it is; `check` reports it and exits 0.
    Warning,
    /// The file (or the configuration) is not used; `check` exits 1.
    Error,
}

/// One finding: where, what, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Problem {
    /// Relative to the site's folder, `/` between parts.
    pub path: String,
    /// 1-based; `None` when the whole file is meant.
    pub line: Option<usize>,
    /// See [`Severity`].
    pub severity: Severity,
    /// What is wrong, lower case, no full stop.
    pub what: String,
    /// What to do; empty only when nothing useful can be said.
    pub hint: String,
}

impl Problem {
    /// A Problem that takes the file out.
    pub fn error(path: &str, line: Option<usize>, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { path: path.into(), line, severity: Severity::Error, what: what.into(), hint: hint.into() }
    }

    /// A Problem that was repaired or can be lived with.
    pub fn warning(path: &str, line: Option<usize>, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(path, line, what, hint) }
    }
}

impl fmt::Display for Problem {
    /// `path:line: what (hint)`, the form that editors jump to.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.what)?;
        if self.hint.is_empty() { Ok(()) } else { write!(f, "\n  hint: {}", self.hint) }
    }
}

/// Problems that end what was asked for: an error that shows them one below the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub Vec<Problem>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.0.iter().enumerate() {
            write!(f, "{}{problem}", if i == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
