//! Carrying out the open calls of a run: lanes take turns, and what they came to is summed up.

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::lane::{LaneEnd, work_lane};
use super::{FailureLimit, Freshness, Patience, Pause, RunError};
use crate::audit::Observer;
use crate::exchange::Exchange;
use crate::journal::{Journal, Leases, RunRecord};
use crate::model::{LaneKey, LaneWork, Outcome};
use crate::pace::Slots;

/// Lanes that are worked on at once, of those that answer: each has a page of calls in memory.
pub(super) const LANES_AT_ONCE: usize = 256;
/// Lanes that are worked on at once at the most, nearly all of which hang.
const MAX_LANES_AT_ONCE: usize = 65_536;

/// A run to be carried out.
pub struct CarryOut<'a> {
    /// The way to the accounts.
    pub exchange: &'a Exchange,
    /// Where every step is journalled.
    pub journal: &'a dyn Journal,
    /// The run.
    pub run: &'a RunRecord,
    /// The rights to write its lanes.
    pub leases: &'a Leases,
    /// What holds new calls back for a while.
    pub pause: &'a Pause,
    /// How long what was removed may still show.
    pub patience: Patience,
    /// What each lane has to do, for whoever is told of the progress.
    pub lane_work: Vec<LaneWork>,
    /// How many revocations may fail before nothing new is sent.
    pub failures: &'a FailureLimit,
    /// How old the reading of a group may be on which its rules are revoked.
    pub fresh: Freshness,
}

impl CarryOut<'_> {
    /// Whether a reading of this time is too old to send anything on. Of what is planned from the
    /// rows alone nothing was read.
    pub(super) fn is_stale(&self, looked_ms: Option<i64>) -> bool {
        !self.run.new.blind && !self.fresh.allows(&self.exchange.clock, looked_ms)
    }
}

/// What carrying out came to.
#[derive(Debug, Default)]
pub struct RunEnd {
    /// It was told to stop before everything was done.
    pub interrupted: bool,
    /// Lanes that were left alone, each with the reason.
    pub left_alone: Vec<(LaneKey, String)>,
    /// Lanes whose account was reached with the right identity.
    pub reached: usize,
    /// Calls were not sent because the reading of their group is not fresh any more.
    pub is_stale: bool,
}

impl RunEnd {
    /// Whether there was somebody to call and nobody could be reached as such.
    pub const fn nobody_reached(&self) -> bool {
        self.reached == 0 && !self.left_alone.is_empty()
    }

    fn add(&mut self, end: LaneEnd) {
        match end {
            LaneEnd::NothingOpen => {}
            LaneEnd::NotReached(error) => self.left_alone.push(error),
            LaneEnd::Worked { left_alone, is_stale } => {
                self.reached += 1;
                self.left_alone.extend(left_alone);
                self.is_stale |= is_stale;
            }
        }
    }
}

/// Carries out every open call of the run. After a journal error nothing new is sent, and what is
/// in flight is awaited.
pub async fn carry_out(work: &CarryOut<'_>) -> Result<RunEnd, RunError> {
    let observer = Observer::new(work.journal, work.run).await?;
    work.exchange.progress.phase("revoking rules", &work.lane_work);
    let (mut end, mut trouble) = (RunEnd::default(), None);
    let slots = Slots::new(LANES_AT_ONCE, MAX_LANES_AT_ONCE);
    let mut working: FuturesUnordered<_> =
        work.leases.lanes.iter().map(|held| work_lane(work, &observer, held, &slots)).collect();
    while let Some(result) = working.next().await {
        match result {
            Ok(lane_end) => end.add(lane_end),
            Err(error) => {
                work.exchange.stop.cancel();
                RunError::join(&mut trouble, error);
            }
        }
    }
    end.interrupted = work.exchange.stop.is_cancelled();
    trouble.map_or(Ok(end), Err)
}

/// Whether a revocation of this outcome counts against `--max-failures`.
pub(super) const fn is_failure(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Failed | Outcome::StillPresent | Outcome::Unknown)
}
