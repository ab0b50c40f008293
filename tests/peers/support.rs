//! What the tests with real peers share: the Python that has them, servers that end with their
//! test, and a user's folder in which commands run.
//!
//! `UNPAIR_PEERS_PYTHON` names the Python into which tests/peers/requirements.txt is installed;
//! tests/all.sh makes one. The tests that need it are ignored unless they are asked for.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use unpair_testing::canaries;

/// The Python that has the official clients and moto, with the aws CLI beside it.
pub(crate) struct Python(pub(crate) PathBuf);

impl Python {
    /// The one that the environment names.
    pub(crate) fn find() -> Self {
        let python = std::env::var_os("UNPAIR_PEERS_PYTHON");
        Self(python.expect("UNPAIR_PEERS_PYTHON names a Python; tests/all.sh sets it").into())
    }

    /// A script of tests/peers.
    pub(crate) fn script(&self, name: &str) -> Command {
        let mut command = Command::new(&self.0);
        alone(&mut command).arg(script(name));
        command
    }
}

/// Where a script of tests/peers is.
pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(name)
}

/// Nothing of the user's surroundings reaches the program, but where programs are.
pub(crate) fn alone(command: &mut Command) -> &mut Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let fixed = [("LANG", "C.UTF-8"), ("PYTHONDONTWRITEBYTECODE", "1"), ("AWS_PAGER", "")];
    command.env_clear().env("PATH", path).envs(fixed)
}

/// What `command` printed; it must succeed.
pub(crate) fn succeed(command: &mut Command) -> Output {
    let output = command.output().expect("the program starts");
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{said}\n{complained}");
    output
}

/// A server that says in one line that it is ready, and ends when this is dropped.
pub(crate) struct Server {
    child: Child,
    /// The line.
    pub(crate) ready: Value,
}

impl Server {
    pub(crate) fn start(command: &mut Command) -> Self {
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = pipes.spawn().expect("the server starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("readable");
        let ready = serde_json::from_str(&line).expect("a line of JSON when it is ready");
        Self { child, ready }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already gone is as good.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A user's folder: home, configuration, manifests and journal in one.
pub(crate) struct Home(tempfile::TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a writable folder");
        std::fs::write(path, text).expect("a writable folder");
    }

    /// `unpair` as this user.
    pub(crate) fn unpair<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_unpair"));
        alone(&mut command).env("HOME", self.0.path()).current_dir(self.0.path()).args(arguments);
        command
    }
}

impl Drop for Home {
    /// Nothing that the program left behind holds a secret, but the profiles that it was given, and
    /// what the sandbox says when it is ready.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            canaries::assert_none_below(self.0.path(), &["config.json", "sandbox.json"]);
        }
    }
}

/// How a command of `unpair --format json` ended.
pub(crate) struct Ran {
    pub(crate) exit: Option<i32>,
    pub(crate) json: Value,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = canaries::plant(command).output().expect("unpair starts");
        canaries::assert_none("standard output", &output.stdout);
        canaries::assert_none("standard error", &output.stderr);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let json = serde_json::from_slice(&output.stdout).unwrap_or_default();
        Self { exit: output.status.code(), json, stderr }
    }

    /// The number at `pointer`, such as `/rules/removed`.
    pub(crate) fn number(&self, pointer: &str) -> u64 {
        let found = self.json.pointer(pointer).and_then(Value::as_u64);
        found.unwrap_or_else(|| panic!("no number at {pointer}: {}\n{}", self.json, self.stderr))
    }

    /// This, which must have ended with `exit`.
    pub(crate) fn with_exit(self, exit: i32) -> Self {
        assert_eq!(self.exit, Some(exit), "{}\n{}", self.json, self.stderr);
        self
    }
}
