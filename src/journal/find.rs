//! What is said where an id is not that of one run.

use super::JournalError;

/// Runs that are named where an id fits several.
const TOLD: usize = 3;

/// `two.db holds no run 01a2 (3 runs, the newest is 01b4…)`; `ids` are those of all runs, latest
/// first.
pub(super) fn none_fits(journal: &str, id: &str, ids: &[String]) -> JournalError {
    let journal = journal.strip_prefix("sqlite:").unwrap_or(journal);
    JournalError::NoSuchRun(match ids {
        [] => format!("{journal} holds no run yet"),
        [one] => format!("{journal} holds no run {id}, only {one}"),
        [newest, ..] => {
            format!("{journal} holds no run {id} ({} runs, the newest is {newest})", ids.len())
        }
    })
}

/// `01a2 fits 4 runs: 01a2b3…, 01a2c4…, 01a2d5… and 1 more; give more digits`; `ids` are those that
/// begin so, latest first.
pub(super) fn several_fit(id: &str, ids: &[String]) -> JournalError {
    let told = ids[..ids.len().min(TOLD)].join(", ");
    let more = match ids.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    JournalError::SeveralRuns(format!(
        "{id} fits {} runs: {told}{more}; give more digits",
        ids.len()
    ))
}
