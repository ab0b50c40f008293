//! The journal as the ledger sees it: every commit is applied at once.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::MemoryJournal;
use super::begin::Rows;
use crate::journal::ledger::{CallState, Commit, HeadChange, PlannedBefore};
use crate::journal::store::{Durable, Store};
use crate::journal::table::Table;
use crate::journal::{CallId, CallRecord, Held, JournalError, Lead, NewRun, frame};
use crate::model::{PairSet, RunId};

#[async_trait]
impl Store for MemoryJournal {
    async fn store_run(&self, run: &NewRun, pairs: &PairSet) -> Result<(), JournalError> {
        let mut rows = Rows { table: Table::Source, rows: Vec::new() };
        let told = frame::tell(&mut rows, run, pairs).await?;
        self.memory.state().begin(run, pairs, rows.rows, told)
    }

    async fn lead_of(&self, run: &RunId) -> Result<Lead, JournalError> {
        let number = self.memory.state().number(run)?;
        Ok(Lead::new(run.clone(), i64::try_from(number).unwrap_or(i64::MAX), self.epoch))
    }

    async fn lease_of(&self, lead: &Lead, most: usize) -> Result<Vec<Held>, JournalError> {
        self.ask(lead.run(), |run, _| {
            let lanes = run.lanes.iter().take(most);
            Ok(lanes.map(|row| Held::new(lead, row.lane.clone(), row.head.clone())).collect())
        })
    }

    async fn open_page_of(
        &self,
        held: &Held,
        from: CallId,
        limit: u32,
    ) -> Result<Vec<(CallRecord, CallState)>, JournalError> {
        self.ask(held.run(), |run, _| run.open_calls(&held.lane, from, limit))
    }

    async fn calls(
        &self,
        held: &Held,
        calls: &[CallId],
    ) -> Result<Vec<(CallId, CallState)>, JournalError> {
        self.ask(held.run(), |run, _| Ok(run.stored(held.lane.ix, calls)))
    }

    async fn left_in_flight(
        &self,
        held: &Held,
        after: CallId,
        limit: usize,
    ) -> Result<Vec<CallId>, JournalError> {
        let from = (after, held.epoch);
        self.ask(held.run(), |run, _| {
            Ok(run.left_in_flight(held.lane.ix, from).take(limit).collect())
        })
    }

    async fn planned_before(
        &self,
        held: &Held,
        groups: &[u32],
    ) -> Result<BTreeMap<u32, PlannedBefore>, JournalError> {
        self.ask(held.run(), |run, _| run.planned_before(groups))
    }

    fn commit(&self, commit: Commit) -> Durable {
        Box::pin(std::future::ready(self.memory.state().commit(commit)))
    }

    fn change_head(&self, lead: &Lead, change: HeadChange, at_ms: i64) -> Durable {
        Box::pin(std::future::ready(self.memory.state().change_head(lead, change, at_ms)))
    }
}
