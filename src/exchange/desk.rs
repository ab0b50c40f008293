//! The desk that every exchange passes: quota, identity, patience, counting.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::account::{Account, same_account, with_remedy};
use super::denials::Denials;
use super::error::AccountError;
use super::ids::RequestIds;
use super::parked::{LaneState, Parked};
use super::quiet::QUIET;
use super::trial::Trial;
use super::{Clock, Progress, Tallies};
use crate::cloud::{Action, Answer, Cloud, CloudError, Directory};
use crate::model::{AccountId, ErrorClass, LaneKey, Provider};
use crate::pace::{Pacer, RetryPolicy, Tries, Verdict};

/// What audits and runs share: the way to every account, at the pace that it allows.
pub struct Exchange {
    directory: Arc<dyn Directory>,
    /// The limiters.
    pub pacer: Pacer,
    /// When to send again.
    pub policy: RetryPolicy,
    /// The clocks of the command.
    pub clock: Clock,
    /// Cancelled when nothing new is to be sent.
    pub stop: CancellationToken,
    /// Who is told how far the command is.
    pub progress: Arc<dyn Progress>,
    /// Counts of exchanges.
    pub tallies: Tallies,
    /// How long a lane may be asked without an answer while all else is read.
    pub patience: Duration,
    accounts: Mutex<HashMap<(Provider, AccountId), Arc<Cell>>>,
    lanes: Mutex<HashMap<LaneKey, Arc<LaneState>>>,
    trials: Mutex<Trials>,
    pub(super) denials: Denials,
    pub(super) ids: RequestIds,
}

/// The first calls of each account's action.
type Trials = HashMap<(Provider, AccountId, &'static str), Arc<Trial>>;

#[derive(Default)]
struct Cell {
    account: OnceCell<Result<Account, AccountError>>,
    parked: Parked,
}

impl Exchange {
    /// A desk with nothing known yet.
    pub fn new(
        directory: Arc<dyn Directory>,
        pacer: Pacer,
        policy: RetryPolicy,
        stop: CancellationToken,
        progress: Arc<dyn Progress>,
    ) -> Self {
        Self {
            directory,
            pacer,
            policy,
            clock: Clock::system(),
            stop,
            progress,
            tallies: Tallies::default(),
            patience: QUIET,
            accounts: Mutex::default(),
            lanes: Mutex::default(),
            trials: Mutex::default(),
            denials: Denials::default(),
            ids: RequestIds::default(),
        }
    }

    /// The same desk with other clocks than the system's.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// The same desk for a command that has waited for accounts before: what hangs from now on is
    /// waited for the less, so that both take no more than one exchange may.
    #[must_use]
    pub fn having_waited(self, before: Duration) -> Self {
        Self { patience: self.patience.saturating_sub(before.min(self.patience / 2)), ..self }
    }

    /// The account of `lane`, its identity proven once a process.
    pub async fn account(&self, lane: &LaneKey) -> Result<Account, AccountError> {
        let cell = self.cell(lane);
        if let Some(error) = self.parked(lane) {
            return Err(AccountError::Cloud(error));
        }
        cell.account.get_or_init(|| self.prove(lane)).await.clone()
    }

    /// The account of `lane`, if its identity is proven.
    pub(super) fn proven(&self, lane: &LaneKey) -> Option<Account> {
        self.cell(lane).account.get()?.as_ref().ok().cloned()
    }

    /// Why `lane` is no longer called, if so.
    pub fn parked(&self, lane: &LaneKey) -> Option<CloudError> {
        self.cell(lane).parked.get().or_else(|| self.lane(lane).parked.get())
    }

    /// Leaves the account, or the lane alone if only its endpoint or its quota is at fault, for
    /// the rest of the process. Returns the reason as it is told, with the remedy.
    pub fn park(&self, lane: &LaneKey, error: CloudError) -> CloudError {
        let error = with_remedy(error);
        match error.class {
            ErrorClass::Unreached | ErrorClass::Throttled | ErrorClass::Scarce => {
                self.lane(lane).parked.set(&error);
            }
            _ => self.cell(lane).parked.set(&error),
        }
        error
    }

    /// Leaves alone the lanes of `unread`, the last that are still read, and whatever else is asked
    /// now, if nothing is heard of any of them; reads in flight are dropped. A lane of an account
    /// that is not proven yet waits for the lane that proves it.
    pub fn leave_quiet(&self, unread: &HashSet<&LaneKey>) {
        let known: Vec<(LaneKey, Arc<LaneState>)> = {
            let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            lanes.iter().map(|(lane, state)| (lane.clone(), Arc::clone(state))).collect()
        };
        let (mut quiet, mut asked) = (HashSet::new(), HashSet::new());
        let mut accounts = HashSet::new();
        for (lane, state) in &known {
            if state.quiet.is_asked() {
                asked.insert(lane);
            }
            if state.quiet.lasts(self.patience) {
                quiet.insert(lane);
                accounts.insert((lane.cloud, &lane.account));
            }
        }
        let is_quiet = |lane: &LaneKey| {
            let waits = || !self.cell(lane).account.initialized();
            quiet.contains(lane) || (accounts.contains(&(lane.cloud, &lane.account)) && waits())
        };
        let waited_for: HashSet<&LaneKey> = unread.iter().copied().chain(asked).collect();
        if waited_for.iter().all(|lane| is_quiet(lane)) {
            for lane in waited_for {
                self.lane(lane).leave_behind(self.patience);
            }
        }
    }

    /// The answer to a revocation: none at all if it has the request id of an earlier answer.
    pub fn own<T>(&self, answer: Result<Answer<T>, CloudError>) -> Result<Answer<T>, CloudError> {
        self.ids.judge(answer)
    }

    /// Counts one exchange.
    pub fn count(
        &self,
        lane: &LaneKey,
        action: &'static str,
        error: Option<&CloudError>,
        resent: bool,
    ) {
        let throttled = error.is_some_and(|error| error.class == ErrorClass::Throttled);
        let code = error.map_or("", |error| error.code.as_str());
        tracing::debug!("{lane} {action}: {}", if code.is_empty() { "answered" } else { code });
        self.tallies.count(lane, action, code, resent, throttled, self.clock.now_ms());
    }

    async fn prove(&self, lane: &LaneKey) -> Result<Account, AccountError> {
        let found = self.unless_left(lane, self.find(lane)).await.map_err(AccountError::from)?;
        let client = found.map_err(|error| match error.class {
            ErrorClass::NotOurs => AccountError::NotOurs,
            _ => AccountError::Cloud(error),
        })?;
        let answer =
            self.read(lane, Action::Identify, &*client, || client.identify(&lane.region)).await?;
        let identity = same_account(lane, answer.value)?;
        Ok(Account { client, identity })
    }

    /// The client of an account; waits while this machine is too short of something to make one.
    async fn find(&self, lane: &LaneKey) -> Result<Arc<dyn Cloud>, CloudError> {
        let mut tries = Tries::default();
        loop {
            let found = self.directory.client(lane.cloud, &lane.account, Some(&lane.region)).await;
            let Err(error) = &found else { return found };
            let now = Instant::now();
            let verdict = match error.class {
                ErrorClass::Scarce => {
                    self.policy.after_read(error.class, tries, None, fastrand::f64(), now)
                }
                _ => Verdict::GiveUp,
            };
            let Verdict::Again(delay) = verdict else { return found };
            tries.count(error.class, now);
            tokio::time::sleep(delay).await;
        }
    }

    fn cell(&self, lane: &LaneKey) -> Arc<Cell> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(accounts.entry((lane.cloud, lane.account.clone())).or_default())
    }

    pub(super) fn trial(&self, lane: &LaneKey, action: &'static str) -> Arc<Trial> {
        let mut trials = self.trials.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(trials.entry((lane.cloud, lane.account.clone(), action)).or_default())
    }

    pub(super) fn lane(&self, lane: &LaneKey) -> Arc<LaneState> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry(lane.clone()).or_default())
    }
}
