//! Stories of several invocations: plans are approved or declined, processes are killed, runs are
//! taken up and verified, while clouds answer in their manners and somebody changes rules between.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use fastrand::Rng;
use tempfile::TempDir;
use unpair::journal::{
    Journal, JournalError, JournalRead as _, NewRun, RunKind, RunRecord, RunState, take,
};
use unpair::model::{PairSet, RunId};
use unpair::report::{exit_code, for_each_pair, summarize};
use unpair::run::{
    Basis, Driver, Ending, FailureLimit, Freshness, Halt, Hooks, Pause, Prepared, Refusal,
    RefusedBy, Taken, is_unfinished, revoke, stored_pairs, take_or_begin,
};
use unpair_testing::fixture::new_run;

use crate::clouds::Clouds;
use crate::host::{Host, folder};
use crate::journal::{Watched, at_once};
use crate::process::{FRESH, exchange};
use crate::rows::Rows;
use crate::simulated_run::alone;
use crate::time::{Time, since_begin};
use crate::verdicts::{Invocation, Rests};

/// What is invoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    /// `revoke MANIFEST`.
    Revoke,
    /// `resume`.
    Resume,
    /// `plan MANIFEST`.
    Plan,
    /// `revoke --run ID`, of the latest plan.
    Stored,
    /// `verify`, of the latest run that was started.
    Verify,
}

const COMMANDS: [Command; 9] = [
    Command::Revoke,
    Command::Revoke,
    Command::Revoke,
    Command::Resume,
    Command::Resume,
    Command::Resume,
    Command::Plan,
    Command::Stored,
    Command::Verify,
];

/// Steps after which a process is killed, at the most.
const STEPS: u64 = 150;

/// What a person, or a guard, says to a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reply {
    Yes,
    No,
    /// Yes, if it is no larger than this.
    AtMost(u64),
}

/// A sequence of commands while it runs.
struct CommandSequence {
    clouds: Arc<Mutex<Clouds>>,
    rows: Rows,
    pairs: PairSet,
    journal: Arc<TempDir>,
    time: Time,
    rng: Rng,
    /// Runs of which a plan was approved.
    started: BTreeSet<RunId>,
    begun: u32,
    told: Vec<String>,
}

/// How a sequence ended.
struct End {
    broken: Vec<String>,
    told: Vec<String>,
    sent: u64,
    /// Invocations that ended with exit code 0.
    done: usize,
}

impl CommandSequence {
    fn begin(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let rows = Rows::drawn(seed, &mut rng);
        Self {
            clouds: Arc::new(Mutex::new(rows.clouds.clone())),
            pairs: rows.pairs(),
            rows,
            journal: Arc::new(folder()),
            time: Time::since(Duration::ZERO),
            rng,
            started: BTreeSet::new(),
            begun: 0,
            told: Vec::new(),
        }
    }

    fn clouds(&self) -> MutexGuard<'_, Clouds> {
        self.clouds.lock().expect("nobody panicked")
    }

    async fn tell(mut self) -> End {
        let manner = self.clouds().manner.shown();
        self.told.push(manner);
        let mut done = 0;
        for _ in 0..self.rng.usize(3..=7) {
            done += usize::from(self.invoke().await == Some(0));
            self.change_between().await;
        }
        let mut clouds = self.clouds();
        let (broken, sent) = (std::mem::take(&mut clouds.broken), clouds.sent);
        drop(clouds);
        End { broken, told: self.told, sent, done }
    }

    /// One invocation: its exit code, unless it was killed or had nothing to work on.
    async fn invoke(&mut self) -> Option<u8> {
        let command = match self.begun {
            // There is nothing to go on with.
            0 => [Command::Revoke, Command::Revoke, Command::Plan][self.rng.usize(0..3)],
            _ => COMMANDS[self.rng.usize(0..COMMANDS.len())],
        };
        let reply = match self.rng.u8(0..10) {
            0..=2 => Reply::No,
            3 => Reply::AtMost(self.rng.u64(0..3)),
            _ => Reply::Yes,
        };
        let dies = (self.rng.f64() < 0.4).then(|| self.rng.u64(1..STEPS));
        self.told.push(format!("{command:?}, {reply:?}, dies after {dies:?}"));
        self.begun += 1;
        self.clouds().manner.forget();
        let (clouds, files) = (Arc::clone(&self.clouds), Arc::clone(&self.journal));
        let host = Arc::new(Host::new(clouds, self.time, files, dies));
        let journal = Watched::open(Arc::clone(&host));
        let chosen = RefCell::new(None);
        let work = self.work(&host, &journal, (command, reply), &chosen);
        let exit = tokio::select! {
            biased;
            () = host.crash() => None,
            exit = work => exit,
        };
        self.clouds().ledger.settle(exit.is_some());
        let mut chosen = chosen.into_inner();
        if chosen.is_none() && (command, exit) == (Command::Revoke, None) {
            // It was killed while it began a run, if it did.
            chosen = Some(self.id());
        }
        if let Some(run) = &chosen {
            let rests = match exit {
                // Of a plan, it says that it was made.
                Some(0) if command != Command::Plan => Rests::ThisInvocation,
                _ => Rests::AnyInvocation,
            };
            self.told.push(format!("exit {exit:?}"));
            self.judge(&journal, run, rests);
            self.learn(run, (command, reply), exit);
        }
        journal.close();
        exit
    }

    /// What a command does, but for what it prints.
    async fn work(
        &self,
        host: &Arc<Host>,
        journal: &Watched,
        (command, reply): (Command, Reply),
        chosen: &RefCell<Option<RunId>>,
    ) -> Option<u8> {
        let run = self.choose(host, journal, (command, reply)).await?;
        let is_started = self.started.contains(&run.new.id);
        let forbidden = match (command, reply) {
            (_, Reply::No) => Some("the answer was no"),
            (Command::Plan | Command::Verify, _) => Some("this command changes nothing"),
            (Command::Resume, _) if !is_started => Some("no plan of this run was ever approved"),
            _ => None,
        };
        let id = run.new.id.clone();
        chosen.replace(Some(id.clone()));
        let closing = run.closing_ms.map(since_begin);
        host.clouds().ledger.invocation = Some(Invocation::of(id.clone(), forbidden, closing));
        let exchange = exchange(host, journal, &id).await;
        let fresh = Freshness::new(Some(FRESH), host.clock().now());
        let leases = take(journal, &id).await.expect("the journal holds");
        let driver = Driver { journal, leases: &leases, exchange: &exchange, fresh };
        if forbidden == Some("this command changes nothing") {
            return Some(look(&driver, run, command).await);
        }
        // A plan that was approved as it was stored is carried out as that.
        let is_frozen = run.is_frozen() || command == Command::Stored;
        let basis = if is_frozen { Basis::ApprovedPlan } else { Basis::Rows };
        let hooks = Answering { host, journal, reply };
        match revoke(&driver, run, basis, Pause::default(), &hooks).await {
            Ok(ended) => Some(ended.exit),
            Err(Halt::OtherPlan { .. }) => Some(5),
            Err(halt) => panic!("the journal holds: {halt}"),
        }
    }

    /// The run that a command works on, as the program chooses it.
    async fn choose(
        &self,
        host: &Arc<Host>,
        journal: &Watched,
        (command, reply): (Command, Reply),
    ) -> Option<RunRecord> {
        let latest = async |is_wanted: &dyn Fn(&RunRecord) -> bool| {
            journal.runs().await.expect("runs").into_iter().find(|run| is_wanted(run))
        };
        let is_plan = |run: &RunRecord| {
            run.new.kind == RunKind::Revoke && !run.new.may_act && run.digest.is_some()
        };
        match command {
            Command::Resume => latest(&is_unfinished).await,
            Command::Stored => latest(&is_plan).await,
            Command::Revoke => {
                // Nobody is asked where everything is approved beforehand.
                let new = NewRun { agreed: reply != Reply::No, ..self.new_run(host) };
                let taken = take_or_begin(journal, &new, &self.pairs).await;
                match taken.expect("the journal holds") {
                    Taken::Unfinished(run) | Taken::New(run, _) => Some(run),
                }
            }
            Command::Plan => {
                let new = NewRun { may_act: false, agreed: false, ..self.new_run(host) };
                Some(begin(journal, &new, &self.pairs).await)
            }
            Command::Verify => {
                let started =
                    |run: &RunRecord| run.new.kind == RunKind::Revoke && run.started_ms.is_some();
                let parent = latest(&started).await?;
                let pairs = stored_pairs(journal, &parent).await.expect("pairs");
                let (kind, parent) = (RunKind::Verify, Some(parent.new.id));
                let new =
                    NewRun { kind, parent, may_act: false, agreed: false, ..self.new_run(host) };
                Some(begin(journal, &new, &pairs).await)
            }
        }
    }

    fn new_run(&self, host: &Host) -> NewRun {
        NewRun { id: self.id(), ..new_run(false, host.clock().now_ms()) }
    }

    /// The id of a run that this invocation begins.
    fn id(&self) -> RunId {
        format!("01936f00-0000-7000-8000-{:012}", self.begun).as_str().into()
    }

    /// Judges what a report says of the run that was worked on, whether it was killed or not.
    fn judge(&mut self, journal: &Watched, run: &RunId, rests: Rests) {
        let inside = journal.inside();
        let mut pairs = Vec::new();
        at_once(async {
            let Ok(record) = inside.run(run.as_str()).await else { return };
            let visit = &mut |pair: &_| pairs.push(std::clone::Clone::clone(pair));
            for_each_pair(inside, &record, visit).await.expect("pairs");
        });
        let now = self.time.now();
        let mut clouds = self.clouds.lock().expect("nobody panicked");
        for pair in &pairs {
            clouds.judge_verdict(run, pair, rests, now);
        }
    }

    /// Which runs `resume` may take up from now on: those that were approved, or may have been when
    /// they were killed, and that nobody declined since.
    fn learn(&mut self, run: &RunId, (command, reply): (Command, Reply), exit: Option<u8>) {
        let invocation = self.clouds().ledger.invocation.take();
        let is_approved = invocation.is_some_and(|invocation| invocation.approved.is_some());
        let was_refused = exit == Some(5) && reply != Reply::Yes;
        match (command, reply) {
            (Command::Plan | Command::Verify, _) => {}
            (_, Reply::No) if was_refused => drop(self.started.remove(run)),
            (Command::Revoke, Reply::Yes | Reply::AtMost(_)) if !was_refused => {
                self.started.insert(run.clone());
            }
            _ if is_approved => drop(self.started.insert(run.clone())),
            _ => {}
        }
    }

    /// Time passes, and somebody adds or removes a rule.
    async fn change_between(&mut self) {
        let longest = [1, 60, 3_000, 10_800][self.rng.usize(0..4)];
        tokio::time::sleep(Duration::from_secs(self.rng.u64(1..=longest))).await;
        if self.rng.f64() < 0.4 {
            let (group, rule, is_asked) = self.rows.addition(&mut self.rng);
            self.told.push(format!("{} is added to {group}", rule.id));
            let mut clouds = self.clouds();
            if is_asked {
                clouds.asked.insert(rule.id.clone());
            }
            clouds.groups.get_mut(&group).expect("a group that is there").rules.push(rule);
        }
    }
}

async fn begin(journal: &Watched, new: &NewRun, pairs: &PairSet) -> RunRecord {
    journal.begin(new, pairs).await.expect("the journal holds");
    journal.run(new.id.as_str()).await.expect("the journal holds")
}

/// `plan` and `verify`: everything is read, and nothing is changed.
async fn look(driver: &Driver<'_>, run: RunRecord, command: Command) -> u8 {
    let prepared = driver.prepare(run, Basis::Rows).await.expect("the journal holds");
    let summary = summarize(driver.journal, &prepared.run, "look").await.expect("a summary");
    let (state, exit) = match command {
        Command::Plan => (RunState::Planned, 0),
        _ => (RunState::Finished, exit_code(&summary.pairs, &prepared.run.new)),
    };
    driver.end(&prepared.run, state, exit).await.expect("the journal holds");
    exit
}

/// Whoever answers the question, and the guard that counts rules.
struct Answering<'a> {
    host: &'a Arc<Host>,
    journal: &'a Watched,
    reply: Reply,
}

#[async_trait(?Send)]
impl Hooks for Answering<'_> {
    type Refusal = &'static str;
    type Exit = u8;

    fn planned(&self, _plan: &Prepared) {}

    async fn approve(&self, plan: &Prepared) -> Result<FailureLimit, Refusal<&'static str>> {
        let size: u64 = plan.estimate.lanes.iter().map(|lane| lane.rules).sum();
        match self.reply {
            Reply::No if size > 0 => {
                return Err(Refusal { by: RefusedBy::Person, reason: "declined" });
            }
            Reply::AtMost(most) if size > most => {
                return Err(Refusal { by: RefusedBy::Guard, reason: "too large" });
            }
            Reply::Yes | Reply::No | Reply::AtMost(_) => {}
        }
        if let Some(invocation) = &mut self.host.clouds().ledger.invocation {
            *invocation.approved.get_or_insert(0) += size;
        }
        Ok(FailureLimit::new(None))
    }

    async fn exit(
        &self,
        run: &RunRecord,
        ending: &Ending<&'static str>,
    ) -> Result<u8, JournalError> {
        Ok(match ending {
            Ending::Interrupted => 4,
            Ending::Moved | Ending::TooManyFailures(_) | Ending::Refused(_) => 5,
            Ending::NobodyReached => 7,
            Ending::Finished => {
                let summary = summarize(self.journal, run, "revoke").await?;
                exit_code(&summary.pairs, &run.new)
            }
        })
    }
}

fn tell(seed: u64) -> End {
    alone(seed, async { CommandSequence::begin(seed).tell().await })
}

#[test]
fn no_sequence_of_invocations_calls_a_pair_clean_or_sends_what_was_declined() {
    let (first, sequences) = (crate::seed(), if crate::is_long() { 5_000 } else { 150 });
    let (mut sent, mut done, mut wrong) = (0, 0, Vec::new());
    // A usual run ends with the first sequence that breaks an invariant.
    for seed in (0..sequences).map(|n| first.wrapping_add(n)) {
        let end = tell(seed);
        (sent, done) = (sent + end.sent, done + end.done);
        if !end.broken.is_empty() {
            let (told, broken) = (end.told.join("\n  "), end.broken.join("\n    "));
            wrong.push(format!("UNPAIR_SEED={seed}\n  {told}\n    {broken}"));
            if !crate::is_long() {
                break;
            }
        }
    }
    println!("{sequences} sequences, {sent} requests, {done} times exit code 0");
    let shown = wrong[..wrong.len().min(20)].join("\n");
    assert!(wrong.is_empty(), "{} of {sequences} sequences:\n{shown}", wrong.len());
    assert!(sent > sequences && done as u64 > sequences / 3, "sequences come to something");
}
