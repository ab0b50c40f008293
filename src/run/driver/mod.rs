//! What drives one process's part of a run: the order in which it reads, plans, asks, acts and
//! ends.

mod begin;
mod end;
mod freshness;
mod limiters;
mod prepare;
mod revoke;

use std::time::Duration;

use async_trait::async_trait;

pub use begin::{Differs, Taken, is_unfinished, take_or_begin};
pub use freshness::Freshness;
pub use limiters::limiters;
pub use revoke::revoke;

use super::{FailureLimit, RunError};
use crate::audit::AuditEnd;
use crate::exchange::Exchange;
use crate::journal::{Journal, JournalError, Leases, Reopenable, RunRecord, RunState};
use crate::model::{Estimate, LaneKey, RunId};

/// What one process works on a run with.
pub struct Driver<'a> {
    /// Where every step is journalled.
    pub journal: &'a dyn Journal,
    /// The rights to write the run.
    pub leases: &'a Leases,
    /// The way to the accounts.
    pub exchange: &'a Exchange,
    /// When the process began, and which readings it takes for fresh.
    pub fresh: Freshness,
}

/// What decides which calls a run makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Its rows: what was not read of late is read, and planned as it is now.
    Rows,
    /// Its plan, as it was approved: a grant that is not in it is a reason to refuse.
    ApprovedPlan,
}

/// A run whose groups are read.
pub struct Prepared {
    /// The run as it stands now.
    pub run: RunRecord,
    /// How reading went.
    pub read: AuditEnd,
    /// What acting would take: everything that this process may send.
    pub estimate: Estimate,
    /// What earlier processes left failed, unknown or still present: it is taken up again.
    pub reopened: Vec<Reopenable>,
    /// Rules of the plan before this reading.
    pub planned_before: u64,
}

impl Prepared {
    /// Whether there was somebody to call and nobody could be reached as such.
    pub fn nobody_reached(&self) -> bool {
        self.read.reached == 0 && !self.read.unreachable.is_empty()
    }
}

/// A plan that was not approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal<R> {
    /// Who did not approve it.
    pub by: RefusedBy,
    /// What is told of it.
    pub reason: R,
}

/// Who did not approve a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusedBy {
    /// A guard.
    Guard,
    /// A person, at the question.
    Person,
    /// Nobody: the question was not answered.
    Nobody,
}

/// Callbacks of the one who drives a run: is told the plan, approves it, gives the exit code. It
/// lives where the command does, so that its futures need not be sent to other threads.
#[async_trait(?Send)]
pub trait Hooks {
    /// How a plan is refused.
    type Refusal;
    /// What the end of a run is worth to the caller: its exit code.
    type Exit: Copy + Into<u8>;

    /// Hears that everything is read and planned, whatever came of it.
    fn planned(&self, plan: &Prepared);

    /// The guards and the question, before anything is sent and again when a later reading put more
    /// into the plan. Approves by saying how many revocations may fail.
    async fn approve(&self, plan: &Prepared) -> Result<FailureLimit, Refusal<Self::Refusal>>;

    /// How long a person thought at the question of the last [`Self::approve`].
    fn thought(&self) -> Duration {
        Duration::ZERO
    }

    /// The exit code of a run that ended like this.
    async fn exit(
        &self,
        run: &RunRecord,
        ending: &Ending<Self::Refusal>,
    ) -> Result<Self::Exit, JournalError>;
}

/// Why a process does nothing more for a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending<R> {
    /// It was told to stop, and something is left to do.
    Interrupted,
    /// The approved plan lacks grants that stand now.
    Moved,
    /// There was somebody to call and nobody could be reached with the right identity.
    NobodyReached,
    /// The plan was not approved: it stays as it is.
    Refused(R),
    /// More revocations failed than may; says how many.
    TooManyFailures(String),
    /// Everything that could be done is done.
    Finished,
}

impl<R> Ending<R> {
    /// How `run` stands in the journal after it: what is refused more of it leaves a run started.
    pub fn state(&self, run: &RunRecord) -> RunState {
        match self {
            Self::Interrupted => RunState::Interrupted,
            Self::Refused(_) if run.is_started() => RunState::Stopped,
            Self::Moved | Self::Refused(_) => RunState::Planned,
            Self::NobodyReached | Self::TooManyFailures(_) => RunState::Stopped,
            Self::Finished => RunState::Finished,
        }
    }
}

/// What a process did for a run.
pub struct DriverEnd<R, E> {
    /// The run as it stands at the end.
    pub run: RunRecord,
    /// How reading went.
    pub read: AuditEnd,
    /// Lanes that were left alone while acting, each with the reason.
    pub left_alone: Vec<(LaneKey, String)>,
    /// Why nothing more is done.
    pub ending: Ending<R>,
    /// Its exit code, as journalled.
    pub exit: E,
}

/// A process that ends in the middle of a run.
#[derive(Debug, thiserror::Error)]
pub enum Halt {
    /// The journal failed while nothing was in flight.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal failed while calls were made.
    #[error(transparent)]
    Acting(#[from] RunError),
    /// The stored plan was changed since its digest was stored.
    #[error(
        "the plan of run {run} is not the one that was stored: its digest is {found}, stored was \
         {stored}; nothing was sent"
    )]
    OtherPlan {
        /// The run.
        run: RunId,
        /// The digest of the plan as it is.
        found: String,
        /// The digest that was stored.
        stored: String,
    },
}
