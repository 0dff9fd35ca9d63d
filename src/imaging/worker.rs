//! The process that makes one picture over: this program again, as `postrider make-picture`, with the file on its standard input
//! and the picture on its standard output. Whatever it does there ends with it.

use std::io::{self, Read as _, Write as _};
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, setrlimit};

use super::Made;
use crate::digest::picture::{self, Kind, Picture};

/// What the program is called as.
pub const COMMAND: &str = "make-picture";
/// For one picture. More than the largest photograph needs on a slow machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// Octets of memory.
const ROOM: u64 = 1 << 30;
/// Octets of an answer.
const MOST: u64 = 32 << 20;

/// The child's whole life. The first line it writes is `ok KIND WIDTH HEIGHT`, with the picture behind it, or `no WHY`.
pub fn child() -> ExitCode {
    let bound = |most: u64| Rlimit { current: Some(most), maximum: Some(most) };
    // Where the service's own policy does not let us, the parent's patience and the service's bounds remain.
    let _ = setrlimit(Resource::Cpu, bound(PATIENCE.as_secs()));
    let _ = setrlimit(Resource::As, bound(ROOM));
    let _ = setrlimit(Resource::Core, bound(0));
    let mut bytes = Vec::new();
    if io::stdin().lock().take(picture::LARGEST).read_to_end(&mut bytes).is_err() {
        return ExitCode::FAILURE;
    }
    let answer = match super::made(&bytes) {
        Ok(made) => {
            let head = format!("ok {} {} {}\n", made.kind.extension(), made.width, made.height);
            [head.as_bytes(), &made.bytes].concat()
        }
        Err(why) => format!("no {}\n", why.replace('\n', " ")).into_bytes(),
    };
    let mut out = io::stdout().lock();
    match out.write_all(&answer).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// `bytes` made over by a child. Blocks.
pub fn made(bytes: &[u8]) -> Result<Picture, String> {
    let answer = answer(bytes).map_err(|error| format!("cannot be made over: {error}"))?;
    let gave_up = || {
        let seconds = PATIENCE.as_secs();
        format!("takes more than {seconds} seconds or 1 GB to be drawn, or cannot be read: save it as JPEG or PNG")
    };
    let end = answer.iter().position(|byte| *byte == b'\n').ok_or_else(gave_up)?;
    let head = String::from_utf8_lossy(&answer[..end]);
    if let Some(why) = head.strip_prefix("no ") {
        return Err(why.to_owned());
    }
    let Made { kind, width, height, bytes: made } = read(&head, &answer[end + 1..]).ok_or_else(gave_up)?;
    Ok(Picture { key: picture::key(bytes), kind, width, height, bytes: made })
}

fn read(head: &str, bytes: &[u8]) -> Option<Made> {
    let mut words = head.strip_prefix("ok ")?.split(' ');
    let kind = words.next().and_then(|word| Kind::ALL.into_iter().find(|kind| kind.extension() == word))?;
    let (width, height) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    // Believed no further than what it holds: the child may have been taken over by what it read.
    picture::is_shown_everywhere(bytes).then(|| Made { kind, width, height, bytes: bytes.to_vec() })
}

/// What a child says to `bytes`; cut short where it takes too long.
fn answer(bytes: &[u8]) -> io::Result<Vec<u8>> {
    // Also when the file was replaced by a newer version meanwhile.
    let program: std::path::PathBuf =
        if cfg!(target_os = "linux") { "/proc/self/exe".into() } else { std::env::current_exe()? };
    let mut child = Command::new(program)
        .arg(COMMAND)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let (mut stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let (done, is_done) = mpsc::channel();
    let heard = std::thread::scope(|scope| {
        scope.spawn(move || stdin.take().map(|mut stdin| stdin.write_all(bytes)));
        scope.spawn(move || {
            let mut out = Vec::new();
            let read = stdout.map(|stdout| stdout.take(MOST).read_to_end(&mut out));
            let _ = done.send(read.transpose().map(|_| out));
        });
        let heard = is_done.recv_timeout(PATIENCE);
        // Both threads end with it.
        let _ = child.kill();
        heard
    });
    let _ = child.wait();
    heard.unwrap_or_else(|_| Ok(Vec::new()))
}
