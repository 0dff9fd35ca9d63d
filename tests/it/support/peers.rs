//! Third-party programs that check our work: Python's and Node's, installed by `tests/setup`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where `tests/setup` put them.
fn folder() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "tests may read the environment")]
    let named = std::env::var_os("POSTRIDER_PEERS").map(PathBuf::from);
    let folder = named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers"));
    assert!(
        folder.is_dir(),
        "no third-party checkers in {}: run `tests/setup` first (`tests/run` does)",
        folder.display()
    );
    folder
}

/// `tests/peers/SCRIPT` run by the Python that has the checkers.
pub fn python(script: &str) -> Command {
    let mut command = Command::new(folder().join("venv/bin/python"));
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(script));
    command
}

/// `tests/peers/SCRIPT` run by Node.js with the checkers in its path.
pub fn node(script: &str) -> Command {
    let mut command = Command::new("node");
    command
        .env("NODE_PATH", folder().join("node_modules"))
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(script));
    command
}

/// Runs `command` with `input` on its standard input; its standard output. Fails the test, with all that it said, when
/// it ends with anything but 0.
pub fn run(command: &mut Command, input: &[u8]) -> String {
    let shown = format!("{command:?}");
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{shown}: {error}"));
    let mut stdin = child.stdin.take().expect("its standard input");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("its output");
    let _ = writer.join();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{shown}: {}\n{said}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    said
}

/// The real sites beside the checkout. `None` without them; under `CI=true` their absence is a failure.
pub fn corpora() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora");
    #[expect(clippy::disallowed_methods, reason = "tests may read the environment")]
    let ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(folder.is_dir() || !ci, "under CI the corpora must be beside the checkout: {}", folder.display());
    folder.is_dir().then_some(folder)
}
