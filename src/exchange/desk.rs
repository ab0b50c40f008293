//! The desk that every exchange passes: quota, identity, patience, counting.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use super::account::{Account, AccountError, Parked};
use super::{Progress, Tallies, now_ms};
use crate::cloud::{Action, Cloud, CloudError, Directory};
use crate::model::{AccountId, ErrorClass, LaneKey, Provider};
use crate::pace::{Pacer, RetryPolicy, Verdict};

/// A read that did not succeed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    /// The command is to end.
    #[error("interrupted")]
    Stopped,
    /// Every attempt failed, or the first one for good.
    #[error(transparent)]
    Cloud(CloudError),
}

/// What audits and runs share: the way to every account, at the pace that it allows.
pub struct Exchange {
    directory: Arc<dyn Directory>,
    /// The limiters.
    pub pacer: Pacer,
    /// When to send again.
    pub policy: RetryPolicy,
    /// Cancelled when nothing new is to be sent.
    pub stop: CancellationToken,
    /// Who is told how far the command is.
    pub progress: Arc<dyn Progress>,
    /// Counts of exchanges.
    pub tallies: Tallies,
    accounts: Mutex<HashMap<(Provider, AccountId), Arc<Cell>>>,
    lanes: Mutex<HashMap<LaneKey, Arc<Parked>>>,
}

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
            stop,
            progress,
            tallies: Tallies::default(),
            accounts: Mutex::default(),
            lanes: Mutex::default(),
        }
    }

    /// The account of `lane`, its identity proven once a process.
    pub async fn account(&self, lane: &LaneKey) -> Result<Account, AccountError> {
        let cell = self.cell(lane);
        if let Some(error) = self.parked(lane) {
            return Err(AccountError::Cloud(error));
        }
        cell.account.get_or_init(|| self.prove(lane)).await.clone()
    }

    /// Why `lane` is no longer called, if so.
    pub fn parked(&self, lane: &LaneKey) -> Option<CloudError> {
        self.cell(lane).parked.get().or_else(|| self.lane(lane).get())
    }

    /// Leaves the account, or the lane alone if only its endpoint is at fault, for the rest of
    /// the process.
    pub fn park(&self, lane: &LaneKey, error: &CloudError) {
        match error.class {
            ErrorClass::Unreached => self.lane(lane).set(error),
            _ => self.cell(lane).parked.set(error),
        }
    }

    /// Sends a read until it is answered: within the quota, again after faults and refusals by
    /// the rate limit, with fresh credentials once if they expired.
    pub async fn read<T, F>(
        &self,
        lane: &LaneKey,
        action: Action,
        client: &dyn Cloud,
        mut send: impl FnMut() -> F,
    ) -> Result<T, ReadError>
    where
        F: Future<Output = Result<T, CloudError>>,
    {
        let name = action.name(lane.cloud);
        let (mut attempt, mut throttles) = (1, 0);
        let mut resent = false;
        loop {
            let slot = tokio::select! {
                biased;
                () = self.stop.cancelled() => return Err(ReadError::Stopped),
                slot = self.pacer.turn(lane, name) => slot,
            };
            let answer = send().await;
            drop(slot);
            self.count(lane, name, answer.as_ref().err(), resent);
            let error = match answer {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let verdict = self.policy.after_read(
                error.class,
                attempt,
                throttles,
                error.retry_after,
                fastrand::f64(),
            );
            match verdict {
                Verdict::Again(delay) => self.wait(lane, name, &error, delay).await?,
                Verdict::Refresh => client.refresh().await.map_err(ReadError::Cloud)?,
                Verdict::Park => {
                    self.park(lane, &error);
                    return Err(ReadError::Cloud(error));
                }
                Verdict::Ambiguous | Verdict::ReadFirst | Verdict::GiveUp => {
                    return Err(ReadError::Cloud(error));
                }
            }
            if error.class == ErrorClass::Throttled {
                throttles += 1;
            } else {
                attempt += 1;
            }
            resent = true;
        }
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
        self.tallies.count(lane, action, code, resent, throttled, now_ms());
    }

    /// Waits before sending again. After a refusal by the rate limit every other call of the
    /// action waits too: the next would be refused as well.
    async fn wait(
        &self,
        lane: &LaneKey,
        action: &'static str,
        error: &CloudError,
        delay: Duration,
    ) -> Result<(), ReadError> {
        if error.class == ErrorClass::Throttled {
            self.pacer.hold_back(lane, action, delay);
            return Ok(());
        }
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(ReadError::Stopped),
            () = tokio::time::sleep(delay) => Ok(()),
        }
    }

    async fn prove(&self, lane: &LaneKey) -> Result<Account, AccountError> {
        let client =
            self.directory.client(lane.cloud, &lane.account, Some(&lane.region)).await.map_err(
                |error| match error.class {
                    ErrorClass::NotOurs => AccountError::NotOurs,
                    _ => AccountError::Cloud(error),
                },
            )?;
        let answer = self
            .read(lane, Action::Identify, &*client, || client.identify(&lane.region))
            .await
            .map_err(|error| match error {
                ReadError::Stopped => AccountError::Stopped,
                ReadError::Cloud(error) => AccountError::Cloud(error),
            })?;
        let identity = answer.value;
        if identity.account != lane.account {
            return Err(AccountError::WrongIdentity {
                wanted: lane.account.clone(),
                found: identity.account,
                arn: identity.arn,
            });
        }
        Ok(Account { client, identity })
    }

    fn cell(&self, lane: &LaneKey) -> Arc<Cell> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(accounts.entry((lane.cloud, lane.account.clone())).or_default())
    }

    fn lane(&self, lane: &LaneKey) -> Arc<Parked> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry(lane.clone()).or_default())
    }
}
