//! The program as a process: while it runs, and after its end.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::canaries;

/// How long a condition is waited for before the test fails.
const PATIENCE: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(2);

/// Waits until `holds`, and fails the test if it does not in time.
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(POLL);
    }
}

/// The program while it runs; killed if the test ends before it does.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) outputs: TempDir,
    pub(crate) args: String,
}

impl Running {
    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args([format!("-{name}"), self.child.id().to_string()])
            .status()
            .expect("`kill` runs");
        assert!(status.success(), "the signal is sent");
    }

    /// Whether it still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child of ours").is_none()
    }

    /// Waits for the end.
    pub(crate) fn wait(mut self) -> Ended {
        let mut status = None;
        wait_until(&format!("the end of `unpair {}`", self.args), || {
            status = self.child.try_wait().expect("a child of ours");
            status.is_some()
        });
        Ended {
            status: status.expect("it ended"),
            stdout: printed(self.outputs.path(), "stdout"),
            stderr: printed(self.outputs.path(), "stderr"),
            args: std::mem::take(&mut self.args),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What was printed, in which no secret may stand.
fn printed(folder: &Path, name: &str) -> String {
    let text = fs::read_to_string(folder.join(name)).expect("what was printed is text");
    canaries::assert_none(name, text.as_bytes());
    text
}

/// The program after its end.
#[derive(Debug)]
pub(crate) struct Ended {
    status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    args: String,
}

impl Ended {
    /// The exit code; `None` after a signal.
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        let Self { status, stdout, stderr, args } = &self;
        assert_eq!(
            status.code(),
            Some(code),
            "unpair {args}: {status}\n--- stdout\n{stdout}\n--- stderr\n{stderr}"
        );
        self
    }

    /// The JSON object on standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("unpair {}: {error}: {}", self.args, self.stdout))
    }

    /// Asserts that standard error tells `text`.
    #[track_caller]
    pub(crate) fn tells(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "expected `{text}` in:\n{}", self.stderr);
        self
    }

    /// Asserts that standard output shows `text`.
    #[track_caller]
    pub(crate) fn shows(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "expected `{text}` in:\n{}", self.stdout);
        self
    }
}
