//! The limiters of a new process: they go on from what earlier ones sent.

use crate::journal::{JournalError, JournalRead, RunState};
use crate::model::{PerCloud, RunId};
use crate::pace::{LimitSettings, Pacer, Used};

/// How far back calls of earlier processes are counted against a bucket: the longest that any
/// documented bucket takes to fill.
const RECENT_MS: i64 = 60_000;

/// Limiters for a process that works on `run` from `now_ms` on: full buckets, less what the
/// journal shows of late, or empty ones if it cannot show all.
pub async fn limiters(
    journal: &dyn JournalRead,
    run: &RunId,
    limits: PerCloud<LimitSettings>,
    now_ms: i64,
) -> Result<Pacer, JournalError> {
    let since_ms = now_ms - RECENT_MS;
    let mut used = Used::new();
    for tally in journal.recent(since_ms).await? {
        let count = u32::try_from(tally.count).unwrap_or(u32::MAX);
        let sum = used.entry((tally.lane, tally.action)).or_default();
        *sum = sum.saturating_add(count);
    }
    let pacer = Pacer::new(limits, used);
    let is_short = was_cut_short(journal, run, since_ms).await?;
    Ok(if is_short { pacer.emptied() } else { pacer })
}

/// Whether a process ended in the middle of a run since then: what it sent is in no count.
async fn was_cut_short(
    journal: &dyn JournalRead,
    run: &RunId,
    since_ms: i64,
) -> Result<bool, JournalError> {
    for record in journal.runs().await? {
        let is_working = matches!(record.state, RunState::Reading | RunState::Acting);
        if !is_working && record.new.id != *run {
            continue;
        }
        let head = journal.head(&record.new.id).await?;
        // The first row is the run's beginning, by this process; an end is its run's last row.
        let is_over = record.ended_ms.is_some_and(|ended| head.last_ms <= ended);
        if head.rows > 1 && head.last_ms >= since_ms && !is_over {
            return Ok(true);
        }
    }
    Ok(false)
}
