//! A scene: a world served by the sandbox, a folder with configuration and credentials, and the
//! real program run in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use unpair::model::{GroupId, Policy};
use unpair::sandbox::{Fault, LoggedCall, Sandbox, SandboxOptions, World, start};

use crate::process::{Ended, Running, wait_until};
use crate::world::{Owner, WorldText};

const PROGRAM: &str = env!("CARGO_BIN_EXE_unpair");
/// Runs a command on a terminal of its own, answers its question, shows what it prints.
const TERMINAL: &str = r"
import os, pty, sys
answer, command = sys.argv[1], sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(command[0], command)
shown, asked = b'', False
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:
        break
    if not piece:
        break
    shown += piece
    if not asked and b'type the number of rules' in shown:
        asked = True
        os.write(terminal, answer.encode() + b'\n')
sys.stdout.buffer.write(shown)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
";
const HEADER: &str = "cloud,region,account_a,group_a,account_b,group_b\n";

/// A scene that is being set.
pub(crate) struct Setting {
    options: SandboxOptions,
    config: String,
    limits: &'static str,
}

impl Setting {
    pub(crate) fn of(world: &WorldText) -> Self {
        let options = SandboxOptions::new(world.read());
        Self { options, config: String::new(), limits: "rate = 'off'\nin_flight = 4\n" }
    }

    /// A fault as on the command line: `NAME[@ACTION][@ACCOUNT]=RATE`.
    pub(crate) fn fault(mut self, fault: impl AsRef<str>) -> Self {
        let fault: Fault = fault.as_ref().parse().expect("the test's fault is valid");
        self.options.faults.push(fault);
        self
    }

    /// The seed of the faults; printed, so that a failure can be repeated.
    pub(crate) fn seed(mut self, seed: u64) -> Self {
        println!("sandbox seed {seed}");
        self.options.seed = seed;
        self
    }

    /// The limits of both clouds, in place of none.
    pub(crate) fn limits(self, limits: &'static str) -> Self {
        Self { limits, ..self }
    }

    /// How long reads still show what a revocation removed.
    pub(crate) fn lag(mut self, lag: Duration) -> Self {
        self.options.visibility_delay = lag;
        self
    }

    /// More configuration, after the accounts.
    pub(crate) fn config(mut self, text: &str) -> Self {
        self.config.push_str(text);
        self
    }

    pub(crate) fn start(self) -> Scene {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime for the sandbox");
        let before = self.options.world.clone();
        let sandbox = runtime.block_on(start(self.options)).expect("the sandbox starts");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let scene = Scene { folder, sandbox, before, _runtime: runtime };
        scene.write("unpair.toml", &scene.configuration(&self.config, self.limits));
        scene.write("aliyun.json", &scene.alibaba_profiles());
        scene.write("aws-credentials", &scene.aws_profiles());
        scene.write("aws-config", "");
        scene
    }
}

/// A world, a folder, and the program to be run in it.
pub(crate) struct Scene {
    folder: TempDir,
    sandbox: Sandbox,
    before: World,
    _runtime: tokio::runtime::Runtime,
}

impl Scene {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a writable folder");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a readable file")
    }

    /// Writes `pairs.csv` with one row a pair.
    pub(crate) fn pairs(&self, pairs: &[(Owner, &str, Owner, &str)]) {
        let rows = pairs.iter().map(|(a, group_a, b, group_b)| {
            format!("{},{},{},{group_a},{},{group_b}\n", a.cloud, a.region, a.id, b.id)
        });
        self.write("pairs.csv", &format!("{HEADER}{}", rows.collect::<String>()));
    }

    /// Starts the program.
    pub(crate) fn begin(&self, args: &[&str]) -> Running {
        self.begin_with(args, &[])
    }

    /// Starts the program with more environment.
    pub(crate) fn begin_with(&self, args: &[&str], env: &[(&str, &str)]) -> Running {
        let mut command = Command::new(PROGRAM);
        command.args(args).env_clear().envs(env.iter().copied());
        self.spawn(command, args)
    }

    /// Runs the program on a terminal where somebody gives `answer` to its question. Both its
    /// outputs come as standard output, as the terminal shows them.
    pub(crate) fn run_on_terminal(
        &self,
        args: &[&str],
        answer: &str,
        env: &[(&str, &str)],
    ) -> Ended {
        let mut command = Command::new("python3");
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.args(["-c", TERMINAL, answer, PROGRAM]).args(args);
        command.env_clear().env("PATH", path).env("TERM", "xterm").envs(env.iter().copied());
        self.spawn(command, args).wait()
    }

    /// Runs the program where no file may grow beyond `blocks` of 512 bytes, as on a full disk.
    pub(crate) fn run_on_full_disk(&self, args: &[&str], blocks: u32) -> Ended {
        let mut command = Command::new("/bin/sh");
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        command.args(["-c", &script, "sh", PROGRAM]).args(args).env_clear();
        self.spawn(command, args).wait()
    }

    fn spawn(&self, mut command: Command, args: &[&str]) -> Running {
        let outputs = tempfile::tempdir().expect("a folder for what is printed");
        let file = |name: &str| File::create(outputs.path().join(name)).expect("a new file");
        let child = command
            .current_dir(self.folder.path())
            .envs(self.environment())
            .stdin(Stdio::null())
            .stdout(file("stdout"))
            .stderr(file("stderr"))
            .spawn()
            .expect("the program starts");
        Running { child, outputs, args: args.join(" ") }
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        self.begin(args).wait()
    }

    /// Runs the program with more environment.
    pub(crate) fn run_with(&self, args: &[&str], env: &[(&str, &str)]) -> Ended {
        self.begin_with(args, env).wait()
    }

    /// Runs the program, which must end with `exit`, and reads its JSON.
    pub(crate) fn json(&self, args: &[&str], exit: i32) -> Value {
        self.run(&[args, &["--format", "json"]].concat()).exits(exit).json()
    }

    /// The report of the latest run.
    pub(crate) fn report(&self) -> Value {
        self.json(&["report"], 0)
    }

    /// Every call so far.
    pub(crate) fn calls(&self) -> Vec<LoggedCall> {
        self.sandbox.calls()
    }

    /// The calls that change something.
    pub(crate) fn revocations(&self) -> Vec<LoggedCall> {
        self.calls().into_iter().filter(is_revocation).collect()
    }

    /// Waits until the calls so far are as told.
    pub(crate) fn wait_for(&self, what: &str, holds: impl Fn(&[LoggedCall]) -> bool) {
        wait_until(what, || holds(&self.calls()));
    }

    pub(crate) fn world(&self) -> World {
        self.sandbox.world()
    }

    /// Changes the world behind the program's back.
    pub(crate) fn edit(&self, change: impl FnOnce(&mut World)) {
        self.sandbox.edit(change);
    }

    /// Removes every rule of a group whose peer is another group.
    pub(crate) fn cut_behind_the_back(&self, group: &str) {
        self.edit(|world| {
            let group = world.groups.get_mut(&GroupId::from(group)).expect("a group of the world");
            group.rules.retain(|rule| rule.peer_group().is_none());
        });
    }

    /// What is gone since the start, and what is new: `GROUP RULE`.
    pub(crate) fn changes(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        let (before, now) = (rules_of(&self.before), rules_of(&self.world()));
        (before.difference(&now).cloned().collect(), now.difference(&before).cloned().collect())
    }

    /// Asserts that exactly the accept rules between these groups are gone, and nothing came.
    pub(crate) fn assert_only_severed(&self, pairs: &[(&str, &str)]) {
        let (gone, new) = self.changes();
        assert_eq!(new, BTreeSet::new(), "nothing is added");
        assert_eq!(gone, grants_between(&self.before, pairs), "the grants, and nothing else");
    }

    /// Asserts that the world is as it was.
    pub(crate) fn assert_untouched(&self) {
        assert_eq!(self.changes(), (BTreeSet::new(), BTreeSet::new()));
    }

    /// Asserts that no client token was sent with two different requests.
    pub(crate) fn assert_each_token_names_one_request(&self) {
        let mut requests: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for call in self.revocations() {
            let Some(token) = call.params.get("ClientToken") else { continue };
            let first = requests.entry(token.clone()).or_insert_with(|| call.params.clone());
            assert_eq!(*first, call.params, "token {token}");
        }
    }

    fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        vec![
            ("HOME", self.folder.path().to_owned()),
            ("AWS_SHARED_CREDENTIALS_FILE", self.path("aws-credentials")),
            ("AWS_CONFIG_FILE", self.path("aws-config")),
            ("AWS_EC2_METADATA_DISABLED", "true".into()),
        ]
    }

    fn configuration(&self, more: &str, limits: &str) -> String {
        let (ecs, ec2) = (self.sandbox.alibaba_url(), self.sandbox.aws_url());
        let accounts: String = self.before.accounts.iter().map(account_section).collect();
        format!(
            "[alibaba]\necs_endpoint = '{ecs}'\nsts_endpoint = '{ecs}'\n\
             config_file = 'aliyun.json'\n[alibaba.limits]\n{limits}\
             [aws]\nec2_endpoint = '{ec2}'\nsts_endpoint = '{ec2}'\n[aws.limits]\n{limits}\
             {accounts}{more}"
        )
    }

    fn alibaba_profiles(&self) -> String {
        let profiles: Vec<Value> = self
            .sandbox
            .accounts()
            .iter()
            .map(|account| {
                json!({
                    "name": account.id, "mode": "AK",
                    "access_key_id": account.access_key_id,
                    "access_key_secret": account.access_key_secret,
                })
            })
            .collect();
        json!({ "current": "", "profiles": profiles }).to_string()
    }

    fn aws_profiles(&self) -> String {
        let profile = |account: &unpair::sandbox::SandboxAccount| {
            format!(
                "[{}]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
                account.id, account.access_key_id, account.access_key_secret
            )
        };
        self.sandbox.accounts().iter().map(profile).collect()
    }
}

/// A world's own account by its profile; without a key, a partner's.
fn account_section(account: &unpair::sandbox::Account) -> String {
    let source = match &account.access_key_id {
        Some(_) => format!("profile = '{}'", account.id),
        None => "credentials = 'none'".to_owned(),
    };
    let name = account.name.as_deref().unwrap_or_default();
    format!(
        "[[account]]\ncloud = '{}'\nid = '{}'\nname = '{name}'\n{source}\n",
        account.cloud, account.id
    )
}

fn rules_of(world: &World) -> BTreeSet<String> {
    let rules = world
        .groups
        .values()
        .flat_map(|group| group.rules.iter().map(move |rule| format!("{} {}", group.id, rule.id)));
    rules.collect()
}

/// Every accept rule of one of the pairs' groups that names the other: `GROUP RULE`.
pub(crate) fn grants_between(world: &World, pairs: &[(&str, &str)]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (own, peer) in pairs.iter().flat_map(|(a, b)| [(*a, *b), (*b, *a)]) {
        let Some(group) = world.groups.get(&GroupId::from(own)) else { continue };
        let grants = group.rules.iter().filter(|rule| {
            rule.peer_group().is_some_and(|named| named.as_str() == peer)
                && rule.policy == Policy::Accept
        });
        found.extend(grants.map(|rule| format!("{own} {}", rule.id)));
    }
    found
}

/// Whether a call is one that removes rules.
pub(crate) fn is_revocation(call: &LoggedCall) -> bool {
    call.action.starts_with("Revoke")
}
