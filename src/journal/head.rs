//! The hash that stands for a run's whole history.

use super::{HistoryRow, Journal, JournalError};
use crate::model::RunId;

/// The last row of a run's history, found in about 2 log₂ n look-ups of one row each; `None`
/// for an empty history. Its hash covers every row before it.
pub async fn head(journal: &dyn Journal, run: &RunId) -> Result<Option<HistoryRow>, JournalError> {
    let Some(mut last) = row_after(journal, run, 0).await? else { return Ok(None) };
    // There is a row after `last`, or it is the last; nothing is known to come after `end`.
    let mut step = 1;
    let mut end = loop {
        let after = last.seq.saturating_add(step);
        match row_after(journal, run, after).await? {
            Some(row) => last = row,
            None => break after,
        }
        step = step.saturating_mul(2);
    };
    while last.seq < end {
        let middle = last.seq + (end - last.seq) / 2;
        match row_after(journal, run, middle).await? {
            Some(row) => last = row,
            None => end = middle,
        }
    }
    Ok(Some(last))
}

async fn row_after(
    journal: &dyn Journal,
    run: &RunId,
    after: u64,
) -> Result<Option<HistoryRow>, JournalError> {
    Ok(journal.history(run, after, 1).await?.pop())
}
