//! Counts of exchanges, kept in memory between two writes to the journal.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use futures_util::future::try_join_all;

use crate::journal::{Held, Journal, JournalError, Leases, Tally};
use crate::model::LaneKey;

/// Counts since the last ones were journalled.
#[derive(Debug, Default)]
pub struct Tallies(Mutex<HashMap<LaneKey, OfLane>>);

/// Counts of one lane, by action and code.
type OfLane = BTreeMap<(&'static str, String), Tally>;

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
        let of_lane = match tallies.get_mut(lane) {
            Some(of_lane) => of_lane,
            None => tallies.entry(lane.clone()).or_default(),
        };
        let tally = of_lane.entry((action, code.to_owned())).or_insert_with(|| Tally {
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

    /// Journals the counts of a lane, which start again from nothing.
    pub async fn store(&self, journal: &dyn Journal, held: &Held) -> Result<(), JournalError> {
        journal.tally(held, &self.take(&held.lane.key)).await
    }

    /// Journals the counts of every lane that is held.
    pub async fn store_all(
        &self,
        journal: &dyn Journal,
        leases: &Leases,
    ) -> Result<(), JournalError> {
        try_join_all(leases.lanes.iter().map(|held| self.store(journal, held))).await.map(drop)
    }

    fn take(&self, lane: &LaneKey) -> Vec<Tally> {
        let mut tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tallies.remove(lane).unwrap_or_default().into_values().collect()
    }
}
