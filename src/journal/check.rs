//! The check of a run: the hash chain is recomputed, the history folded again, and the rest of
//! the journal compared with what comes out.

use super::chain::{self, Link};
use super::compare;
use super::expect::Expected;
use super::fold::Folded;
use super::{HistoryRow, Journal, JournalError};
use crate::model::RunId;

/// Rows asked for at a time.
pub(super) const PAGE: u32 = 4096;
/// Findings after which the rest are not spelled out: a broken journal is broken.
const SPELLED: usize = 100;

/// What a check of a run's journal found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Rows of history.
    pub rows: u64,
    /// The hash of the last one, hexadecimal. Remembered elsewhere, it tells of a cut tail.
    pub head: String,
    /// What does not hold, one line each, at most a hundred; empty if all is well.
    pub bad: Vec<String>,
}

impl CheckReport {
    pub(super) fn find(&mut self, what: impl Into<String>) {
        if self.bad.len() < SPELLED {
            self.bad.push(what.into());
        }
    }
}

/// Checks one run. To be used while nothing is being written to it.
///
/// Detects every row of any table that was edited, dropped, added or swapped: the history by its
/// hashes, all else because it does not follow from the history.
pub async fn check(journal: &dyn Journal, run: &RunId) -> Result<CheckReport, JournalError> {
    let mut report = CheckReport::default();
    match compared(journal, run, &mut report).await {
        Ok(()) => {}
        // Asked by the id that its options hold.
        Err(JournalError::NoSuchRun(_)) => report.find("run: it has another id"),
        Err(JournalError::Damaged(what)) => report.find(what),
        Err(other) => return Err(other),
    }
    Ok(report)
}

async fn compared(
    journal: &dyn Journal,
    run: &RunId,
    report: &mut CheckReport,
) -> Result<(), JournalError> {
    let folded = history(journal, run, report).await?;
    compare::epoch(journal, run, &folded, report).await?;
    let lanes = compare::frame(journal, run, &folded, report).await?;
    compare::revocations(journal, run, &folded, report).await?;
    let expected = Expected::new(&folded, run.as_str(), &lanes);
    compare::told(journal, run, &expected, report).await
}

async fn history(
    journal: &dyn Journal,
    run: &RunId,
    report: &mut CheckReport,
) -> Result<Folded, JournalError> {
    let (mut folded, mut chain) = (Folded::new(), Chain::new(run));
    loop {
        let rows = journal.history(run, chain.last, PAGE).await?;
        if rows.is_empty() {
            report.head = chain.head;
            return Ok(folded);
        }
        for row in &rows {
            if row.seq <= chain.last {
                // A damaged file gives rows out of order, and might do so for ever.
                let (seq, last) = (row.seq, chain.last);
                report.find(format!("history: row {seq} is out of order after row {last}"));
                report.head = chain.head;
                return Ok(folded);
            }
            chain.take(row, report);
            if let Err(reason) = folded.take(row) {
                report.find(format!("history row {}: {reason}", row.seq));
            }
        }
    }
}

/// The hash chain, as far as it was followed.
#[derive(Clone)]
pub(super) struct Chain {
    head: String,
    last: u64,
}

impl Chain {
    pub(super) fn new(run: &RunId) -> Self {
        Self { head: chain::genesis(run.as_str()), last: 0 }
    }

    /// Takes the next row; what does not follow is a finding.
    pub(super) fn take(&mut self, row: &HistoryRow, report: &mut CheckReport) {
        let (seq, at_ms, epoch, call) = (row.seq, row.at_ms, row.epoch, row.call);
        if seq != self.last + 1 {
            let (from, to) = (self.last + 1, seq.saturating_sub(1));
            report.find(format!("history: rows {from} to {to} are missing"));
        }
        let link = Link { seq, at_ms, epoch, kind: &row.kind, call, body: &row.body };
        if chain::link(&self.head, &link) != row.hash {
            report.find(format!("history row {seq}: its hash does not follow"));
        }
        (self.last, self.head) = (seq, row.hash.clone());
        report.rows += 1;
    }
}
