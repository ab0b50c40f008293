//! A stage: a world served by the sandbox, a folder of its own, and the real program started in it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use unpair::sandbox::{Fault, LoggedCall, Sandbox, SandboxAccount, SandboxOptions, World, start};

use crate::world::Plot;

/// How long anything is waited for before the test fails.
const PATIENCE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(2);

/// A world, a folder, and the program to be run in it.
pub(crate) struct Stage {
    pub(crate) plot: Plot,
    folder: TempDir,
    sandbox: Sandbox,
    _runtime: tokio::runtime::Runtime,
}

impl Stage {
    /// Serves `plot` with `faults`, which strike as `seed` has it.
    pub(crate) fn new(plot: Plot, faults: &[&str], seed: u64) -> Self {
        let mut options = SandboxOptions::new(plot.world.clone());
        options.seed = seed;
        options.faults =
            faults.iter().map(|text| text.parse::<Fault>().expect("a valid fault")).collect();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime for the sandbox");
        let sandbox = runtime.block_on(start(options)).expect("the sandbox starts");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let stage = Self { plot, folder, sandbox, _runtime: runtime };
        stage.write("pairs.csv", &stage.plot.manifest);
        stage.write("unpair.toml", &stage.configuration());
        stage.write("aliyun.json", &stage.alibaba_profiles());
        stage.write("aws-credentials", &stage.aws_profiles());
        stage.write("aws-config", "");
        stage
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a writable folder");
    }

    /// The journal that commands use unless they are told otherwise.
    pub(crate) fn journal(&self) -> PathBuf {
        self.path("unpair.db")
    }

    /// Starts a program with more environment.
    pub(crate) fn begin(&self, program: &str, args: &[&str], env: &[(&str, &str)]) -> Running {
        let mut command = Command::new(program);
        command.args(args);
        self.spawn(command, env)
    }

    /// Starts a command that runs the program in some way.
    pub(crate) fn spawn(&self, mut command: Command, env: &[(&str, &str)]) -> Running {
        let outputs = tempfile::tempdir().expect("a folder for what is printed");
        let file = |name: &str| File::create(outputs.path().join(name)).expect("a new file");
        let what = format!("{command:?}");
        let child = command
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.environment())
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .stdout(file("stdout"))
            .stderr(file("stderr"))
            .spawn()
            .expect("the program starts");
        Running { child, outputs, what }
    }

    /// Runs a program to its end.
    pub(crate) fn run(&self, program: &str, args: &[&str], env: &[(&str, &str)]) -> Ended {
        self.begin(program, args, env).wait()
    }

    /// Every call so far, as the server saw it.
    pub(crate) fn calls(&self) -> Vec<LoggedCall> {
        self.sandbox.calls()
    }

    /// Counts the calls that change something as they arrive.
    pub(crate) fn counter(&self) -> Counter<'_> {
        Counter { stage: self, known: self.calls().len(), counted: 0 }
    }

    pub(crate) fn world(&self) -> World {
        self.sandbox.world()
    }

    fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        vec![
            ("HOME", self.folder.path().to_owned()),
            ("AWS_SHARED_CREDENTIALS_FILE", self.path("aws-credentials")),
            ("AWS_CONFIG_FILE", self.path("aws-config")),
            ("AWS_EC2_METADATA_DISABLED", "true".into()),
        ]
    }

    fn configuration(&self) -> String {
        let (ecs, ec2) = (self.sandbox.alibaba_url(), self.sandbox.aws_url());
        let account = |account: &SandboxAccount| {
            let (cloud, id) = (account.cloud, &account.id);
            format!("[[account]]\ncloud = '{cloud}'\nid = '{id}'\nprofile = '{id}'\n")
        };
        let accounts = self.sandbox.accounts().iter().map(account).collect::<Vec<_>>().concat();
        format!(
            "[alibaba]\necs_endpoint = '{ecs}'\nsts_endpoint = '{ecs}'\n\
             config_file = 'aliyun.json'\n[alibaba.limits]\nrate = 'off'\nin_flight = 4\n\
             [aws]\nec2_endpoint = '{ec2}'\nsts_endpoint = '{ec2}'\n\
             [aws.limits]\nrate = 'off'\nin_flight = 4\n{accounts}"
        )
    }

    fn alibaba_profiles(&self) -> String {
        let profile = |account: &SandboxAccount| {
            json!({
                "name": account.id, "mode": "AK",
                "access_key_id": account.access_key_id,
                "access_key_secret": account.access_key_secret,
            })
        };
        let profiles: Vec<Value> = self.sandbox.accounts().iter().map(profile).collect();
        json!({ "current": "", "profiles": profiles }).to_string()
    }

    fn aws_profiles(&self) -> String {
        let profile = |account: &SandboxAccount| {
            format!(
                "[{}]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
                account.id, account.access_key_id, account.access_key_secret
            )
        };
        self.sandbox.accounts().iter().map(profile).collect()
    }
}

/// Counts calls that change something, from where it was made.
pub(crate) struct Counter<'a> {
    stage: &'a Stage,
    known: usize,
    counted: usize,
}

impl Counter<'_> {
    pub(crate) fn count(&mut self) -> usize {
        let new = self.stage.sandbox.calls_from(self.known);
        self.known += new.len();
        self.counted += new.iter().filter(|call| is_revocation(call)).count();
        self.counted
    }
}

/// Whether a call is one that removes rules.
pub(crate) fn is_revocation(call: &LoggedCall) -> bool {
    call.action.starts_with("Revoke")
}

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
    child: Child,
    outputs: TempDir,
    what: String,
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

    /// Kills it as `kill -9` does; false if it had ended before.
    pub(crate) fn kill(&mut self) -> bool {
        if !self.is_running() {
            return false;
        }
        self.child.kill().expect("a child of ours");
        self.child.wait().expect("a child of ours");
        true
    }

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

fn printed(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).expect("what was printed is text")
}

/// The program after its end.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    status: ExitStatus,
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
