//! A run from its beginning to its end, over as many processes as it takes, and how it is judged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;
use unpair::journal::{
    JournalRead, SideReading, SideRecord, check, stored_revocations, whole_history,
};
use unpair::model::{EventKind, GroupIx, Outcome, PairSet, RuleId, RunId};

use crate::clouds::Clouds;
use crate::failing_account::Exchanged;
use crate::fault_rates::FaultRates;
use crate::host::{Host, State, Watch, folder};
use crate::journal::{Watched, at_once};
use crate::process::{Worked, work};
use crate::scenario::Scenario;
use crate::time::Time;

/// Processes after which a run that is not done never will be.
const MAX_PROCESSES: u32 = 60;
/// Processes after which nothing fails any more, so that every run comes to its end.
const FAULTS_END: u32 = 12;

/// How long the machine is down between two processes, and when the next one ends.
pub(crate) trait Crashes {
    /// The steps that the `n`-th process makes, if it does not come to its end.
    fn steps(&mut self, n: u32) -> Option<u64>;

    /// The time until the process after the `n`-th begins.
    fn down(&mut self, n: u32) -> Duration;
}

/// No process ends before its work does.
pub(crate) struct NoCrashes;

impl Crashes for NoCrashes {
    fn steps(&mut self, _n: u32) -> Option<u64> {
        None
    }

    fn down(&mut self, _n: u32) -> Duration {
        Duration::from_secs(1)
    }
}

/// How a run came out.
pub(crate) struct End {
    /// How every revocation stands.
    pub(crate) outcomes: BTreeMap<RuleId, Outcome>,
    /// Whatever was wrong.
    pub(crate) broken: Vec<String>,
    /// Processes that it took.
    pub(crate) processes: u32,
    /// Steps that they made.
    pub(crate) steps: u64,
    /// Mutating requests that were sent.
    pub(crate) sent: u64,
    /// Rules that stand.
    pub(crate) standing: BTreeSet<RuleId>,
    /// Requests that changed something.
    pub(crate) effects: u64,
    /// Requests that were read back because their token was too old, or might have been.
    pub(crate) lapsed: usize,
}

/// A run in the middle of its life.
pub(crate) struct SimulatedRun {
    clouds: Arc<Mutex<Clouds>>,
    pairs: PairSet,
    journal: Arc<TempDir>,
    began: Duration,
    watch: Option<Watch>,
}

impl SimulatedRun {
    /// A run that nothing is known of yet.
    pub(crate) fn begin(scenario: Scenario) -> Self {
        Self {
            clouds: Arc::new(Mutex::new(scenario.clouds)),
            pairs: scenario.pairs,
            journal: Arc::new(folder()),
            began: Duration::ZERO,
            watch: None,
        }
    }

    /// A run that a crash left.
    pub(crate) fn from(state: State, pairs: PairSet) -> Self {
        Self {
            clouds: Arc::new(Mutex::new(state.clouds)),
            pairs,
            journal: Arc::new(state.journal),
            began: state.now,
            watch: None,
        }
    }

    /// The same run from `now` on, without faults and with every account in good order.
    pub(crate) fn without_faults(self, now: Duration) -> Self {
        let mut clouds = self.lock();
        (clouds.rates, clouds.bad) = (FaultRates::NONE, None);
        drop(clouds);
        Self { began: now, ..self }
    }

    /// Tells `watch` of every state that a crash could leave.
    pub(crate) fn watched(self, watch: Watch) -> Self {
        Self { watch: Some(watch), ..self }
    }

    /// Works until every revocation is settled, and once more, which must send nothing.
    pub(crate) fn finish(self, seed: u64, crashes: &mut dyn Crashes) -> End {
        alone(seed, self.live(crashes))
    }

    /// One process alone: how it came out, and after how long.
    pub(crate) fn first_process(&self, seed: u64) -> (Worked, Duration) {
        alone(seed, async {
            let time = Time::since(self.began);
            let lived = self.process(time, None).await;
            lived.journal.close();
            (lived.worked.expect("it was left alone"), time.now())
        })
    }

    /// Every exchange so far.
    pub(crate) fn exchanges(&self) -> Vec<Exchanged> {
        self.lock().exchanges.clone()
    }

    async fn live(self, crashes: &mut dyn Crashes) -> End {
        let time = Time::since(self.began);
        let (mut processes, mut steps) = (0, 0);
        let last = loop {
            if processes > 0 || self.began > Duration::ZERO {
                tokio::time::sleep(crashes.down(processes)).await;
            }
            if processes == FAULTS_END {
                self.lock().rates = FaultRates::NONE;
            }
            let lived = self.process(time, crashes.steps(processes)).await;
            steps += lived.steps;
            processes += 1;
            if lived.is_done() || processes == MAX_PROCESSES {
                break lived;
            }
            lived.journal.close();
        };
        let sent = self.lock().sent;
        // What is still on its way has arrived by then.
        tokio::time::sleep(Duration::from_secs(1_800)).await;
        let last = self.once_more(time, last).await;
        let (mut broken, lapsed) = check_history(last.journal.inside());
        last.journal.close();
        broken.extend(self.wrong(&last.outcomes, processes, sent));
        let clouds = self.lock();
        let (standing, effects) = (clouds.standing(), clouds.effects);
        drop(clouds);
        let outcomes = last.outcomes;
        End { outcomes, broken, processes, steps, sent, standing, effects, lapsed }
    }

    /// One more process, which finds nothing to do. Rules that somebody added again may be
    /// planned as well, and rightly, so that there is none then.
    async fn once_more(&self, time: Time, last: Lived) -> Lived {
        if self.lock().added_again > 0 {
            return last;
        }
        last.journal.close();
        self.process(time, None).await
    }

    /// One process, which may crash after so many steps. Its journal is still open.
    async fn process(&self, time: Time, steps: Option<u64>) -> Lived {
        let (clouds, journal) = (Arc::clone(&self.clouds), Arc::clone(&self.journal));
        let host = Arc::new(Host::new(clouds, time, journal, steps).watched(self.watch.clone()));
        let journal = Watched::open(Arc::clone(&host));
        let worked = tokio::select! {
            biased;
            () = host.crash() => None,
            worked = work(&host, &journal, &self.pairs) => Some(worked),
        };
        let (outcomes, all_read) = at_once(standing(journal.inside()));
        Lived { steps: host.steps(), worked, outcomes, all_read, journal }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Clouds> {
        self.clouds.lock().expect("nobody panicked")
    }

    /// What is wrong with the clouds, and with what the journal says of it.
    fn wrong(
        &self,
        outcomes: &BTreeMap<RuleId, Outcome>,
        processes: u32,
        sent: u64,
    ) -> Vec<String> {
        let mut clouds = self.lock();
        let mut wrong = std::mem::take(&mut clouds.broken);
        if clouds.sent != sent {
            wrong.push(format!("a run that is done sent {} more calls", clouds.sent - sent));
        }
        let standing = clouds.standing();
        wrong.extend(clouds.asked.intersection(&standing).filter_map(|id| {
            let told = outcomes.get(id)?;
            Some(format!("{id} still stands and is told as {told:?}"))
        }));
        wrong.extend(
            outcomes
                .iter()
                .filter(|(_, outcome)| !outcome.is_settled())
                .map(|(id, outcome)| format!("{id} is {outcome:?} after {processes} processes")),
        );
        wrong
    }
}

/// What became of one process.
struct Lived {
    /// The steps that it made.
    steps: u64,
    /// How it came out, if it did not crash.
    worked: Option<Worked>,
    /// How every revocation stands after it.
    outcomes: BTreeMap<RuleId, Outcome>,
    /// Whether every group was read, so that no plan is lacking.
    all_read: bool,
    journal: Watched,
}

impl Lived {
    fn is_done(&self) -> bool {
        let is_settled = self.outcomes.values().all(|outcome| outcome.is_settled());
        self.all_read && is_settled && !self.outcomes.is_empty()
    }
}

/// What is wrong with the journal by its own account, and how many requests lapsed.
fn check_history(journal: &dyn JournalRead) -> (Vec<String>, usize) {
    at_once(async {
        let run = journal.runs().await.expect("runs").pop().expect("a run").new.id;
        let history = whole_history(journal, &run).await.expect("a history");
        let word = EventKind::Lapsed.as_str();
        let lapsed = history.iter().filter(|row| row.kind == word).count();
        (check(journal, &run).await.expect("checked").bad, lapsed)
    })
}

/// Runs `run` on a clock of its own, which stands still unless everybody waits.
pub(crate) fn alone<F: Future>(seed: u64, run: F) -> F::Output {
    fastrand::seed(seed);
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build().expect("a runtime");
    runtime.block_on(run)
}

/// How the revocations of the one run stand, and whether all its groups were read.
async fn standing(journal: &dyn JournalRead) -> (BTreeMap<RuleId, Outcome>, bool) {
    let Some(run) = journal.runs().await.expect("runs").pop() else {
        return (BTreeMap::new(), false);
    };
    let id: RunId = run.new.id;
    let records = stored_revocations(journal, &id).await.expect("records");
    let outcomes = records.into_iter().map(|it| (it.revocation.rule.id, it.outcome)).collect();
    let sides = journal.sides(&id, GroupIx(0), 10_000).await.expect("sides");
    let is_unread =
        |side: &SideRecord| matches!(side.state, SideReading::Unread | SideReading::Failed { .. });
    (outcomes, !sides.iter().any(is_unread))
}
