//! A process of the real program, which can be asked how it is, stopped and killed.

use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};

/// A running process and the name that it says hello with.
pub struct Machine {
    pub name: String,
    pub child: Child,
    /// Where its standard output goes.
    pub out: PathBuf,
    pub log: PathBuf,
    /// It was told to die at a point.
    pub may_die: bool,
}

impl Machine {
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Has it opened its store and begun?
    pub fn has_begun(&self) -> bool {
        fs_err::metadata(&self.out).is_ok_and(|out| out.len() > 0)
    }

    /// By a signal, or at a point (proc(5): the letter behind the name).
    pub fn is_stopped(&self) -> bool {
        let stat = fs_err::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        stat.rsplit(')').next().is_some_and(|rest| rest.starts_with(" T"))
    }

    pub fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// SIGKILL; it is gone when this returns.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }

    /// What it said on standard error.
    pub fn said(&self) -> String {
        fs_err::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
