//! The request ids of earlier invocations' answers, as the journal has them: whatever replays
//! answers does not begin anew with a process of ours.

use serde_json::Value;

use super::Exchange;
use super::ids::REMEMBERED;
use crate::journal::{Chain, HistoryRow, JournalError, JournalRead};
use crate::model::{RequestId, RunId};

/// The latest runs that are looked at.
const RUNS: usize = 64;
/// The last rows of a run's histories that are looked at.
const ROWS: u32 = 4_096;

impl Exchange {
    /// The same exchange, to which an answer with the request id of one in the journal is none.
    pub async fn recalling(self, journal: &dyn JournalRead) -> Result<Self, JournalError> {
        let mut latest_first = Vec::new();
        for run in journal.runs().await?.iter().take(RUNS) {
            latest_first.extend(ids_of(journal, &run.new.id).await?.into_iter().rev());
            if latest_first.len() >= REMEMBERED {
                break;
            }
        }
        for id in latest_first.iter().rev() {
            self.ids.note(id);
        }
        Ok(self)
    }
}

/// The request ids of a run's last answers, in order.
async fn ids_of(journal: &dyn JournalRead, run: &RunId) -> Result<Vec<RequestId>, JournalError> {
    let mut ids = Vec::new();
    for row in last_rows(journal, run).await?.iter().filter(|row| row.body.contains("\"request_id"))
    {
        if let Ok(body) = serde_json::from_str(&row.body) {
            gather(&body, &mut ids);
        }
    }
    Ok(ids)
}

/// The last rows of the histories of a run's lanes, an equal part of each.
async fn last_rows(
    journal: &dyn JournalRead,
    run: &RunId,
) -> Result<Vec<HistoryRow>, JournalError> {
    let ends = journal.lane_ends(run).await?;
    let each = (ROWS as usize / ends.len().max(1)).max(1);
    let each = u32::try_from(each).unwrap_or(ROWS);
    let mut rows = Vec::new();
    for (lane, end) in ends.into_iter().take(ROWS as usize) {
        let after = end.saturating_sub(u64::from(each));
        rows.extend(journal.history(run, Chain::Lane(lane), after, each).await?);
    }
    Ok(rows)
}

/// Adds the request ids that a row of the history tells, wherever in it.
fn gather(value: &Value, ids: &mut Vec<RequestId>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value) {
                    ("request_id", Value::String(id)) => ids.push(id.as_str().into()),
                    ("request_ids", Value::Array(all)) => {
                        ids.extend(all.iter().filter_map(Value::as_str).map(RequestId::from));
                    }
                    _ => gather(value, ids),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, ids)),
        _ => {}
    }
}
