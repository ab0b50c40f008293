//! One transaction under way: its connection, and the history rows it will add.

use std::collections::{BTreeSet, HashMap};

use rusqlite::Connection;

use super::row::{bulk, first, get, text};
use super::sql;
use crate::journal::chain::{self, Link};
use crate::journal::{CallId, JournalError};

/// Where a run's history ends, and which numbers come next.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) seq: u64,
    pub(super) hash: String,
    pub(super) next_call: u64,
    pub(super) next_revocation: u64,
}

/// The heads of the runs that this process writes: no other process moves them.
pub(super) type Heads = HashMap<i64, Head>;

/// A row of `event` in column order.
type EventRow = (i64, u64, i64, u64, String, Option<u64>, String, String);

/// One transaction under way.
pub(super) struct Work<'a> {
    pub(super) conn: &'a Connection,
    pub(super) epoch: u64,
    heads: &'a mut Heads,
    touched: BTreeSet<i64>,
    events: Vec<EventRow>,
}

impl<'a> Work<'a> {
    pub(super) fn new(conn: &'a Connection, heads: &'a mut Heads, epoch: u64) -> Self {
        Self { conn, epoch, heads, touched: BTreeSet::new(), events: Vec::new() }
    }

    /// The head of a run, read once.
    pub(super) fn head(&mut self, run_no: i64) -> Result<&mut Head, JournalError> {
        if !self.heads.contains_key(&run_no) {
            let head = first(self.conn, sql::RUN_HEAD, [run_no], |row| {
                let hash: Option<String> = get(row, "hash")?;
                Ok(Head {
                    seq: get::<Option<u64>>(row, "seq")?.unwrap_or_default(),
                    hash: hash.map_or_else(|| text(row, "id").map(chain::genesis), Ok)?,
                    next_call: get(row, "next_call")?,
                    next_revocation: get(row, "next_revocation")?,
                })
            })?;
            let head = head.ok_or_else(|| JournalError::Damaged(format!("no run {run_no}")))?;
            self.heads.insert(run_no, head);
        }
        self.touched.insert(run_no);
        self.heads
            .get_mut(&run_no)
            .ok_or_else(|| JournalError::Damaged(format!("run {run_no} has no head")))
    }

    /// Adds a row to the history of a run; it is written by [`Work::finish`]. Returns its number.
    pub(super) fn record(
        &mut self,
        run_no: i64,
        at_ms: i64,
        kind: &str,
        call: Option<CallId>,
        body: String,
    ) -> Result<u64, JournalError> {
        let epoch = self.epoch;
        let head = self.head(run_no)?;
        let seq = head.seq + 1;
        head.hash = chain::link(&head.hash, &Link { seq, at_ms, epoch, kind, call, body: &body });
        head.seq = seq;
        let hash = head.hash.clone();
        let call = call.map(|call| call.0);
        self.events.push((run_no, seq, at_ms, epoch, kind.to_owned(), call, body, hash));
        Ok(seq)
    }

    /// Writes the history rows and the numbers given out.
    pub(super) fn finish(self) -> Result<(), JournalError> {
        bulk(self.conn, sql::EVENT_INSERT, self.events)?;
        let touched =
            self.touched.iter().filter_map(|run_no| Some((*run_no, self.heads.get(run_no)?)));
        let numbers = touched.map(|(run_no, head)| (run_no, head.next_call, head.next_revocation));
        bulk(self.conn, sql::RUN_NUMBERS, numbers)
    }
}
