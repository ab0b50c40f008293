//! The check of a run: the hash chain is recomputed, the history folded again, and the rest of
//! the journal compared with what comes out.

use super::chain::{self, Link};
use super::compare;
use super::fold::Folded;
use super::{Journal, JournalError};
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

    /// What of a result can be compared; damage is a finding.
    pub(super) fn readable<T>(
        &mut self,
        result: Result<T, JournalError>,
    ) -> Result<Option<T>, JournalError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(JournalError::Damaged(what)) => {
                self.find(what);
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }
}

/// Checks one run. To be used while nothing is being written to it.
///
/// Detects every edited, missing, added or swapped row of history, calls and outcomes that do
/// not follow from it, and a plan, pairs or snapshots other than those it tells of.
pub async fn check(journal: &dyn Journal, run: &RunId) -> Result<CheckReport, JournalError> {
    let mut report = CheckReport { head: chain::genesis(run.as_str()), ..CheckReport::default() };
    let folded = history(journal, run, &mut report).await?;
    compare::head(journal, run, &folded, &mut report).await?;
    compare::calls(journal, run, &folded, &mut report).await?;
    compare::revocations(journal, run, &folded, &mut report).await?;
    compare::readings(journal, run, &folded, &mut report).await?;
    compare::pairs(journal, run, &folded, &mut report).await?;
    Ok(report)
}

async fn history(
    journal: &dyn Journal,
    run: &RunId,
    report: &mut CheckReport,
) -> Result<Folded, JournalError> {
    let mut folded = Folded::default();
    let mut last = 0;
    loop {
        let rows = journal.history(run, last, PAGE).await?;
        for row in &rows {
            if row.seq <= last {
                // A damaged file gives rows out of order, and might do so for ever.
                report.find(format!("history: row {} stands behind row {last}", row.seq));
                return Ok(folded);
            }
            if row.seq - 1 != last {
                report.find(format!("history: rows {} to {} are missing", last + 1, row.seq - 1));
            }
            let (seq, at_ms, epoch, call) = (row.seq, row.at_ms, row.epoch, row.call);
            let link = Link { seq, at_ms, epoch, kind: &row.kind, call, body: &row.body };
            if chain::link(&report.head, &link) != row.hash {
                report.find(format!("history row {seq}: its hash does not follow"));
            }
            if let Err(reason) = folded.take(row) {
                report.find(format!("history row {seq}: {reason}"));
            }
            (last, report.head) = (seq, row.hash.clone());
            report.rows += 1;
        }
        if rows.is_empty() {
            return Ok(folded);
        }
    }
}
