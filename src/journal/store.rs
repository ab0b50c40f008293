//! The ledger over a store: what every journal does, whichever database it is in.

use std::collections::BTreeMap;
use std::pin::Pin;

use async_trait::async_trait;

use super::ledger::{
    CallState, Commit, HeadChange, LaneState, Origin, Planned, PlannedBefore, ReadingRow, Step,
};
use super::{
    CallId, CallRecord, Claim, GroupReading, Held, Invoker, Journal, JournalError, JournalRead,
    Lead, NewRun, OpenCounts, RunUpdate, Tally,
};
use crate::model::{Digest, Event, GroupIx, PairSet, PlannedCall, RunId, Status};

/// Calls reclaimed in one commit.
const RECLAIM: usize = 1_000;

/// Becomes ready once what was sent is durable, or refused.
pub(super) type Durable = Pin<Box<dyn Future<Output = Result<(), JournalError>> + Send>>;

/// What a journal needs of a database beside its reads: to hand out rights, to tell what is stored
/// of a lane, and to make commits durable. Implementations pass one contract suite.
#[async_trait]
pub(super) trait Store: JournalRead {
    /// See [`Journal::begin`].
    async fn store_run(&self, run: &NewRun, pairs: &PairSet) -> Result<(), JournalError>;

    /// See [`Journal::lead`].
    async fn lead_of(&self, run: &RunId) -> Result<Lead, JournalError>;

    /// See [`Journal::lease`].
    async fn lease_of(&self, lead: &Lead, most: usize) -> Result<Vec<Held>, JournalError>;

    /// See [`Journal::open_page`].
    async fn open_page_of(
        &self,
        held: &Held,
        from: CallId,
        limit: u32,
    ) -> Result<Vec<(CallRecord, CallState)>, JournalError>;

    /// What is stored of calls of a lane: of open ones the members that are pending, of closed ones
    /// those that are not settled. Calls that are not there are left out.
    async fn calls(
        &self,
        held: &Held,
        calls: &[CallId],
    ) -> Result<Vec<(CallId, CallState)>, JournalError>;

    /// Up to `limit` calls of a lane after `after` that a former holder left in flight, in order.
    async fn left_in_flight(
        &self,
        held: &Held,
        after: CallId,
        limit: usize,
    ) -> Result<Vec<CallId>, JournalError>;

    /// What is stored of the orders of these groups; those that have none are left out.
    async fn planned_before(
        &self,
        held: &Held,
        groups: &[u32],
    ) -> Result<BTreeMap<u32, PlannedBefore>, JournalError>;

    /// Sends a commit to be made durable after all that were sent before it.
    fn commit(&self, commit: Commit) -> Durable;

    /// Sends a change of a run's head to be made durable after all that was sent before it.
    fn change_head(&self, lead: &Lead, change: HeadChange, at_ms: i64) -> Durable;
}

/// What was not even sent.
pub(super) fn refused(error: JournalError) -> Durable {
    Box::pin(std::future::ready(Err(error)))
}

/// Sees to it that what is stored of a call is known.
async fn know(
    store: &(impl Store + ?Sized),
    held: &Held,
    call: CallId,
) -> Result<(), JournalError> {
    if held.state().knows(call) {
        return Ok(());
    }
    let stored = store.calls(held, &[call]).await?;
    held.state().learn(stored);
    Ok(())
}

/// Waits until a commit of a lane is durable; one that was refused ends the right to write it.
async fn settle(held: &Held, durable: Durable) -> Result<(), JournalError> {
    let done = durable.await;
    if let Err(error) = &done {
        held.state().lose(error);
    }
    done
}

/// Applies a command to what is known of a lane, and makes it durable.
async fn write(
    store: &(impl Store + ?Sized),
    held: &Held,
    command: impl FnOnce(&mut LaneState) -> Result<Commit, JournalError>,
) -> Result<(), JournalError> {
    let durable = {
        // Commits of a lane follow each other as its state does.
        let mut state = held.state();
        store.commit(command(&mut state)?)
    };
    settle(held, durable).await
}

async fn step(
    store: &(impl Store + ?Sized),
    held: &Held,
    call: CallId,
    (event, at_ms): (&Event, i64),
    origin: Origin,
) -> Result<(Status, Vec<CallId>), JournalError> {
    know(store, held, call).await?;
    let (durable, status, split) = {
        // Commits of a lane follow each other as its state does.
        let mut state = held.state();
        let (commit, status, split) = state.step(&Step { call, event, at_ms, origin })?;
        (store.commit(commit), status, split)
    };
    settle(held, durable).await?;
    Ok((status, split))
}

#[async_trait]
impl<S: Store> Journal for S {
    async fn begin(&self, run: &NewRun, pairs: &PairSet) -> Result<(), JournalError> {
        self.store_run(run, pairs).await
    }

    async fn lead(&self, run: &RunId) -> Result<Lead, JournalError> {
        self.lead_of(run).await
    }

    async fn lease(&self, lead: &Lead, most: usize) -> Result<Vec<Held>, JournalError> {
        self.lease_of(lead, most).await
    }

    async fn update(
        &self,
        lead: &Lead,
        update: &RunUpdate,
        at_ms: i64,
    ) -> Result<(), JournalError> {
        self.change_head(lead, HeadChange::Updated(update.clone()), at_ms).await
    }

    async fn invoke(
        &self,
        lead: &Lead,
        by: &Invoker,
        began_ms: i64,
        at_ms: i64,
    ) -> Result<(), JournalError> {
        let change = HeadChange::Invoked { by: by.clone(), began_ms };
        self.change_head(lead, change, at_ms).await
    }

    async fn record(
        &self,
        held: &Held,
        readings: &[GroupReading],
        plans: &[(GroupIx, Vec<PlannedCall>)],
        at_ms: i64,
    ) -> Result<(), JournalError> {
        if readings.is_empty() && plans.is_empty() {
            return Ok(());
        }
        let rows = readings.iter().map(ReadingRow::new).collect::<Result<_, _>>()?;
        let planned = plans.iter().map(|(group, calls)| Planned::new(*group, calls));
        let planned = planned.collect::<Result<_, _>>()?;
        let groups: Vec<u32> = plans.iter().map(|(group, _)| group.0).collect();
        let again = !groups.is_empty() && held.state().may_plan_again();
        let before =
            if again { self.planned_before(held, &groups).await? } else { BTreeMap::new() };
        write(self, held, |state| state.record(rows, planned, &before, at_ms)).await
    }

    async fn record_by_rows(
        &self,
        held: &Held,
        counts: OpenCounts,
        digest: Digest,
        at_ms: i64,
    ) -> Result<(), JournalError> {
        write(self, held, |state| state.record_by_rows(counts, digest, at_ms)).await
    }

    async fn complete_plan(
        &self,
        held: &Held,
        digest: Digest,
        at_ms: i64,
    ) -> Result<(), JournalError> {
        write(self, held, |state| state.complete_plan(digest, at_ms)).await
    }

    async fn open_page(
        &self,
        held: &Held,
        from: CallId,
        limit: u32,
    ) -> Result<Vec<CallRecord>, JournalError> {
        let page = self.open_page_of(held, from, limit).await?;
        let (calls, states): (Vec<_>, Vec<_>) = page.into_iter().unzip();
        held.state().learn(calls.iter().map(|call| call.id).zip(states));
        Ok(calls)
    }

    async fn claim(
        &self,
        held: &Held,
        call: CallId,
        event: &Event,
        at_ms: i64,
    ) -> Result<Claim, JournalError> {
        let (status, _) = step(self, held, call, (event, at_ms), Origin::Claim).await?;
        Ok(Claim::new(call, status))
    }

    async fn conclude(
        &self,
        held: &Held,
        claim: Claim,
        event: &Event,
        at_ms: i64,
    ) -> Result<Status, JournalError> {
        let origin = Origin::Conclude(claim.status);
        step(self, held, claim.call, (event, at_ms), origin).await.map(|(status, _)| status)
    }

    async fn append(
        &self,
        held: &Held,
        call: CallId,
        event: &Event,
        at_ms: i64,
    ) -> Result<(Status, Vec<CallId>), JournalError> {
        step(self, held, call, (event, at_ms), Origin::Append).await
    }

    async fn reclaim(&self, held: &Held, at_ms: i64) -> Result<u64, JournalError> {
        let (mut count, mut after) = (0, CallId(0));
        loop {
            let left = self.left_in_flight(held, after, RECLAIM).await?;
            let Some(last) = left.last() else { return Ok(count) };
            (after, count) = (*last, count + left.len() as u64);
            let stored = self.calls(held, &left).await?;
            let (event, origin) = (&Event::Reclaimed, Origin::Reclaim);
            let steps: Vec<_> =
                left.iter().map(|call| Step { call: *call, event, at_ms, origin }).collect();
            write(self, held, |state| {
                state.learn(stored);
                state.steps(&steps)
            })
            .await?;
        }
    }

    async fn tally(&self, held: &Held, tallies: &[Tally]) -> Result<(), JournalError> {
        let durable = {
            let mut state = held.state();
            let Some(commit) = state.tally(tallies)? else { return Ok(()) };
            self.commit(commit)
        };
        settle(held, durable).await
    }
}
