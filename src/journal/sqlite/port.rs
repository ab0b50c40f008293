//! The journal as its callers see it: reads go to the reader, writes to the writer.

use std::collections::BTreeMap;
use std::ops::Range;

use async_trait::async_trait;
use serde_json::Value;

use super::invocations::{self, InvokeOrder};
use super::order::{Alone, Order};
use super::planning::PlanOrder;
use super::readings::ReadingsOrder;
use super::runs::{self, UpdateOrder};
use super::tallies::{self, TallyOrder};
use super::{SqliteJournal, calls, frame, records, sides, sql, tables};
use crate::journal::desk::By;
use crate::journal::table::Table;
use crate::journal::{
    CallId, CallRecord, Claim, Finding, GroupOrders, GroupReading, GroupWork, HistoryRow, Invoker,
    Journal, JournalError, Lane, NewRun, OpenCounts, ReadingTimes, Reopenable, RevocationRecord,
    RunRecord, RunUpdate, SideRecord, Tally,
};
use crate::model::{
    Event, Filter, GroupIx, GroupRef, Groups, Identity, PairSet, PlannedCall, RevocationId, RunId,
    Snapshot, Status,
};

#[async_trait]
impl Journal for SqliteJournal {
    async fn begin(&self, run: &NewRun, pairs: &PairSet) -> Result<(), JournalError> {
        self.writing()?.begin(run, pairs).await
    }

    async fn run(&self, id: &str) -> Result<RunRecord, JournalError> {
        let id = id.to_owned();
        let with = self.with();
        self.reader.ask(move |conn| runs::one(conn, &with, &id)).await
    }

    async fn runs(&self) -> Result<Vec<RunRecord>, JournalError> {
        let with = self.with();
        self.reader.ask(move |conn| runs::all(conn, &with)).await
    }

    async fn update(
        &self,
        run: &RunId,
        update: &RunUpdate,
        at_ms: i64,
    ) -> Result<(), JournalError> {
        let run_no = self.number(run).await?;
        let order = UpdateOrder { run_no, update: update.clone(), at_ms };
        self.writing()?.carry_out(Alone::Update(order)).await
    }

    async fn invoke(
        &self,
        run: &RunId,
        by: &Invoker,
        began_ms: i64,
        at_ms: i64,
    ) -> Result<(), JournalError> {
        let run_no = self.number(run).await?;
        let order = InvokeOrder { run_no, by: by.clone(), began_ms, at_ms };
        self.writing()?.carry_out(Alone::Invoke(order)).await
    }

    async fn identities(&self, run: &RunId) -> Result<Vec<Identity>, JournalError> {
        self.ask(run, invocations::identities).await
    }

    async fn lanes(&self, run: &RunId) -> Result<Vec<Lane>, JournalError> {
        self.ask(run, frame::lanes).await
    }

    async fn filters(&self, run: &RunId) -> Result<Vec<Filter>, JournalError> {
        self.ask(run, frame::filters).await
    }

    async fn groups(
        &self,
        run: &RunId,
        from: GroupIx,
        limit: u32,
    ) -> Result<Vec<GroupWork>, JournalError> {
        self.ask(run, move |conn, no| frame::groups(conn, no, from, limit)).await
    }

    async fn group_refs(
        &self,
        run: &RunId,
        groups: &[GroupIx],
    ) -> Result<Vec<GroupRef>, JournalError> {
        let groups = groups.to_vec();
        self.ask(run, move |conn, no| frame::group_refs(conn, no, &groups)).await
    }

    async fn names(&self, run: &RunId) -> Result<Groups, JournalError> {
        self.ask(run, frame::names).await
    }

    async fn notes(&self, run: &RunId) -> Result<BTreeMap<u32, String>, JournalError> {
        self.ask(run, frame::notes).await
    }

    async fn notes_of(
        &self,
        run: &RunId,
        lines: &[u32],
    ) -> Result<BTreeMap<u32, String>, JournalError> {
        let lines = lines.to_vec();
        self.ask(run, move |conn, no| frame::notes_of(conn, no, &lines)).await
    }

    async fn record_readings(
        &self,
        run: &RunId,
        readings: &[GroupReading],
    ) -> Result<(), JournalError> {
        let order = ReadingsOrder::new(self.number(run).await?, readings)?;
        self.writing()?.carry_out(Alone::Readings(order, Vec::new())).await
    }

    async fn record_planned(
        &self,
        run: &RunId,
        readings: &[GroupReading],
        plans: &[(GroupIx, Vec<PlannedCall>)],
        at_ms: i64,
    ) -> Result<(), JournalError> {
        let run_no = self.number(run).await?;
        let plans = plans.iter().map(|(group, calls)| PlanOrder::new(run_no, *group, calls, at_ms));
        let readings = ReadingsOrder::new(run_no, readings)?;
        let order = Alone::Readings(readings, plans.collect::<Result<_, _>>()?);
        self.writing()?.carry_out(order).await
    }

    async fn plan_group(
        &self,
        run: &RunId,
        group: GroupIx,
        calls: &[PlannedCall],
        at_ms: i64,
    ) -> Result<(), JournalError> {
        let order = PlanOrder::new(self.number(run).await?, group, calls, at_ms)?;
        self.writing()?.write(Order::Plan(order)).await.map(|_| ())
    }

    async fn sides(
        &self,
        run: &RunId,
        from: GroupIx,
        limit: u32,
    ) -> Result<Vec<SideRecord>, JournalError> {
        self.ask(run, move |conn, no| sides::sides(conn, no, from, limit)).await
    }

    async fn reading_times(&self, run: &RunId) -> Result<Option<ReadingTimes>, JournalError> {
        self.ask(run, sides::times).await
    }

    async fn findings(&self, run: &RunId) -> Result<Vec<(GroupIx, Finding)>, JournalError> {
        self.ask(run, sides::findings).await
    }

    async fn snapshot(
        &self,
        run: &RunId,
        group: GroupIx,
    ) -> Result<Option<Snapshot>, JournalError> {
        self.ask(run, move |conn, no| sides::snapshot(conn, no, group)).await
    }

    async fn open_calls(
        &self,
        run: &RunId,
        lane: &Lane,
        from: CallId,
        limit: u32,
    ) -> Result<Vec<CallRecord>, JournalError> {
        let lane = lane.clone();
        self.ask(run, move |conn, no| calls::open(conn, no, &lane, from, limit)).await
    }

    async fn open_counts(&self, run: &RunId, lane: &Lane) -> Result<OpenCounts, JournalError> {
        let lane = lane.clone();
        self.ask(run, move |conn, no| calls::open_counts(conn, no, &lane)).await
    }

    async fn call(&self, run: &RunId, call: CallId) -> Result<CallRecord, JournalError> {
        self.ask(run, move |conn, no| calls::one(conn, no, call)).await
    }

    async fn claim(
        &self,
        run: &RunId,
        call: CallId,
        event: &Event,
        at_ms: i64,
    ) -> Result<Claim, JournalError> {
        let (status, _) = self.step(run, call, event, at_ms, By::Claim).await?;
        Ok(Claim::new(run.clone(), call, status))
    }

    async fn conclude(
        &self,
        claim: Claim,
        event: &Event,
        at_ms: i64,
    ) -> Result<Status, JournalError> {
        let by = By::Conclude(claim.status);
        self.step(&claim.run, claim.call, event, at_ms, by).await.map(|(status, _)| status)
    }

    async fn append(
        &self,
        run: &RunId,
        call: CallId,
        event: &Event,
        at_ms: i64,
    ) -> Result<(Status, Vec<CallId>), JournalError> {
        self.step(run, call, event, at_ms, By::Append).await
    }

    async fn reclaim(&self, run: &RunId, at_ms: i64) -> Result<u64, JournalError> {
        let run_no = self.number(run).await?;
        self.writing()?.count(Alone::Reclaim { run: run.clone(), run_no, at_ms }).await
    }

    async fn reopenable(&self, run: &RunId) -> Result<Vec<Reopenable>, JournalError> {
        self.ask(run, calls::reopenable).await
    }

    async fn tally(&self, run: &RunId, tallies: &[Tally]) -> Result<(), JournalError> {
        let order = TallyOrder { run_no: self.number(run).await?, tallies: tallies.to_vec() };
        self.writing()?.carry_out(Alone::Tally(order)).await
    }

    async fn tallies(&self, run: &RunId) -> Result<Vec<Tally>, JournalError> {
        self.ask(run, |conn, no| tallies::list(conn, sql::TALLIES, no)).await
    }

    async fn recent(&self, since_ms: i64) -> Result<Vec<Tally>, JournalError> {
        self.reader.ask(move |conn| tallies::list(conn, sql::RECENT, since_ms)).await
    }

    async fn revocations(
        &self,
        run: &RunId,
        after: Option<RevocationId>,
        limit: u32,
    ) -> Result<Vec<RevocationRecord>, JournalError> {
        self.ask(run, move |conn, no| records::revocations(conn, no, after, limit)).await
    }

    async fn orders(
        &self,
        run: &RunId,
        groups: Range<u32>,
    ) -> Result<Vec<GroupOrders>, JournalError> {
        self.ask(run, move |conn, no| records::orders(conn, no, groups)).await
    }

    async fn history(
        &self,
        run: &RunId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<HistoryRow>, JournalError> {
        self.ask(run, move |conn, no| records::history(conn, no, after, limit)).await
    }

    async fn rows(
        &self,
        run: &RunId,
        table: Table,
        keys: Range<i64>,
    ) -> Result<Vec<Value>, JournalError> {
        self.ask(run, move |conn, no| tables::rows(conn, no, table, &keys)).await
    }

    async fn close(self: Box<Self>) -> Result<(), JournalError> {
        let Self { reader, writing, .. } = *self;
        reader.close().await?;
        match writing {
            Some(writing) => writing.close().await,
            None => Ok(()),
        }
    }
}
