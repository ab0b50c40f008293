//! One lane of a run: whether there is anything to do, and whether its account can be reached.

use super::worker::Worker;
use super::{CarryOut, RunError};
use crate::audit::Observer;
use crate::exchange::AccountError;
use crate::journal::{CallId, Held};
use crate::model::LaneKey;
use crate::pace::Slots;

/// How a lane came out.
pub(super) enum LaneEnd {
    /// There was nothing to do, or no time to begin.
    NothingOpen,
    /// Its account could not be reached with the right identity.
    NotReached((LaneKey, String)),
    /// It was called.
    Worked {
        /// Why it was then left alone, if it was.
        left_alone: Option<(LaneKey, String)>,
        /// Calls were not sent because the reading of their group is not fresh any more.
        is_stale: bool,
    },
}

/// Works off the open calls of one lane, and journals what it counted meanwhile.
pub(super) async fn work_lane(
    work: &CarryOut<'_>,
    observer: &Observer<'_>,
    held: &Held,
    slots: &Slots,
) -> Result<LaneEnd, RunError> {
    let end = work_open_calls(work, observer, held, slots).await?;
    work.exchange.tallies.store(work.journal, held).await?;
    Ok(end)
}

async fn work_open_calls(
    work: &CarryOut<'_>,
    observer: &Observer<'_>,
    held: &Held,
    slots: &Slots,
) -> Result<LaneEnd, RunError> {
    let lane = &held.lane;
    // A lane with nothing open is not worth proving an identity for.
    let is_done = held.unstored().is_none()
        && work.journal.open_calls(&work.run.new.id, lane, CallId(0), 1).await?.is_empty();
    if is_done {
        return Ok(LaneEnd::NothingOpen);
    }
    let account = match work.exchange.account(&lane.key).await {
        Ok(account) => account,
        Err(AccountError::Stopped) => return Ok(LaneEnd::NothingOpen),
        Err(error) => return Ok(LaneEnd::NotReached((lane.key.clone(), error.to_string()))),
    };
    let _slot = tokio::select! {
        biased;
        () = work.exchange.stop.cancelled() => return Ok(LaneEnd::NothingOpen),
        slot = slots.take() => slot,
    };
    let mut worker = Worker::new(work, observer, held, &account);
    Box::pin(worker.work()).await?;
    let left_alone = work.exchange.left_alone(&lane.key);
    Ok(LaneEnd::Worked {
        left_alone: left_alone.map(|error| (lane.key.clone(), error.to_string())),
        is_stale: worker.is_stale,
    })
}
