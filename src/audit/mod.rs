//! Reading each group once, and what follows from it for its pairs.

mod again;
mod blind;
mod lane;
mod listing;
mod moved;
mod observe;
mod partner;
mod proof;
mod read;

use std::collections::HashSet;

use futures_util::StreamExt as _;

pub use again::SECOND_LOOK;
pub use blind::plan_unread;
pub use listing::{CONTRADICTORY, LISTING_CHANGED};
pub use observe::{Observation, Observer, peer_groups};
pub use read::{GroupRead, read_groups};

use crate::exchange::{Exchange, reading_work};
use crate::journal::{GroupWork, Journal, JournalError, Lane, RunRecord};
use crate::model::LaneKey;

/// Lanes that are read at once; each is bounded by its own quota.
const LANES_AT_ONCE: usize = 64;

/// How an audit treats the plan.
#[derive(Debug)]
pub enum Planning {
    /// Each group read is planned, and its calls that were never sent are replaced.
    Plan,
    /// The plan stays as it was approved; a grant that it does not hold is told.
    Frozen,
    /// The plan stays as it is, made from the rows alone.
    Leave,
}

/// Whose age decides whether a group is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// That of the reading that its plan was made from.
    OfPlan,
    /// That of its last reading.
    OfReading,
}

/// What to read, and how.
pub struct Audit<'a> {
    /// The way to the accounts.
    pub exchange: &'a Exchange,
    /// Where readings go.
    pub journal: &'a dyn Journal,
    /// The run.
    pub run: &'a RunRecord,
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
    /// Whether any group was read, and with it planned unless the plan is frozen.
    pub has_read: bool,
    /// Grants that an approved plan does not hold, in words.
    pub moved: Vec<String>,
}

impl AuditEnd {
    fn add(&mut self, other: Self) {
        self.interrupted |= other.interrupted;
        self.unreachable.extend(other.unreachable);
        self.reached += other.reached;
        self.has_read |= other.has_read;
        self.moved.extend(other.moved);
    }
}

/// Reads every group of the run that was not read since `fresh_since_ms`, journals what was
/// read, and plans. A journal error ends it at once.
pub async fn audit(audit: &Audit<'_>) -> Result<AuditEnd, JournalError> {
    let lanes = audit.journal.lanes(&audit.run.new.id).await?;
    let observer = Observer::new(audit.journal, audit.run).await?;
    let work = |lane: &Lane| reading_work(&audit.exchange.pacer, &lane.key, u64::from(lane.groups));
    audit.exchange.progress.phase("reading groups", &lanes.iter().map(work).collect::<Vec<_>>());
    let (mut end, partners) = read_lanes(audit, &observer, &lanes).await?;
    for lane in partners {
        end.add(partner::read_partner(audit, lane, &lanes).await?);
    }
    audit.journal.tally(&audit.run.new.id, &audit.exchange.tallies.take()).await?;
    Ok(end)
}

/// Reads every lane that is ours, and returns those that are not. Once the rest are read, a lane
/// of which nothing is heard is not waited for.
async fn read_lanes<'a>(
    audit: &Audit<'_>,
    observer: &Observer<'_>,
    lanes: &'a [Lane],
) -> Result<(AuditEnd, Vec<&'a Lane>), JournalError> {
    let exchange = audit.exchange;
    let (mut end, mut partners) = (AuditEnd::default(), Vec::new());
    let mut unread: HashSet<&LaneKey> = lanes.iter().map(|lane| &lane.key).collect();
    let mut reading = futures_util::stream::iter(lanes)
        .map(|lane| async { (&lane.key, lane::read_lane(audit, observer, lane).await) })
        .buffer_unordered(LANES_AT_ONCE);
    while !unread.is_empty() {
        let silence = exchange.pacer.silence();
        if end.reached > 0 {
            exchange.leave_silent(&unread);
        }
        let (lane, lane_end) = tokio::select! {
            biased;
            Some(ended) = reading.next() => ended,
            () = silence => continue,
        };
        unread.remove(lane);
        match lane_end? {
            lane::LaneEnd::Done(lane_end) => end.add(lane_end),
            lane::LaneEnd::NotOurs(lane) => partners.push(lane),
        }
    }
    Ok((end, partners))
}
