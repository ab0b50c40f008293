//! The program as a process: while it runs, and after its end.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::canaries;

/// How long anything is waited for before the test fails.
const PATIENCE: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(2);

/// Waits until `holds`, and fails the test if it does not in time.
#[track_caller]
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
    what: String,
}

impl Running {
    /// Starts a command whose outputs are kept.
    pub(crate) fn start(mut command: Command) -> Self {
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
pub(crate) fn printed(folder: &Path, name: &str) -> String {
    let text = fs::read_to_string(folder.join(name)).expect("what was printed is text");
    canaries::assert_none(name, text.as_bytes());
    text
}

/// The program after its end.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    what: String,
}

impl Ended {
    /// The exit code; `None` after a signal.
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        let Self { status, stdout, stderr, what } = &self;
        assert_eq!(
            status.code(),
            Some(code),
            "{what}: {status}\n--- stdout\n{stdout}\n--- stderr\n{stderr}"
        );
        self
    }
}
