//! A run from its beginning to its end, over as many processes as it takes, and how it is judged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;
use unpair::journal::{Journal, Mode, check};
use unpair::model::{EventKind, Outcome, PairSet, RuleId, RunId};
use unpair::run::RunEnd;

use crate::ground::{Ground, State, folder};
use crate::journal::{Watched, close, open_in};
use crate::process::work;
use crate::scene::Scene;
use crate::time::Time;
use crate::trouble::Exchanged;
use crate::weather::Weather;
use crate::world::World;

/// Processes after which a run that is not done never will be.
const MAX_PROCESSES: u32 = 60;
/// Processes after which the weather clears up, so that every run comes to its end.
const CLEARS_UP: u32 = 12;

/// How long the machine is down between two processes, and when the next one ends.
pub(crate) trait Fortune {
    /// The steps that the `n`-th process makes, if it does not come to its end.
    fn steps(&mut self, n: u32) -> Option<u64>;

    /// The time until the process after the `n`-th begins.
    fn down(&mut self, n: u32) -> Duration;
}

/// No process ends before its work does.
pub(crate) struct Lucky;

impl Fortune for Lucky {
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
pub(crate) struct Story {
    world: Arc<Mutex<World>>,
    pairs: PairSet,
    journal: Arc<TempDir>,
    began: Duration,
    states: Option<SyncSender<State>>,
}

impl Story {
    /// A run that nothing is known of yet.
    pub(crate) fn begin(scene: Scene) -> Self {
        Self {
            world: Arc::new(Mutex::new(scene.world)),
            pairs: scene.pairs,
            journal: Arc::new(folder()),
            began: Duration::ZERO,
            states: None,
        }
    }

    /// A run that a crash left.
    pub(crate) fn from(state: State, pairs: PairSet) -> Self {
        Self {
            world: Arc::new(Mutex::new(state.world)),
            pairs,
            journal: Arc::new(state.journal),
            began: state.now,
            states: None,
        }
    }

    /// The same run from `now` on, in calm weather.
    pub(crate) fn clear_up(self, now: Duration) -> Self {
        self.lock().weather = Weather::CALM;
        Self { began: now, ..self }
    }

    /// Hands every state that a crash could leave to `states`.
    pub(crate) fn watched(self, states: SyncSender<State>) -> Self {
        Self { states: Some(states), ..self }
    }

    /// Works until every revocation is settled, and once more, which must send nothing.
    pub(crate) fn tell(self, seed: u64, fortune: &mut dyn Fortune) -> End {
        alone(seed, self.live(fortune))
    }

    /// One process alone: how it came out, and after how long.
    pub(crate) fn first_process(&self, seed: u64) -> (RunEnd, Duration) {
        alone(seed, async {
            let time = Time::since(self.began);
            let (_, end) = self.process(time, None).await;
            (end.expect("it was left alone"), time.now())
        })
    }

    /// Every exchange so far.
    pub(crate) fn exchanges(&self) -> Vec<Exchanged> {
        self.lock().exchanges.clone()
    }

    /// The outcomes so far, and the rules that stand.
    pub(crate) fn told(&self) -> (BTreeMap<RuleId, Outcome>, BTreeSet<RuleId>) {
        (self.outcomes(), self.lock().standing())
    }

    async fn live(self, fortune: &mut dyn Fortune) -> End {
        let time = Time::since(self.began);
        let (mut processes, mut steps) = (0, 0);
        while !self.is_done() && processes < MAX_PROCESSES {
            if processes > 0 || self.began > Duration::ZERO {
                tokio::time::sleep(fortune.down(processes)).await;
            }
            if processes == CLEARS_UP {
                self.lock().weather = Weather::CALM;
            }
            steps += self.process(time, fortune.steps(processes)).await.0;
            processes += 1;
        }
        let sent = self.lock().sent;
        // What is still on its way has arrived by then.
        tokio::time::sleep(Duration::from_secs(1_800)).await;
        // Rules that somebody added again may be planned as well, and rightly.
        if self.lock().added_again == 0 {
            self.process(time, None).await;
        }
        self.end(processes, steps, sent)
    }

    /// One process; returns the steps that it made, and how it came out if it did not crash.
    async fn process(&self, time: Time, steps: Option<u64>) -> (u64, Option<RunEnd>) {
        let (world, journal) = (Arc::clone(&self.world), Arc::clone(&self.journal));
        let mut ground = Ground::new(world, time, journal, steps);
        if let Some(states) = &self.states {
            ground = ground.watched(states.clone());
        }
        let ground = Arc::new(ground);
        let journal = Watched::open(Arc::clone(&ground));
        let end = tokio::select! {
            biased;
            () = ground.crash() => None,
            end = work(&ground, &journal, &self.pairs) => Some(end),
        };
        journal.close();
        (ground.steps(), end)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, World> {
        self.world.lock().expect("nobody panicked")
    }

    fn is_done(&self) -> bool {
        let outcomes = self.outcomes();
        !outcomes.is_empty() && outcomes.values().all(|outcome| outcome.is_settled())
    }

    fn outcomes(&self) -> BTreeMap<RuleId, Outcome> {
        if !self.journal.path().join("unpair.db").exists() {
            return BTreeMap::new();
        }
        let journal = open_in(self.journal.path(), Mode::Write);
        let outcomes = crate::journal::at_once(outcomes(&*journal));
        close(journal);
        outcomes
    }

    fn end(self, processes: u32, steps: u64, sent: u64) -> End {
        let outcomes = self.outcomes();
        let (mut broken, lapsed) = self.check_history();
        let mut world = self.lock();
        broken.append(&mut world.broken);
        if world.sent != sent {
            broken.push(format!("a run that is done sent {} more calls", world.sent - sent));
        }
        let settled: BTreeSet<&RuleId> = outcomes.keys().collect();
        let standing = world.standing();
        broken.extend(world.asked.iter().filter(|id| standing.contains(*id)).filter_map(|id| {
            let told = settled.contains(id);
            told.then(|| format!("{id} still stands and is told as {:?}", outcomes[id]))
        }));
        broken.extend(
            outcomes
                .iter()
                .filter(|(_, outcome)| !outcome.is_settled())
                .map(|(id, outcome)| format!("{id} is {outcome:?} after {processes} processes")),
        );
        let effects = world.effects;
        drop(world);
        End { outcomes, broken, processes, steps, sent, standing, effects, lapsed }
    }

    /// What is wrong with the journal by its own account, and how many requests lapsed.
    fn check_history(&self) -> (Vec<String>, usize) {
        let journal = open_in(self.journal.path(), Mode::Read);
        let told = crate::journal::at_once(async {
            let run = journal.runs().await.expect("runs").pop().expect("a run").new.id;
            let history = journal.history(&run, 0, 100_000).await.expect("a history");
            let word = EventKind::Lapsed.as_str();
            let lapsed = history.iter().filter(|row| row.kind == word).count();
            (check(&*journal, &run).await.expect("checked").bad, lapsed)
        });
        close(journal);
        told
    }
}

/// Runs `story` on a clock of its own, which stands still unless everybody waits.
fn alone<F: Future>(seed: u64, story: F) -> F::Output {
    fastrand::seed(seed);
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build().expect("a runtime");
    runtime.block_on(story)
}

async fn outcomes(journal: &dyn Journal) -> BTreeMap<RuleId, Outcome> {
    let Some(run) = journal.runs().await.expect("runs").pop() else { return BTreeMap::new() };
    let id: RunId = run.new.id;
    let records = journal.revocations(&id, None, 10_000).await.expect("records");
    records.into_iter().map(|record| (record.revocation.rule.id, record.outcome)).collect()
}
