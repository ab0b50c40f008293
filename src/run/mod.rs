//! Carrying out a plan: lanes take turns, each call is journalled, sent, journalled and read back.

mod age;
mod answer;
mod backlog;
mod carry_out;
mod error;
mod estimate;
mod guard;
mod in_hand;
mod lane;
mod patience;
mod pause;
mod plan_digest;
mod planted;
mod process;
mod queue;
mod read_back;
mod request;
mod stored;
mod token;
mod verify;
mod worker;

use futures_util::stream::FuturesUnordered;
use futures_util::{StreamExt as _, TryStreamExt as _};

pub use error::{RunError, Unrecorded};
pub use estimate::estimate;
pub use guard::Failures;
use lane::{LaneEnd, work_lane};
pub use patience::Patience;
pub use pause::Pause;
pub use plan_digest::plan_digest;
pub use process::{
    Basis, Differs, Ended, Ending, Freshness, Halt, Operator, Prepared, Process, Refusal,
    RefusedBy, Taken, is_unfinished, limiters, revoke, take_or_begin,
};
pub use stored::stored_pairs;
pub use token::{client_token, request_hash};

use crate::audit::Observer;
use crate::exchange::Exchange;
use crate::failpoint::hit;
use crate::journal::{Journal, JournalError, Leases, Reopenable, RunRecord};
use crate::model::{Event, LaneKey, LaneWork, Outcome};
use crate::pace::Slots;

/// Lanes that are worked on at once, of those that answer: each has a page of calls in memory.
const LANES_AT_ONCE: usize = 256;
/// Lanes that are worked on at once at the most, nearly all of which hang.
const MAX_LANES_AT_ONCE: usize = 65_536;

/// Calls that are taken up again by one commit of the journal, or some more.
const REOPENED_AT_ONCE: usize = 128;

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
    pub outlook: Vec<LaneWork>,
    /// How many revocations may fail before nothing new is sent.
    pub failures: &'a Failures,
    /// How old the reading of a group may be on which its rules are revoked.
    pub fresh: Freshness,
}

impl CarryOut<'_> {
    /// Whether a reading of this time is too old to send anything on. Of what is planned from the
    /// rows alone nothing was read.
    fn is_stale(&self, looked_ms: Option<i64>) -> bool {
        !self.run.new.blind && !self.fresh.allows(&self.exchange.clock, looked_ms)
    }
}

/// What carrying out came to.
#[derive(Debug, Default)]
pub struct RunEnd {
    /// It was told to stop before everything was done.
    pub interrupted: bool,
    /// Lanes that were left alone, each with the reason.
    pub parked: Vec<(LaneKey, String)>,
    /// Lanes whose account was reached with the right identity.
    pub reached: usize,
    /// Calls were not sent because the reading of their group is not fresh any more.
    pub is_stale: bool,
}

impl RunEnd {
    /// Whether there was somebody to call and nobody could be reached as such.
    pub const fn nobody_reached(&self) -> bool {
        self.reached == 0 && !self.parked.is_empty()
    }

    fn add(&mut self, end: LaneEnd) {
        match end {
            LaneEnd::NothingOpen => {}
            LaneEnd::NotReached(error) => self.parked.push(error),
            LaneEnd::Worked { parked, is_stale } => {
                self.reached += 1;
                self.parked.extend(parked);
                self.is_stale |= is_stale;
            }
        }
    }
}

/// Takes up what former processes left: calls in flight are to be read back, and so are those
/// with members that are failed, unknown or still present, `left`.
pub async fn take_up(
    journal: &dyn Journal,
    leases: &Leases,
    left: &[Reopenable],
    at_ms: i64,
) -> Result<(), JournalError> {
    let reclaimed = leases.lanes.iter().map(|held| journal.reclaim(held, at_ms));
    let together = futures_util::stream::iter(reclaimed).buffered(LANES_AT_ONCE);
    together.try_for_each(|_| std::future::ready(Ok(()))).await?;
    hit("after-reclaim");
    let left = left.iter().filter_map(|one| Some((leases.of_call(one.call)?, one)));
    let reopened = left.map(|(held, Reopenable { call, members, .. })| async move {
        let members = members.clone();
        journal.append(held, *call, &Event::Reopened { members }, at_ms).await
    });
    let together = futures_util::stream::iter(reopened).buffered(REOPENED_AT_ONCE);
    together.try_for_each(|_| std::future::ready(Ok(()))).await
}

/// Carries out every open call of the run. After a journal error nothing new is sent, and what is
/// in flight is awaited.
pub async fn carry_out(work: &CarryOut<'_>) -> Result<RunEnd, RunError> {
    let observer = Observer::new(work.journal, work.run).await?;
    work.exchange.progress.phase("revoking rules", &work.outlook);
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
const fn is_failure(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Failed | Outcome::StillPresent | Outcome::Unknown)
}
