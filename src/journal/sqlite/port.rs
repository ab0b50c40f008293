//! The journal as its callers see it: reads go to the reader, writes to the writer.

use std::collections::BTreeMap;
use std::ops::Range;

use async_trait::async_trait;
use serde_json::Value;

use super::run_history::HeadOrder;
use super::writer::Order;
use super::{
    SqliteJournal, calls, frame, heads, invocations, records, runs, sides, sql, tables, tallies,
};
use crate::journal::ledger::{CallState, Commit, HeadChange, PlannedBefore};
use crate::journal::store::{Durable, Store, refused};
use crate::journal::table::Table;
use crate::journal::{
    CallId, CallRecord, Chain, Finding, GroupOrders, GroupRecord, GroupWork, Head, Held,
    HistoryRow, JournalError, JournalRead, Lane, Lead, NewRun, OpenCounts, ReadingTimes,
    Reopenable, RevocationRecord, RunRecord, SideRecord, Tally, Unstored,
};
use crate::model::{
    Filter, GroupIx, GroupRef, Groups, Identity, PairSet, RevocationId, RowText, RunId,
};

#[async_trait]
impl JournalRead for SqliteJournal {
    async fn run(&self, id: &str) -> Result<RunRecord, JournalError> {
        let id = id.to_owned();
        let with = self.with();
        self.reader.ask(move |conn| runs::one(conn, &with, &id)).await
    }

    async fn runs(&self) -> Result<Vec<RunRecord>, JournalError> {
        let with = self.with();
        self.reader.ask(move |conn| runs::all(conn, &with)).await
    }

    async fn head(&self, run: &RunId) -> Result<Head, JournalError> {
        self.ask(run, heads::end).await
    }

    async fn lane_ends(&self, run: &RunId) -> Result<Vec<(u32, u64)>, JournalError> {
        self.ask(run, heads::lane_ends).await
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

    async fn notes(&self, run: &RunId) -> Result<BTreeMap<u32, RowText>, JournalError> {
        self.ask(run, frame::notes).await
    }

    async fn notes_of(
        &self,
        run: &RunId,
        lines: &[u32],
    ) -> Result<BTreeMap<u32, RowText>, JournalError> {
        let lines = lines.to_vec();
        self.ask(run, move |conn, no| frame::notes_of(conn, no, &lines)).await
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

    async fn group(
        &self,
        run: &RunId,
        group: GroupIx,
    ) -> Result<Option<GroupRecord>, JournalError> {
        self.ask(run, move |conn, no| sides::group(conn, no, group)).await
    }

    async fn open_calls(
        &self,
        run: &RunId,
        lane: &Lane,
        from: CallId,
        limit: u32,
    ) -> Result<Vec<CallRecord>, JournalError> {
        let lane = lane.clone();
        let open = self.ask(run, move |conn, no| calls::open(conn, no, &lane, from, limit)).await?;
        Ok(open.into_iter().map(|(call, _)| call).collect())
    }

    async fn open_counts(&self, run: &RunId, lane: &Lane) -> Result<OpenCounts, JournalError> {
        let lane = lane.clone();
        self.ask(run, move |conn, no| calls::open_counts(conn, no, &lane)).await
    }

    async fn call(&self, run: &RunId, call: CallId) -> Result<CallRecord, JournalError> {
        self.ask(run, move |conn, no| calls::one(conn, no, call)).await
    }

    async fn reopenable(&self, run: &RunId) -> Result<Vec<Reopenable>, JournalError> {
        self.ask(run, calls::reopenable).await
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
        lane: &Lane,
        after: Option<RevocationId>,
        limit: u32,
    ) -> Result<Vec<RevocationRecord>, JournalError> {
        let lane = lane.clone();
        self.ask(run, move |conn, no| records::revocations(conn, no, &lane, after, limit)).await
    }

    async fn unstored(
        &self,
        run: &RunId,
    ) -> Result<BTreeMap<u32, (Unstored, RevocationId)>, JournalError> {
        self.ask(run, heads::unstored).await
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
        chain: Chain,
        after: u64,
        limit: u32,
    ) -> Result<Vec<HistoryRow>, JournalError> {
        self.ask(run, move |conn, no| records::history(conn, no, chain, after, limit)).await
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

#[async_trait]
impl Store for SqliteJournal {
    async fn store_run(&self, run: &NewRun, pairs: &PairSet) -> Result<(), JournalError> {
        self.writing()?.begin(run, pairs).await
    }

    async fn lead_of(&self, run: &RunId) -> Result<Lead, JournalError> {
        Ok(Lead::new(run.clone(), self.number(run).await?, self.writing()?.epoch))
    }

    async fn lease_of(&self, lead: &Lead, most: usize) -> Result<Vec<Held>, JournalError> {
        let run = lead.run().clone();
        let lanes =
            self.ask(lead.run(), move |conn, no| heads::lanes(conn, no, &run, most)).await?;
        Ok(lanes.into_iter().map(|(lane, head)| Held::new(lead, lane, head)).collect())
    }

    async fn open_page_of(
        &self,
        held: &Held,
        from: CallId,
        limit: u32,
    ) -> Result<Vec<(CallRecord, CallState)>, JournalError> {
        let lane = held.lane.clone();
        self.ask(held.run(), move |conn, no| calls::open(conn, no, &lane, from, limit)).await
    }

    async fn calls(
        &self,
        held: &Held,
        calls: &[CallId],
    ) -> Result<Vec<(CallId, CallState)>, JournalError> {
        let (lane, calls) = (held.lane.ix, calls.to_vec());
        self.ask(held.run(), move |conn, no| calls::stored(conn, no, lane, &calls)).await
    }

    async fn left_in_flight(
        &self,
        held: &Held,
        after: CallId,
        limit: usize,
    ) -> Result<Vec<CallId>, JournalError> {
        let (lane, from) = (held.lane.ix, (after, held.epoch));
        self.ask(held.run(), move |conn, no| calls::left_in_flight(conn, no, lane, from, limit))
            .await
    }

    async fn planned_before(
        &self,
        held: &Held,
        groups: &[u32],
    ) -> Result<BTreeMap<u32, PlannedBefore>, JournalError> {
        let groups = groups.to_vec();
        self.ask(held.run(), move |conn, no| calls::planned_before(conn, no, &groups)).await
    }

    fn commit(&self, commit: Commit) -> Durable {
        self.write(Order::Commit(Box::new(commit)))
    }

    fn change_head(&self, lead: &Lead, change: HeadChange, at_ms: i64) -> Durable {
        let (run_no, epoch) = (lead.run_no, lead.epoch);
        self.write(Order::Head(HeadOrder { run_no, epoch, change, at_ms }))
    }
}

impl SqliteJournal {
    /// Sends an order at once; ready once it is durable or refused.
    pub(super) fn write(&self, order: Order) -> Durable {
        match self.writing() {
            Ok(writing) => writing.write(order),
            Err(error) => refused(error),
        }
    }
}
