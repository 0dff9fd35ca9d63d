//! What the environment says, and nobody else asks it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::sabotage;

/// The environment, as far as it concerns us: `POSTRIDER_*`.
pub fn environment() -> BTreeMap<String, String> {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    let all = std::env::vars_os();
    // Other programs' variables may hold anything; `vars` panics at the first that is not UTF-8.
    all.filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
        .filter(|(name, _)| name.starts_with("POSTRIDER_"))
        .collect()
}

/// Takes what tests ask to be broken out of the environment (see [`sabotage`]). A release build leaves it there, as a variable
/// that it does not know.
pub fn take_sabotage(environment: &mut BTreeMap<String, String>) -> Result<(), String> {
    if !cfg!(debug_assertions) {
        return Ok(());
    }
    match environment.remove(sabotage::VARIABLE) {
        Some(orders) => sabotage::arm(&orders, || std::process::abort(), stand_still),
        None => Ok(()),
    }
}

/// Until somebody continues this process.
fn stand_still() {
    #[cfg(unix)]
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP);
    // Another thread may be the one that takes the signal, a moment later.
    std::thread::sleep(Duration::from_secs(1));
}

/// Where temporary files go: `TMPDIR`, else `/tmp`.
pub fn temporary_folder() -> PathBuf {
    std::env::temp_dir()
}
