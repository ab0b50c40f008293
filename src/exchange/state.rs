//! The state that all exchanges share: accounts, lanes, limits, counts.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::account::{Account, same_account, with_remedy};
use super::credential_gate::CredentialGate;
use super::denials::Denials;
use super::error::AccountError;
use super::ids::RequestIds;
use super::left_alone::{LaneState, LeftAlone};
use super::silence::LONGEST_SILENCE;
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
    accounts: Mutex<HashMap<(Provider, AccountId), Arc<AccountState>>>,
    lanes: Mutex<HashMap<LaneKey, Arc<LaneState>>>,
    gates: Mutex<Gates>,
    pub(super) denials: Denials,
    pub(super) ids: RequestIds,
}

/// What limits the first calls of each account's action.
type Gates = HashMap<(Provider, AccountId, &'static str), Arc<CredentialGate>>;

#[derive(Default)]
struct AccountState {
    account: OnceCell<Result<Account, AccountError>>,
    left_alone: LeftAlone,
}

impl Exchange {
    /// An exchange that knows nothing yet.
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
            patience: LONGEST_SILENCE,
            accounts: Mutex::default(),
            lanes: Mutex::default(),
            gates: Mutex::default(),
            denials: Denials::default(),
            ids: RequestIds::default(),
        }
    }

    /// The same exchange with other clocks than the system's.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// The same exchange for a command that has waited for accounts before: what hangs from now on
    /// is waited for the less, so that both take no more than one exchange may.
    #[must_use]
    pub fn having_waited(self, before: Duration) -> Self {
        Self { patience: self.patience.saturating_sub(before.min(self.patience / 2)), ..self }
    }

    /// The account of `lane`, its identity proven once a process.
    pub async fn account(&self, lane: &LaneKey) -> Result<Account, AccountError> {
        let state = self.account_state(lane);
        if let Some(error) = self.left_alone(lane) {
            return Err(AccountError::Cloud(error));
        }
        state.account.get_or_init(|| self.prove(lane)).await.clone()
    }

    /// The account of `lane`, if its identity is proven.
    pub(super) fn proven(&self, lane: &LaneKey) -> Option<Account> {
        self.account_state(lane).account.get()?.as_ref().ok().cloned()
    }

    /// Why `lane` is no longer called, if so.
    pub fn left_alone(&self, lane: &LaneKey) -> Option<CloudError> {
        self.account_state(lane).left_alone.get().or_else(|| self.lane(lane).left_alone.get())
    }

    /// Leaves the account, or the lane alone if only its endpoint or its quota is at fault, for
    /// the rest of the process. Returns the reason as it is told, with the remedy.
    pub fn leave_alone(&self, lane: &LaneKey, error: CloudError) -> CloudError {
        let error = with_remedy(error);
        match error.class {
            ErrorClass::Unreached | ErrorClass::Throttled | ErrorClass::Scarce => {
                self.lane(lane).left_alone.set(&error);
            }
            _ => self.account_state(lane).left_alone.set(&error),
        }
        error
    }

    /// Leaves alone the lanes of `unread`, the last that are still read, and whatever else is asked
    /// now, if nothing is heard of any of them; reads in flight are dropped. A lane of an account
    /// that is not proven yet waits for the lane that proves it.
    pub fn leave_silent_alone(&self, unread: &HashSet<&LaneKey>) {
        let known: Vec<(LaneKey, Arc<LaneState>)> = {
            let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            lanes.iter().map(|(lane, state)| (lane.clone(), Arc::clone(state))).collect()
        };
        let (mut silent, mut asked) = (HashSet::new(), HashSet::new());
        let mut accounts = HashSet::new();
        for (lane, state) in &known {
            if state.silence.is_asked() {
                asked.insert(lane);
            }
            if state.silence.lasts(self.patience) {
                silent.insert(lane);
                accounts.insert((lane.cloud, &lane.account));
            }
        }
        let is_silent = |lane: &LaneKey| {
            let waits = || !self.account_state(lane).account.initialized();
            silent.contains(lane) || (accounts.contains(&(lane.cloud, &lane.account)) && waits())
        };
        let waited_for: HashSet<&LaneKey> = unread.iter().copied().chain(asked).collect();
        if waited_for.iter().all(|lane| is_silent(lane)) {
            for lane in waited_for {
                self.lane(lane).leave_silent_alone(self.patience);
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
        let found =
            self.unless_left_alone(lane, self.find(lane)).await.map_err(AccountError::from)?;
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

    fn account_state(&self, lane: &LaneKey) -> Arc<AccountState> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(accounts.entry((lane.cloud, lane.account.clone())).or_default())
    }

    pub(super) fn gate(&self, lane: &LaneKey, action: &'static str) -> Arc<CredentialGate> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(gates.entry((lane.cloud, lane.account.clone(), action)).or_default())
    }

    pub(super) fn lane(&self, lane: &LaneKey) -> Arc<LaneState> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry(lane.clone()).or_default())
    }
}
