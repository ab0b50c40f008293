//! The journal as its callers see it: reads go to the readers, writes to the writer.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use sqlx::Connection as _;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::connect::{self, Name};
use super::counts::Counts;
use super::numbers::Numbers;
use super::planning::PlanOrder;
use super::readers::Readers;
use super::readings::ReadingsOrder;
use super::row::refused;
use super::runs::{self, UpdateOrder};
use super::tallies::{self, TallyOrder};
use super::writer::{self, Alone, Envelope, Order, Reply, Writer};
use super::{calls, frame, records, sides, sql, tables};
use crate::journal::desk::{By, Step};
use crate::journal::table::Table;
use crate::journal::{
    CallId, CallRecord, Claim, Finding, GroupOrders, GroupReading, GroupWork, HistoryRow, Journal,
    JournalError, Lane, NewRun, OpenCounts, RevocationRecord, RunRecord, RunUpdate, SideRecord,
    Tally,
};
use crate::model::{
    Event, Filter, GroupIx, GroupRef, Groups, PairSet, PlannedCall, RevocationId, RunId, Snapshot,
    Status,
};

/// Orders that may wait for the writer before their senders do.
const INBOX: usize = 1024;

/// A journal in a `SQLite` file.
pub(in crate::journal) struct SqliteJournal {
    name: Name,
    readers: Readers,
    numbers: Numbers,
    counts: Arc<Counts>,
    writing: Option<Writing>,
}

struct Writing {
    inbox: mpsc::Sender<Envelope>,
    task: JoinHandle<()>,
    writer: Arc<Mutex<Writer>>,
    /// Held as long as this process may write.
    _lock: File,
}

impl SqliteJournal {
    /// Opens for writing, alone; creates and migrates the file.
    pub(in crate::journal) async fn open_to_write(
        name: &str,
        path: &Path,
    ) -> Result<Self, JournalError> {
        let name = Name(name.to_owned());
        let lock = connect::lock(&name, path)?;
        connect::private_file(&name, path)?;
        let conn = connect::to_write(&name, path).await?;
        let writer = Arc::new(Mutex::new(Writer::new(name.clone(), conn).await?));
        let readers = Readers::open(&name, path).await?;
        let (inbox, orders) = mpsc::channel(INBOX);
        let counts = Arc::new(Counts::new(true));
        let serving = writer::serve(Arc::clone(&writer), orders, Arc::clone(&counts));
        let task = tokio::spawn(serving);
        let writing = Some(Writing { inbox, task, writer, _lock: lock });
        Ok(Self { name, readers, numbers: Numbers::default(), counts, writing })
    }

    /// Opens for reading, beside whoever writes.
    pub(in crate::journal) async fn open_to_read(
        name: &str,
        path: &Path,
    ) -> Result<Self, JournalError> {
        let name = Name(name.to_owned());
        if !path.exists() {
            return Err(name.unusable("there is no journal; run a command first"));
        }
        let readers = Readers::open(&name, path).await?;
        let counts = Arc::new(Counts::new(false));
        Ok(Self { name, readers, numbers: Numbers::default(), counts, writing: None })
    }

    /// Deletes the runs that ended before a time.
    pub(in crate::journal) async fn prune(&self, before_ms: i64) -> Result<u64, JournalError> {
        self.send(Order::Alone(Alone::Prune { before_ms })).await?.count()
    }

    /// The writer itself, for tests that break it.
    #[cfg(test)]
    pub(super) fn writer(&self) -> Arc<Mutex<Writer>> {
        Arc::clone(&self.writing.as_ref().expect("opened for writing").writer)
    }

    async fn number(&self, run: &RunId) -> Result<i64, JournalError> {
        self.numbers.of(&self.readers, run).await
    }

    fn writing(&self) -> Result<&Writing, JournalError> {
        self.writing.as_ref().ok_or_else(|| self.name.unusable("was opened for reading alone"))
    }

    /// Returns once the order is durable or refused.
    async fn send(&self, order: Order) -> Result<Reply, JournalError> {
        let gone = |()| JournalError::Database("its writer has stopped".to_owned());
        let (ack, reply) = oneshot::channel();
        let envelope = Envelope { order, ack };
        self.writing()?.inbox.send(envelope).await.map_err(|_| gone(()))?;
        reply.await.map_err(|_| gone(()))?
    }

    async fn step(
        &self,
        run: &RunId,
        call: CallId,
        event: &Event,
        at_ms: i64,
        by: By,
    ) -> Result<(Status, Vec<CallId>), JournalError> {
        let run_no = self.number(run).await?;
        let step = Step { run: run.clone(), run_no, call, event: event.clone(), at_ms, by };
        match self.send(Order::Step(step)).await? {
            Reply::Stepped(status, split) => Ok((status, split)),
            other => Err(other.mixed_up()),
        }
    }
}

#[async_trait]
impl Journal for SqliteJournal {
    async fn begin(&self, run: &NewRun, pairs: &PairSet) -> Result<(), JournalError> {
        self.writing()?.writer.lock().await.begin(run, pairs).await.map(|_| ())
    }

    async fn run(&self, id: &str) -> Result<RunRecord, JournalError> {
        runs::one(&mut *self.readers.get().await, &self.counts, id).await
    }

    async fn runs(&self) -> Result<Vec<RunRecord>, JournalError> {
        runs::all(&mut *self.readers.get().await, &self.counts).await
    }

    async fn update(
        &self,
        run: &RunId,
        update: &RunUpdate,
        at_ms: i64,
    ) -> Result<(), JournalError> {
        let run_no = self.number(run).await?;
        let order = UpdateOrder { run_no, update: update.clone(), at_ms };
        self.send(Order::Alone(Alone::Update(order))).await.map(|_| ())
    }

    async fn lanes(&self, run: &RunId) -> Result<Vec<Lane>, JournalError> {
        let run_no = self.number(run).await?;
        frame::lanes(&mut *self.readers.get().await, run_no).await
    }

    async fn filters(&self, run: &RunId) -> Result<Vec<Filter>, JournalError> {
        let run_no = self.number(run).await?;
        frame::filters(&mut *self.readers.get().await, run_no).await
    }

    async fn groups(
        &self,
        run: &RunId,
        from: GroupIx,
        limit: u32,
    ) -> Result<Vec<GroupWork>, JournalError> {
        let run_no = self.number(run).await?;
        frame::groups(&mut *self.readers.get().await, run_no, from, limit).await
    }

    async fn group_refs(
        &self,
        run: &RunId,
        groups: &[GroupIx],
    ) -> Result<Vec<GroupRef>, JournalError> {
        let run_no = self.number(run).await?;
        frame::group_refs(&mut *self.readers.get().await, run_no, groups).await
    }

    async fn names(&self, run: &RunId) -> Result<Groups, JournalError> {
        let run_no = self.number(run).await?;
        frame::names(&mut *self.readers.get().await, run_no).await
    }

    async fn notes(&self, run: &RunId) -> Result<BTreeMap<u32, String>, JournalError> {
        let run_no = self.number(run).await?;
        frame::notes(&mut *self.readers.get().await, run_no).await
    }

    async fn notes_of(
        &self,
        run: &RunId,
        lines: &[u32],
    ) -> Result<BTreeMap<u32, String>, JournalError> {
        let run_no = self.number(run).await?;
        frame::notes_of(&mut *self.readers.get().await, run_no, lines).await
    }

    async fn record_readings(
        &self,
        run: &RunId,
        readings: &[GroupReading],
    ) -> Result<(), JournalError> {
        let order = ReadingsOrder::new(self.number(run).await?, readings)?;
        self.send(Order::Alone(Alone::Readings(order, Vec::new()))).await.map(|_| ())
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
        self.send(Order::Alone(order)).await.map(|_| ())
    }

    async fn plan_group(
        &self,
        run: &RunId,
        group: GroupIx,
        calls: &[PlannedCall],
        at_ms: i64,
    ) -> Result<(), JournalError> {
        let order = PlanOrder::new(self.number(run).await?, group, calls, at_ms)?;
        self.send(Order::Plan(order)).await.map(|_| ())
    }

    async fn sides(
        &self,
        run: &RunId,
        from: GroupIx,
        limit: u32,
    ) -> Result<Vec<SideRecord>, JournalError> {
        let run_no = self.number(run).await?;
        sides::sides(&mut *self.readers.get().await, run_no, from, limit).await
    }

    async fn findings(&self, run: &RunId) -> Result<Vec<(GroupIx, Finding)>, JournalError> {
        let run_no = self.number(run).await?;
        sides::findings(&mut *self.readers.get().await, run_no).await
    }

    async fn snapshot(
        &self,
        run: &RunId,
        group: GroupIx,
    ) -> Result<Option<Snapshot>, JournalError> {
        let run_no = self.number(run).await?;
        sides::snapshot(&mut *self.readers.get().await, run_no, group).await
    }

    async fn open_calls(
        &self,
        run: &RunId,
        lane: &Lane,
        from: CallId,
        limit: u32,
    ) -> Result<Vec<CallRecord>, JournalError> {
        let run_no = self.number(run).await?;
        calls::open(&mut *self.readers.get().await, run_no, lane, from, limit).await
    }

    async fn open_counts(&self, run: &RunId, lane: &Lane) -> Result<OpenCounts, JournalError> {
        let run_no = self.number(run).await?;
        calls::open_counts(&mut *self.readers.get().await, run_no, lane).await
    }

    async fn call(&self, run: &RunId, call: CallId) -> Result<CallRecord, JournalError> {
        let run_no = self.number(run).await?;
        calls::one(&mut *self.readers.get().await, run_no, call).await
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
        let order = Alone::Reclaim { run: run.clone(), run_no, at_ms };
        self.send(Order::Alone(order)).await?.count()
    }

    async fn reopenable(
        &self,
        run: &RunId,
    ) -> Result<Vec<(CallId, Vec<RevocationId>)>, JournalError> {
        let run_no = self.number(run).await?;
        calls::reopenable(&mut *self.readers.get().await, run_no).await
    }

    async fn tally(&self, run: &RunId, tallies: &[Tally]) -> Result<(), JournalError> {
        let order = TallyOrder { run_no: self.number(run).await?, tallies: tallies.to_vec() };
        self.send(Order::Alone(Alone::Tally(order))).await.map(|_| ())
    }

    async fn tallies(&self, run: &RunId) -> Result<Vec<Tally>, JournalError> {
        let run_no = self.number(run).await?;
        tallies::list(&mut *self.readers.get().await, sql::TALLIES, run_no).await
    }

    async fn recent(&self, since_ms: i64) -> Result<Vec<Tally>, JournalError> {
        tallies::list(&mut *self.readers.get().await, sql::RECENT, since_ms).await
    }

    async fn revocations(
        &self,
        run: &RunId,
        after: Option<RevocationId>,
        limit: u32,
    ) -> Result<Vec<RevocationRecord>, JournalError> {
        let run_no = self.number(run).await?;
        records::revocations(&mut *self.readers.get().await, run_no, after, limit).await
    }

    async fn orders(
        &self,
        run: &RunId,
        groups: Range<u32>,
    ) -> Result<Vec<GroupOrders>, JournalError> {
        let run_no = self.number(run).await?;
        records::orders(&mut *self.readers.get().await, run_no, groups).await
    }

    async fn history(
        &self,
        run: &RunId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<HistoryRow>, JournalError> {
        let run_no = self.number(run).await?;
        records::history(&mut *self.readers.get().await, run_no, after, limit).await
    }

    async fn rows(
        &self,
        run: &RunId,
        table: Table,
        keys: Range<i64>,
    ) -> Result<Vec<Value>, JournalError> {
        let run_no = self.number(run).await?;
        tables::rows(&mut *self.readers.get().await, run_no, table, keys).await
    }

    async fn close(self: Box<Self>) -> Result<(), JournalError> {
        let Self { readers, writing, .. } = *self;
        let failed = |error: sqlx::Error| refused(&error);
        readers.close().await.map_err(failed)?;
        let Some(Writing { inbox, task, writer, _lock }) = writing else { return Ok(()) };
        drop(inbox);
        task.await.map_err(|error| JournalError::Database(error.to_string()))?;
        match Arc::into_inner(writer) {
            Some(writer) => writer.into_inner().conn.close().await.map_err(failed),
            None => Ok(()),
        }
    }
}
