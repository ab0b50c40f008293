//! Reads, patiently repeated.

use std::future::Future;

use tokio::time::Instant;

use super::account::{same_account, with_remedy};
use super::error::ReadError;
use super::ids::Named;
use super::permit::Permit;
use super::silence::Asked;
use super::state::Exchange;
use crate::cloud::{Action, Cloud, CloudError};
use crate::model::{ErrorClass, Identity, LaneKey};
use crate::pace::{Tries, Verdict};

impl Exchange {
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
        T: Named,
        F: Future<Output = Result<T, CloudError>>,
    {
        let mut tries = Tries::default();
        match self.try_read(lane, action, &mut tries, &mut send).await {
            Err(ReadError::Cloud(error)) if error.class == ErrorClass::Expired => {
                if self.left_alone(lane).is_none() {
                    self.refresh(lane, client).await?;
                }
                self.try_read(lane, action, &mut tries, &mut send).await
            }
            other => other,
        }
    }

    /// Gets fresh credentials and proves again whose they are. After a failure the account is left
    /// alone.
    pub async fn refresh(&self, lane: &LaneKey, client: &dyn Cloud) -> Result<(), ReadError> {
        if let Err(error) = self.unless_left_alone(lane, client.refresh()).await? {
            return Err(ReadError::Cloud(self.leave_alone(lane, error)));
        }
        let mut tries = Tries { expiries: 1, ..Tries::default() };
        let answer = self
            .try_read(lane, Action::Identify, &mut tries, || client.identify(&lane.region))
            .await
            .map_err(|error| match error {
                ReadError::Cloud(error) => ReadError::Cloud(self.leave_alone(lane, error)),
                ReadError::Stopped => ReadError::Stopped,
            })?;
        self.same_or_leave_alone(lane, answer.value)
    }

    /// Proves once more whose the credentials are: to those of another account nothing of this one
    /// is there. If they are another account's, this one is left alone.
    pub async fn prove_again(&self, lane: &LaneKey, client: &dyn Cloud) -> Result<(), ReadError> {
        let identify = || client.identify(&lane.region);
        let answer = self.read(lane, Action::Identify, client, identify).await?;
        self.same_or_leave_alone(lane, answer.value)
    }

    fn same_or_leave_alone(&self, lane: &LaneKey, identity: Identity) -> Result<(), ReadError> {
        same_account(lane, identity).map(drop).map_err(|wrong| {
            let error = CloudError::local(ErrorClass::Credential, wrong.code(), wrong.to_string());
            ReadError::Cloud(self.leave_alone(lane, error))
        })
    }

    /// Sends a read until it is answered or `tries` are used up; the first expiry is left to the
    /// caller.
    async fn try_read<T, F>(
        &self,
        lane: &LaneKey,
        action: Action,
        tries: &mut Tries,
        mut send: impl FnMut() -> F,
    ) -> Result<T, ReadError>
    where
        T: Named,
        F: Future<Output = Result<T, CloudError>>,
    {
        let name = action.name(lane.cloud);
        let state = self.lane(lane);
        loop {
            // Held until what came of it is known: a fault is no answer.
            let mut asked = state.silence.ask();
            let permit = self.read_permit(lane, name, &mut asked).await?;
            let resent = *tries != Tries::default();
            // A read changes nothing: it may be dropped in flight.
            let answer = match self.unless_left_alone(lane, send()).await {
                Ok(answer) => answer,
                Err(dropped) => {
                    self.count_dropped(lane, name, &dropped, resent);
                    return Err(dropped);
                }
            };
            // An answer to an earlier request is none to this one.
            let answer = self.ids.judge(answer);
            self.answered(lane, permit, answer.as_ref().err());
            self.count(lane, name, answer.as_ref().err(), resent);
            self.denials.note(lane, name, answer.as_ref().err());
            let error = match answer {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let (now, random) = (Instant::now(), fastrand::f64());
            let verdict =
                self.policy.after_read(error.class, *tries, error.retry_after, random, now);
            tries.count(error.class, now);
            match verdict {
                Verdict::Again(delay) => {
                    self.unless_left_alone(lane, tokio::time::sleep(delay)).await?;
                }
                Verdict::Throttled => {}
                Verdict::LeaveAlone if error.class != ErrorClass::Denied => {
                    return Err(ReadError::Cloud(self.leave_alone(lane, error)));
                }
                _ => return Err(ReadError::Cloud(with_remedy(error))),
            }
        }
    }

    /// Why nothing of `lane` is read any more, if so. An account that may not revoke may still
    /// read.
    pub fn left_alone_for_reads(&self, lane: &LaneKey) -> Option<CloudError> {
        self.left_alone(lane).filter(|error| error.class != ErrorClass::Denied)
    }

    /// The right to send one read. Before the wait, since what is not sent needs no quota, and
    /// after it, since it may have been long, looks whether the read is worth sending.
    async fn read_permit(
        &self,
        lane: &LaneKey,
        action: &'static str,
        asked: &mut Asked<'_>,
    ) -> Result<Permit<'_>, ReadError> {
        let unreadable = || {
            self.left_alone_for_reads(lane)
                .or_else(|| self.denials.verdict(lane, action).map(with_remedy))
        };
        if let Some(error) = unreadable() {
            return Err(ReadError::Cloud(error));
        }
        let permit = self.unless_left_alone(lane, self.permit_asked(lane, action, asked)).await?;
        unreadable().map_or(Ok(permit), |error| Err(ReadError::Cloud(error)))
    }

    /// What `work` comes to, unless the command is to end or the lane is left alone before.
    pub(super) async fn unless_left_alone<T>(
        &self,
        lane: &LaneKey,
        work: impl Future<Output = T>,
    ) -> Result<T, ReadError> {
        let lane = self.lane(lane);
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(ReadError::Stopped),
            error = lane.left_alone.wait() => Err(ReadError::Cloud(error)),
            done = work => Ok(done),
        }
    }

    /// Counts a read that was dropped in flight: it took of the quota.
    fn count_dropped(&self, lane: &LaneKey, action: &'static str, why: &ReadError, resent: bool) {
        if let ReadError::Cloud(error) = why {
            self.count(lane, action, Some(error), resent);
        }
    }
}
