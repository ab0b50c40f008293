//! Counts of exchanges, kept in memory between two writes to the journal.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::journal::Tally;
use crate::model::LaneKey;

/// Counts since the last [`Tallies::take`].
#[derive(Debug, Default)]
pub struct Tallies(Mutex<BTreeMap<(LaneKey, &'static str, String), Tally>>);

impl Tallies {
    /// Counts one exchange; `code` is empty for success.
    pub fn count(
        &self,
        lane: &LaneKey,
        action: &'static str,
        code: &str,
        resent: bool,
        throttled: bool,
        now_ms: i64,
    ) {
        let mut tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tally =
            tallies.entry((lane.clone(), action, code.to_owned())).or_insert_with(|| Tally {
                lane: lane.clone(),
                action: action.to_owned(),
                code: code.to_owned(),
                count: 0,
                retried: 0,
                throttled: 0,
                last_ms: now_ms,
            });
        tally.count += 1;
        tally.retried += u64::from(resent);
        tally.throttled += u64::from(throttled);
        tally.last_ms = now_ms;
    }

    /// The counts, which start again from nothing.
    pub fn take(&self) -> Vec<Tally> {
        let mut tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *tallies).into_values().collect()
    }
}
