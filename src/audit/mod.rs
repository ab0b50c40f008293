//! Reading each group once, and what follows from it for its pairs.

mod again;
mod by_rows;
mod elsewhere;
mod lane;
mod listing;
mod moved;
mod observe;
mod partner;
mod proof;
mod read;

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

pub use again::SECOND_LOOK;
pub use by_rows::{AskedByRows, plan_unread, store_by_rows};
pub use listing::{CONTRADICTORY, LISTING_CHANGED};
pub use observe::{Observation, Observer};
pub use read::{GroupRead, read_groups};

use crate::exchange::{Exchange, Slots, reading_work};
use crate::journal::{GroupWork, Held, Journal, JournalError, Leases, RunRecord};
use crate::model::LaneKey;

/// Lanes that are read at once, of those that answer: each holds what it read until that is in
/// the journal.
const LANES_AT_ONCE: usize = 64;
/// Lanes that are read at once at the most, nearly all of which hang.
const MAX_LANES_AT_ONCE: usize = 65_536;
/// How often is looked whether all that are waited for hang.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How an audit treats the plan.
#[derive(Debug)]
pub enum Planning {
    /// Each group read is planned, and its calls that were never sent are replaced.
    Plan,
    /// The plan stays as it was approved; a grant that it does not hold is told.
    Frozen,
    /// The plan stays as it is, made from the rows alone.
    Keep,
}

/// Whose age decides whether a group is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// That of the reading that its plan was made from.
    OfPlan,
    /// That of its last reading.
    OfReading,
    /// That of its last reading, in a closing look, where one of an earlier process counts only if
    /// it is of a closing look that began at `since_ms` and was cut short. Every order of the run
    /// is settled, and a rule that shows again may be a listing that lags, so that one look at it
    /// is no proof.
    Closing {
        /// Milliseconds since 1970; absent if the look begins now.
        since_ms: Option<i64>,
    },
}

/// What to read, and how.
pub struct Audit<'a> {
    /// The way to the accounts.
    pub exchange: &'a Exchange,
    /// Where readings go.
    pub journal: &'a dyn Journal,
    /// The run.
    pub run: &'a RunRecord,
    /// The rights to write its lanes.
    pub leases: &'a Leases,
    /// Groups read between this time and now are not read again (milliseconds since 1970).
    pub fresh_since_ms: i64,
    /// Which reading of a group that is.
    pub age: Age,
    /// What becomes of the plan.
    pub planning: Planning,
}

impl Audit<'_> {
    /// Whether a group is to be read. A reading from the future is of a clock that was set back
    /// since: its age is not known.
    fn is_due(&self, group: &GroupWork) -> bool {
        let at_ms = match self.age {
            Age::OfPlan => group.read_ms,
            Age::OfReading => group.looked_ms,
            Age::Closing { since_ms } => group.looked_ms.filter(|looked| {
                group.looked_now || since_ms.is_some_and(|since| since <= *looked)
            }),
        };
        let fresh = self.fresh_since_ms..=self.exchange.clock.now_ms();
        !at_ms.is_some_and(|at| fresh.contains(&at))
    }
}

/// What an audit came to.
#[derive(Debug, Default)]
pub struct AuditEnd {
    /// It was told to stop before everything was read.
    pub interrupted: bool,
    /// Lanes that could not be called, each with the reason.
    pub unreachable: Vec<(LaneKey, String)>,
    /// Lanes that were called.
    pub reached: usize,
    /// Grants that an approved plan does not hold, in words.
    pub moved: Vec<String>,
}

impl AuditEnd {
    fn add(&mut self, other: Self) {
        self.interrupted |= other.interrupted;
        self.unreachable.extend(other.unreachable);
        self.reached += other.reached;
        self.moved.extend(other.moved);
    }
}

/// Reads every group of the run that was not read since `fresh_since_ms`, journals what was
/// read, and plans. A journal error ends it at once.
pub async fn audit(audit: &Audit<'_>) -> Result<AuditEnd, JournalError> {
    let observer = Observer::new(audit.journal, audit.run).await?;
    let work = |held: &Held| {
        reading_work(&audit.exchange.pacer, &held.lane.key, u64::from(held.lane.groups))
    };
    let lanes = audit.leases.lanes.iter();
    audit.exchange.progress.phase("reading groups", &lanes.map(work).collect::<Vec<_>>());
    let began_ms = audit.exchange.clock.now_ms();
    let mut end = read_lanes(audit, &observer).await?;
    if audit.run.new.accept_gone && !end.interrupted {
        end.interrupted = !elsewhere::doubt_missing(audit, began_ms).await?;
    }
    audit.exchange.tallies.store_all(audit.journal, audit.leases).await?;
    Ok(end)
}

/// Reads every lane: ours group by group, a partner's from our side. All are asked at once; those
/// that answer are read a bounded number at a time, for what is read is held in memory. Once the
/// rest are read, a lane of which nothing is heard is not waited for.
async fn read_lanes(audit: &Audit<'_>, observer: &Observer<'_>) -> Result<AuditEnd, JournalError> {
    let mut end = AuditEnd::default();
    let lanes = &audit.leases.lanes;
    let unread = Mutex::new(lanes.iter().map(|held| &held.lane.key).collect::<HashSet<_>>());
    let slots = Slots::new(LANES_AT_ONCE, MAX_LANES_AT_ONCE);
    let reads = lanes.iter().map(|held| read_lane(audit, observer, held, &slots, &unread));
    let mut reading: FuturesUnordered<_> = reads.collect();
    loop {
        if end.reached > 0 {
            audit
                .exchange
                .leave_silent_alone(&unread.lock().unwrap_or_else(PoisonError::into_inner));
        }
        tokio::select! {
            biased;
            read = reading.next() => match read {
                Some(lane_end) => end.add(lane_end?),
                None => return Ok(end),
            },
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Reads one lane, and takes it out of `unread`; one that is not ours at once, for it is ours that
/// are asked about it.
async fn read_lane<'a>(
    audit: &Audit<'_>,
    observer: &Observer<'_>,
    held: &'a Held,
    slots: &Slots,
    unread: &Mutex<HashSet<&'a LaneKey>>,
) -> Result<AuditEnd, JournalError> {
    let is_read = || unread.lock().unwrap_or_else(PoisonError::into_inner).remove(&held.lane.key);
    // Whoever cannot be reached takes no slot.
    let is_reached = audit.exchange.account(&held.lane.key).await.is_ok();
    let _slot = if is_reached { Some(slots.take().await) } else { None };
    let lane_end = match Box::pin(lane::read_lane(audit, observer, held)).await? {
        lane::LaneRead::Done(lane_end) => lane_end,
        lane::LaneRead::NotOurs => {
            is_read();
            Box::pin(partner::read_partner(audit, held)).await?
        }
    };
    is_read();
    Ok(lane_end)
}
