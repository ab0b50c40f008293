//! A workspace: a world served by the sandbox, a folder with configuration and credentials, and the
//! real program run in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Deref;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use unpair::model::{GroupId, Policy};
use unpair::sandbox::{InjectedFault, LoggedCall, SandboxOptions, World};
use unpair_testing::process::{Ended, Running, wait_until};
use unpair_testing::terminal::on_terminal;
use unpair_testing::workspace::Workspace;
pub(crate) use unpair_testing::workspace::is_revocation;
use unpair_testing::world_file::{Owner, WorldText};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_unpair");
const HEADER: &str = "cloud,region,account_a,group_a,account_b,group_b\n";

/// A workspace that is being set.
pub(crate) struct WorkspaceSetup {
    options: SandboxOptions,
    config: String,
    limits: &'static str,
}

impl WorkspaceSetup {
    pub(crate) fn of(world: &WorldText) -> Self {
        let options = SandboxOptions::new(world.read());
        Self { options, config: String::new(), limits: "rate = 'off'\nin_flight = 4\n" }
    }

    /// A fault as on the command line: `NAME[@ACTION][@ACCOUNT]=RATE`.
    pub(crate) fn fault(mut self, fault: impl AsRef<str>) -> Self {
        let fault: InjectedFault = fault.as_ref().parse().expect("the test's fault is valid");
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

    pub(crate) fn start(self) -> CliWorkspace {
        CliWorkspace(Workspace::new(self.options, self.limits, &self.config))
    }
}

/// A world, a folder, and the program to be run in it.
pub(crate) struct CliWorkspace(Workspace);

impl Deref for CliWorkspace {
    type Target = Workspace;

    fn deref(&self) -> &Workspace {
        &self.0
    }
}

impl CliWorkspace {
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
        self.spawn(command)
    }

    /// Runs the program on a terminal where somebody gives `answer` to its question. Both its
    /// outputs come as standard output, as the terminal shows them.
    pub(crate) fn run_on_terminal(
        &self,
        args: &[&str],
        answer: &str,
        env: &[(&str, &str)],
    ) -> Ended {
        self.run_where_somebody_types(args, ["", answer], env)
    }

    /// The same, where `early` is typed before the program starts.
    pub(crate) fn run_where_somebody_types(
        &self,
        args: &[&str],
        typed: [&str; 2],
        env: &[(&str, &str)],
    ) -> Ended {
        let mut command = on_terminal(PROGRAM, args, typed);
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env_clear().env("PATH", path).env("TERM", "xterm").envs(env.iter().copied());
        self.spawn(command).wait()
    }

    /// Runs the program where no file may grow beyond `blocks` of 512 bytes, as on a full disk.
    pub(crate) fn run_on_full_disk(&self, args: &[&str], blocks: u32) -> Ended {
        let mut command = Command::new("/bin/sh");
        let script = format!("ulimit -f {blocks}; exec \"$@\"");
        command.args(["-c", &script, "sh", PROGRAM]).args(args).env_clear();
        self.spawn(command).wait()
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

    /// The calls that change something.
    pub(crate) fn revocations(&self) -> Vec<LoggedCall> {
        self.calls().into_iter().filter(is_revocation).collect()
    }

    /// Waits until the calls so far are as told.
    pub(crate) fn wait_for(&self, what: &str, holds: impl Fn(&[LoggedCall]) -> bool) {
        wait_until(what, || holds(&self.calls()));
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
}

/// Every rule of a world: `GROUP RULE`.
pub(crate) fn rules_of(world: &World) -> BTreeSet<String> {
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
