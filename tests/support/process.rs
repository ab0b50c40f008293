//! The program as a process: while it runs, and after its end.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::canaries;

/// How long anything is waited for before the test fails.
const PATIENCE: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(2);

/// Waits until `holds`, and fails the test if it does not in time.
#[track_caller]
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(POLL);
    }
}

/// The program while it runs; killed if the test ends before it does.
pub struct Running {
    /// The process itself.
    pub child: Child,
    outputs: TempDir,
    what: String,
}

impl Running {
    /// Starts a command whose outputs are kept.
    pub fn start(mut command: Command) -> Self {
        let outputs = tempfile::tempdir().expect("a folder for what is printed");
        let file = |name: &str| File::create(outputs.path().join(name)).expect("a new file");
        let what = format!("{command:?}");
        let child = command
            .stdin(Stdio::null())
            .stdout(file("stdout"))
            .stderr(file("stderr"))
            .spawn()
            .expect("the program starts");
        Self { child, outputs, what }
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args([format!("-{name}"), self.child.id().to_string()])
            .status()
            .expect("`kill` runs");
        assert!(status.success(), "the signal is sent");
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child of ours").is_none()
    }

    /// Kills it as `kill -9` does; false if it had ended before.
    pub fn kill(&mut self) -> bool {
        if !self.is_running() {
            return false;
        }
        self.child.kill().expect("a child of ours");
        self.child.wait().expect("a child of ours");
        true
    }

    /// What it has shown on standard output so far.
    pub fn shown(&self) -> String {
        printed(self.outputs.path(), "stdout")
    }

    /// What it has told on standard error so far.
    pub fn told(&self) -> String {
        printed(self.outputs.path(), "stderr")
    }

    /// Waits until it has told `text` on standard error.
    pub fn wait_until_it_tells(&self, text: &str) {
        wait_until(text, || self.told().contains(text));
    }

    /// Waits for the end.
    pub fn wait(mut self) -> Ended {
        let what = self.what.clone();
        let mut status = None;
        wait_until(&format!("the end of {what}"), || {
            status = self.child.try_wait().expect("a child of ours");
            status.is_some()
        });
        Ended {
            status: status.expect("it ended"),
            stdout: printed(self.outputs.path(), "stdout"),
            stderr: printed(self.outputs.path(), "stderr"),
            what,
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
#[derive(Clone, Debug)]
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// All of its standard output.
    pub stdout: String,
    /// All of its standard error.
    pub stderr: String,
    what: String,
}

impl Ended {
    /// The exit code; `None` after a signal.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Asserts the exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        let Self { status, stdout, stderr, what } = &self;
        assert_eq!(
            status.code(),
            Some(code),
            "{what}: {status}\n--- stdout\n{stdout}\n--- stderr\n{stderr}"
        );
        self
    }

    /// The JSON object on standard output.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }

    /// Asserts that standard error tells `text`.
    #[track_caller]
    pub fn tells(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "expected `{text}` in:\n{}", self.stderr);
        self
    }

    /// Asserts that standard output shows `text`.
    #[track_caller]
    pub fn shows(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "expected `{text}` in:\n{}", self.stdout);
        self
    }
}
