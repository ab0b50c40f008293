//! The start of a run, and the changes of its head.

use std::collections::BTreeMap;

use serde_json::Value;

use super::state::{GroupRow, LaneRow, Run, State};
use crate::journal::cells::Cell;
use crate::journal::frame::{FrameSink, Told};
use crate::journal::ledger::{LaneHead, RunHead, lane_genesis};
use crate::journal::table::Table;
use crate::journal::{JournalError, Lane, NewRun, PeerEntry, RunRecord, RunState};
use crate::model::{GroupIx, PairSet, RuleCounts, hex};

/// The rows of a frame as they come.
pub(super) struct Rows {
    pub(super) table: Table,
    pub(super) rows: Vec<(Table, Value)>,
}

impl FrameSink for Rows {
    async fn table(&mut self, table: Table) -> Result<(), JournalError> {
        self.table = table;
        Ok(())
    }

    async fn row(&mut self, mut cells: &[u8]) -> Result<(), JournalError> {
        let cells = std::iter::from_fn(|| Cell::read(&mut cells)).map(|cell| -> Value {
            match cell {
                Cell::Number(number) => number.into(),
                Cell::Text(text) => String::from_utf8_lossy(text).into(),
                Cell::Bytes(bytes) => hex(bytes).into(),
            }
        });
        self.rows.push((self.table, cells.collect()));
        Ok(())
    }
}

impl State {
    /// Stores a run with the first row of its history.
    pub(super) fn begin(
        &mut self,
        new: &NewRun,
        pairs: &PairSet,
        frame: Vec<(Table, Value)>,
        told: Told,
    ) -> Result<(), JournalError> {
        if self.runs.iter().any(|run| run.record.new.id == new.id) {
            return Err(JournalError::Unusable {
                journal: "memory".to_owned(),
                reason: format!("run {} is there already", new.id),
            });
        }
        let epoch = self.epoch;
        let mut run = Run::new(new, pairs, frame, &told);
        run.seal(epoch, "begun", new.created_ms, told.body)?;
        self.runs.push(run);
        Ok(())
    }
}

impl Run {
    fn new(new: &NewRun, pairs: &PairSet, frame: Vec<(Table, Value)>, told: &Told) -> Self {
        Self {
            record: record(new, pairs, told),
            pairs: pairs.clone(),
            frame,
            head: RunHead::new(&new.id),
            last_ms: 0,
            invocations: BTreeMap::new(),
            history: BTreeMap::new(),
            lanes: lanes(new, pairs).collect(),
            groups: groups(pairs),
            calls: BTreeMap::new(),
            revocations: BTreeMap::new(),
            members: BTreeMap::new(),
            attempts: BTreeMap::new(),
            tallies: BTreeMap::new(),
        }
    }
}

fn lanes(new: &NewRun, pairs: &PairSet) -> impl Iterator<Item = LaneRow> {
    (0_u32..).zip(pairs.groups.lanes()).map(|(ix, (key, range))| {
        let groups = range.end - range.start;
        let lane = Lane { ix, key: key.clone(), first: GroupIx(range.start), groups };
        let head = LaneHead::new(ix, lane_genesis(new.id.as_str(), ix));
        LaneRow { lane, head, sealed: 0 }
    })
}

fn groups(pairs: &PairSet) -> Vec<GroupRow> {
    let mut groups = Vec::new();
    groups.resize_with(pairs.groups.len(), GroupRow::default);
    for row in pairs.both_ends().flatten() {
        let entry = PeerEntry { peer: row.b, filter: row.filter, line: row.line };
        groups[row.a.0 as usize].peers.push(entry);
    }
    groups
}

fn record(new: &NewRun, pairs: &PairSet, told: &Told) -> RunRecord {
    RunRecord {
        new: new.clone(),
        state: RunState::Reading,
        exit: None,
        started_ms: None,
        declined_ms: None,
        frozen_ms: None,
        closing_ms: None,
        settings: None,
        unsent: BTreeMap::new(),
        ended_ms: None,
        elapsed_ms: 0,
        invocations: Vec::new(),
        running: None,
        content: told.content.clone(),
        digest: None,
        estimate_s: None,
        pairs: told.pairs,
        sources: pairs.sources.clone(),
        rules: RuleCounts::default(),
    }
}
