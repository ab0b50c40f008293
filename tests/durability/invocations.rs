//! Stories of several invocations of the real program: plans are approved, declined and refused by
//! guards, processes are killed, runs are taken up, guards and rules change between.
//!
//! The judge knows what was answered, which guards were in force, and the world. It asks the server
//! what was sent, and the journal what is told.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use fastrand::Rng;
use unpair::model::{GroupId, Outcome, Policy};
use unpair::sandbox::{LiveRule, LoggedCall};
use unpair_testing::process::Ended;
use unpair_testing::terminal::on_terminal;
use unpair_testing::workspace::is_revocation;

use crate::journal::Facts;
use crate::program::SHIPPED;
use crate::seeded_world::{SeededWorld, Size};
use crate::setup::Setup;
use crate::together::together;

const SIZE: Size = Size { alibaba: 2, aws: 1 };
/// Stories, in a usual run and in a long one.
const USUAL: usize = 24;
const LONG: usize = 2_000;
/// Stories told side by side.
const AT_ONCE: usize = 4;
/// Some revocations that are refused for good: `resume` takes them up again.
const REFUSALS: [&str; 3] = [
    "code:InvalidPriority.Malformed@RevokeSecurityGroup=5x",
    "code:InvalidPriority.Malformed@RevokeSecurityGroupEgress=2x",
    "code:InvalidParameterValue@RevokeSecurityGroupIngress=2x",
];

/// What is invoked, but for how it is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Command {
    Revoke(&'static str),
    Plan(&'static str),
    /// `revoke --run ID`, of this plan.
    Stored(String),
    Resume,
    Verify,
}

/// What is said to a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
    /// Yes; and it is killed after so many calls.
    Killed(usize),
}

/// The guard that is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Guard {
    None,
    MaxRules(usize),
    Protect(String),
    OnlyAccounts(String),
}

/// The manifests: all pairs, some of them, and all beside a row that is left out.
const MANIFESTS: [&str; 3] = ["all.csv", "some.csv", "left.csv"];

/// A sequence of commands while it runs.
struct CommandSequence<'a> {
    setup: Setup,
    program: &'a str,
    env: &'a [(&'a str, &'a str)],
    dice: Rng,
    configuration: String,
    guard: Guard,
    /// Some calls are refused.
    is_refused: bool,
    /// The pairs of each manifest.
    pairs: BTreeMap<&'static str, Vec<[String; 2]>>,
    /// Runs by the manifest that they were begun with.
    runs: BTreeMap<String, &'static str>,
    plans: Vec<String>,
    /// Runs whose plan was approved, or may have been, and refused by no guard.
    started: BTreeSet<String>,
    /// Rules that a row asks to remove.
    asked: BTreeSet<String>,
    told: Vec<String>,
    broken: Vec<String>,
}

/// How a sequence ended.
#[derive(Debug, Default)]
pub(crate) struct End {
    told: Vec<String>,
    pub(crate) broken: Vec<String>,
    sent: usize,
}

impl End {
    /// What broke an invariant, and what led to it.
    pub(crate) fn shown(&self) -> String {
        format!("  {}\n    {}", self.told.join("\n  "), self.broken.join("\n    "))
    }
}

/// Runs the sequence of `seed` with `program`.
pub(crate) fn tell(program: &str, env: &[(&str, &str)], seed: u64) -> End {
    let mut sequence = CommandSequence::begin(program, env, seed);
    for _ in 0..sequence.dice.usize(3..=6) {
        sequence.invoke();
        sequence.change_between();
    }
    let sent = sequence.setup.revocations();
    End { told: sequence.told, broken: sequence.broken, sent }
}

impl<'a> CommandSequence<'a> {
    fn begin(program: &'a str, env: &'a [(&'a str, &'a str)], seed: u64) -> Self {
        let mut dice = Rng::with_seed(seed);
        let faults: &[&str] = if dice.bool() { &REFUSALS } else { &[] };
        let setup = Setup::new(SeededWorld::new(seed, SIZE), faults, seed);
        let manifest = setup.seeded.manifest.clone();
        let (header, rows) = manifest.split_once('\n').expect("a header");
        let rows: Vec<&str> = rows.lines().collect();
        let file = |rows: &[&str]| format!("{header}\n{}\n", rows.join("\n"));
        setup.write("all.csv", &file(&rows));
        setup.write("some.csv", &file(&rows[..1]));
        setup.write(
            "left.csv",
            &file(&[&rows[..], &["alibaba,cn-hangzhou,1,sg-1,2,1.2E+15"]].concat()),
        );
        let ends = |row: &&str| {
            let cells: Vec<&str> = row.split(',').collect();
            [cells[3].to_owned(), cells[5].to_owned()]
        };
        let all: Vec<[String; 2]> = rows.iter().map(ends).collect();
        let some = all[..1].to_vec();
        let configuration =
            std::fs::read_to_string(setup.path("unpair.toml")).expect("a configuration");
        Self {
            asked: setup.seeded.grants.clone(),
            pairs: MANIFESTS.into_iter().zip([all.clone(), some, all]).collect(),
            setup,
            program,
            env,
            dice,
            configuration,
            guard: Guard::None,
            is_refused: !faults.is_empty(),
            runs: BTreeMap::new(),
            plans: Vec::new(),
            started: BTreeSet::new(),
            told: Vec::new(),
            broken: Vec::new(),
        }
    }

    /// One invocation, and what the judge says of it.
    fn invoke(&mut self) {
        let (command, answer) = self.drawn();
        self.told.push(format!("{command:?}, {answer:?}, guard {:?}", self.guard));
        let before = self.setup.calls().len();
        let ended = self.run(&command, answer);
        let code = ended.as_ref().and_then(Ended::code);
        let facts = Facts::read(&self.setup.journal()).unwrap_or_default();
        let run = self.worked_on(&command, ended.as_ref(), &facts);
        let calls = self.setup.calls().split_off(before);
        self.told.push(format!("  exit {code:?} of {run:?}, {} calls", calls.len()));
        self.judge_calls(&command, answer, run.as_deref(), &calls);
        self.judge_end(&command, code, run.as_deref());
        self.judge_report(&facts);
        let may_have_started = !matches!(command, Command::Plan(_) | Command::Verify)
            && answer != Answer::No
            && !matches!(code, Some(2 | 5));
        self.started.extend(run.filter(|_| may_have_started));
    }

    fn drawn(&mut self) -> (Command, Answer) {
        let manifest = MANIFESTS[self.dice.usize(0..MANIFESTS.len())];
        let plan = self.plans.last().cloned();
        let command = match (self.dice.u8(0..10), plan) {
            _ if self.told.is_empty() => Command::Revoke(manifest),
            (0..=4, _) => Command::Resume,
            (5, _) => Command::Plan(manifest),
            (6, Some(plan)) => Command::Stored(plan),
            (7, _) => Command::Verify,
            _ => Command::Revoke(manifest),
        };
        let answer = match self.dice.u8(0..10) {
            _ if matches!(command, Command::Plan(_) | Command::Verify) => Answer::Yes,
            0 | 1 => Answer::No,
            2..=4 => Answer::Killed(self.dice.usize(1..40)),
            _ => Answer::Yes,
        };
        (command, answer)
    }

    /// Runs the command to its end, or to the kill: then it did not end.
    fn run(&self, command: &Command, answer: Answer) -> Option<Ended> {
        let mut args = match command {
            Command::Revoke(manifest) => vec!["revoke", manifest, "--keep-going"],
            Command::Plan(manifest) => vec!["plan", manifest, "--keep-going"],
            Command::Stored(plan) => vec!["revoke", "--run", plan],
            Command::Resume => vec!["resume"],
            Command::Verify => vec!["verify"],
        };
        args.extend(["--format", "json"]);
        let asks = !matches!(command, Command::Plan(_) | Command::Verify);
        if asks && answer == Answer::No {
            let path = std::env::var("PATH").unwrap_or_default();
            let env = [self.env, &[("PATH", path.as_str()), ("TERM", "xterm")]].concat();
            let asking = on_terminal(self.program, &args, ["", "no"]);
            return Some(self.setup.begin_command(asking, &env).wait());
        }
        if asks {
            args.push("--yes");
        }
        let mut running = self.setup.begin(self.program, &args, self.env);
        let Answer::Killed(after) = answer else { return Some(running.wait()) };
        let calls = self.setup.calls().len() + after;
        while running.is_running() && self.setup.calls().len() < calls {
            std::thread::yield_now();
        }
        if running.kill() { None } else { Some(running.wait()) }
    }

    /// The run that an invocation worked on, as it tells itself or as the journal shows.
    fn worked_on(
        &mut self,
        command: &Command,
        ended: Option<&Ended>,
        facts: &Facts,
    ) -> Option<String> {
        let ids = || facts.runs.iter().map(|run| run.record.new.id.to_string());
        let new = ids().find(|id| !self.runs.contains_key(id));
        let told = ended.and_then(|ended| run_told(&ended.stdout)).or_else(|| new.clone());
        let run = match command {
            Command::Stored(plan) => Some(plan.clone()),
            _ => told,
        };
        let manifest = match command {
            Command::Revoke(manifest) | Command::Plan(manifest) => Some(*manifest),
            Command::Verify => self.verified(facts, new.as_deref()),
            Command::Stored(_) | Command::Resume => None,
        };
        if let (Some(new), Some(manifest)) = (new, manifest) {
            self.runs.insert(new.clone(), manifest);
            if matches!(command, Command::Plan(_)) {
                self.plans.push(new);
            }
        }
        run
    }

    /// The manifest of the run that `verify` compares with.
    fn verified(&self, facts: &Facts, new: Option<&str>) -> Option<&'static str> {
        let run = facts.runs.iter().find(|run| Some(run.record.new.id.as_str()) == new)?;
        self.runs.get(run.record.new.parent.as_ref()?.as_str()).copied()
    }

    /// Nothing is sent that no row names, that a person declined, or that a guard forbids.
    fn judge_calls(
        &mut self,
        command: &Command,
        answer: Answer,
        run: Option<&str>,
        calls: &[LoggedCall],
    ) {
        let sent: BTreeSet<&str> =
            calls.iter().filter(|it| is_revocation(it)).flat_map(rules).collect();
        let mut breaks = |invariant: &str, how: &dyn std::fmt::Debug| {
            self.broken.push(format!("{invariant}: {command:?} {answer:?} of {run:?}: {how:?}"));
        };
        let strange: Vec<_> = sent.iter().filter(|rule| !self.asked.contains(**rule)).collect();
        if !strange.is_empty() {
            breaks("nothing that no row names", &strange);
        }
        let changes_nothing = matches!(command, Command::Plan(_) | Command::Verify);
        if !sent.is_empty() && (changes_nothing || answer == Answer::No) {
            breaks("nothing that was declined", &sent);
        }
        // A killed process does not tell which run it took up.
        let may_be = |started: &BTreeSet<String>| match run {
            Some(run) => started.contains(run),
            None => !started.is_empty(),
        };
        if !sent.is_empty() && *command == Command::Resume && !may_be(&self.started) {
            breaks("resume takes up what was started", &sent);
        }
        let forbidden = match &self.guard {
            Guard::None => false,
            Guard::MaxRules(most) => sent.len() > *most,
            Guard::Protect(group) => {
                calls.iter().any(|call| is_revocation(call) && group_of(call) == group)
            }
            Guard::OnlyAccounts(id) => calls
                .iter()
                .any(|call| call.account.as_ref().is_some_and(|account| account.as_str() != id)),
        };
        if forbidden {
            breaks("nothing that a guard forbids", &(&self.guard, &sent));
        }
    }

    /// Exit code 0 says that nothing stands between the pairs of a run, and that no row was left
    /// out.
    fn judge_end(&mut self, command: &Command, code: Option<i32>, run: Option<&str>) {
        let manifest = run.and_then(|run| self.runs.get(run)).copied();
        let (Some(0), Some(manifest)) = (code, manifest) else { return };
        if matches!(command, Command::Plan(_)) {
            return;
        }
        let standing: Vec<String> =
            self.pairs[manifest].iter().flat_map(|pair| self.grants(pair)).collect();
        if !standing.is_empty() {
            let how = format!("{command:?} of {run:?}: {standing:?} stands");
            self.broken.push(format!("exit code 0 means clean: {how}"));
        }
        if manifest == "left.csv" && *command != Command::Verify {
            let how = format!("{command:?} of {run:?} ends with 0");
            self.broken.push(format!("a row that was left out stays left out: {how}"));
        }
    }

    /// What counts as removed does not stand.
    fn judge_report(&mut self, facts: &Facts) {
        let world = self.setup.world();
        let live = crate::seeded_world::rules(&world);
        for standing in facts.runs.iter().flat_map(|run| &run.standings) {
            if standing.outcome == Outcome::Removed && live.contains(&standing.rule) {
                self.broken.push(format!("removed means gone: {} stands", standing.rule));
            }
        }
    }

    /// The grants between two groups that stand now.
    fn grants(&self, [a, b]: &[String; 2]) -> Vec<String> {
        let world = self.setup.world();
        let of_side = |own: &str, peer: &str| -> Vec<String> {
            let names = |rule: &&LiveRule| {
                rule.policy == Policy::Accept
                    && rule.peer_group().is_some_and(|group| group.as_str() == peer)
            };
            let rules = &world.groups[&GroupId::from(own)].rules;
            rules.iter().filter(names).map(|rule| rule.id.to_string()).collect()
        };
        [of_side(a, b), of_side(b, a)].concat()
    }

    /// Somebody changes the guards, or adds a grant.
    fn change_between(&mut self) {
        if self.dice.f64() < 0.5 {
            self.guard = self.drawn_guard();
            self.setup
                .write("unpair.toml", &format!("{}{}", self.configuration, self.guard.toml()));
        }
        if self.dice.f64() < 0.3 {
            self.add_a_grant();
        }
    }

    fn drawn_guard(&mut self) -> Guard {
        if self.is_refused && self.dice.bool() {
            return Guard::MaxRules(1);
        }
        let pairs = &self.pairs["all.csv"];
        match self.dice.u8(0..9) {
            0..=3 => Guard::MaxRules(self.dice.usize(1..4)),
            4 => Guard::Protect(pairs[self.dice.usize(0..pairs.len())][0].clone()),
            5 => Guard::OnlyAccounts("1234567890123401".to_owned()),
            _ => Guard::None,
        }
    }

    fn add_a_grant(&mut self) {
        let pairs = &self.pairs["all.csv"];
        let pair = pairs[self.dice.usize(0..pairs.len())].clone();
        let own = GroupId::from(pair[self.dice.usize(0..2)].as_str());
        let before = &self.setup.seeded.world.groups[&own];
        let is_grant = |rule: &&LiveRule| self.setup.seeded.grants.contains(rule.id.as_str());
        let Some(mut rule) = before.rules.iter().find(is_grant).cloned() else { return };
        let n = i32::try_from(self.asked.len()).expect("few rules");
        let id = format!("sgr-added-{n}");
        rule.id = id.as_str().into();
        (rule.ports.from, rule.ports.to) = (30_000 + n, 30_000 + n);
        self.told.push(format!("{id} is added to {own}"));
        self.asked.insert(id);
        self.setup.sandbox.edit(|world| {
            world.groups.get_mut(&own).expect("a group of the world").rules.push(rule);
        });
    }
}

impl Guard {
    fn toml(&self) -> String {
        let mut text = "[guard]\n".to_owned();
        let _ = match self {
            Self::None => Ok(()),
            Self::MaxRules(most) => writeln!(text, "max_rules = {most}"),
            Self::Protect(group) => writeln!(text, "protect = ['{group}']"),
            Self::OnlyAccounts(id) => writeln!(text, "only_accounts = ['{id}']"),
        };
        text
    }
}

/// The run that JSON tells of, also beside what a terminal shows.
fn run_told(text: &str) -> Option<String> {
    let rest = text.split("\"run\":").nth(1)?;
    rest.split('"').nth(1).map(str::to_owned)
}

/// The rules that a revocation names.
fn rules(call: &LoggedCall) -> impl Iterator<Item = &str> {
    let named = call.params.iter().filter(|(name, _)| name.starts_with("SecurityGroupRuleId"));
    named.map(|(_, rule)| rule.as_str())
}

fn group_of(call: &LoggedCall) -> &str {
    let names = ["SecurityGroupId", "GroupId"];
    names.iter().find_map(|name| call.params.get(*name)).map_or("", String::as_str)
}

#[test]
fn nothing_is_sent_that_was_declined_or_forbidden_over_any_sequence_of_invocations() {
    let (first, sequences) = (crate::seed(), if crate::is_long() { LONG } else { USUAL });
    let seed = |n: usize| first.wrapping_add(n as u64);
    let ends = together(sequences, AT_ONCE, |n| (seed(n), tell(SHIPPED, &[], seed(n))));
    let sent: usize = ends.iter().map(|(_, end)| end.sent).sum();
    println!("{sequences} sequences, {sent} requests");
    let wrong: Vec<_> = ends.iter().filter(|(_, end)| !end.broken.is_empty()).collect();
    let shown: Vec<String> = wrong
        .iter()
        .take(10)
        .map(|(seed, end)| format!("UNPAIR_SEED={seed}\n{}", end.shown()))
        .collect();
    assert!(wrong.is_empty(), "{} of {sequences} sequences:\n{}", wrong.len(), shown.join("\n"));
    assert!(sent > sequences, "sequences come to something");
}
