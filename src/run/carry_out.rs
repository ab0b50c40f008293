//! Carrying out the open calls of a run: lanes take turns, and what they came to is summed up.

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::RunError;
use super::lane::{LaneEnd, work_lane};
use super::work::CarryOut;
use crate::audit::Observer;
use crate::model::LaneKey;
use crate::pace::Slots;

/// Lanes that are worked on at once, of those that answer: each has a page of calls in memory.
pub(super) const LANES_AT_ONCE: usize = 256;
/// Lanes that are worked on at once at the most, nearly all of which hang.
const MAX_LANES_AT_ONCE: usize = 65_536;

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
