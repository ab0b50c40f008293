//! Named instants at which a test ends the process, and planted bugs that the tests must find.
//!
//! All of it is compiled to nothing without the feature `failpoints`, and no release build can
//! have that feature. With it, `UNPAIR_FAILPOINT=NAME:N` ends the process at the N-th hit of NAME
//! as `kill -9` would, or panics if `UNPAIR_FAILPOINT_PANICS` is set, after NAME was appended to the
//! file `UNPAIR_FAILPOINT_LOG`, and `UNPAIR_PLANTED_BUG=NAME` brings one [`Bug`] to life.

#[cfg(all(feature = "failpoints", not(debug_assertions)))]
compile_error!("failpoints are for tests: no release build may have them");

#[cfg(not(feature = "failpoints"))]
mod off;
#[cfg(feature = "failpoints")]
mod on;

#[cfg(not(feature = "failpoints"))]
pub(crate) use off::{during, hit, planted};
#[cfg(feature = "failpoints")]
pub(crate) use on::{during, hit, planted};

/// Every named instant, in the order in which a run meets them.
pub const POINTS: [&str; 18] = [
    "after-takeover",
    "during-begin",
    "before-commit",
    "after-commit",
    "before-reading",
    "after-reading",
    "after-reclaim",
    "before-intent",
    "after-intent",
    "after-send",
    "after-reply",
    "before-outcome",
    "after-outcome",
    "before-read-back",
    "after-read-back",
    "after-readings",
    "before-verified",
    "after-verified",
];

/// What a careless change could break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// The call is sent before its intent is durable.
    CallBeforeIntent,
    /// A call that waits to be sent again gets a new token.
    NewTokenOnRetry,
    /// An accepted call counts as done without a read-back.
    OkIsDone,
    /// Rules count as absent although the group itself was not seen.
    NoPositiveControl,
    /// A journal is opened for writing without its lock.
    LockNotTaken,
    /// Writes go on after another process took the journal over.
    LeaseNotChecked,
    /// Commits are not flushed to the disk.
    NotFlushed,
    /// A rule that names a row's group under another owner counts as one of another group.
    OwnerMismatchElsewhere,
    /// Ports that a rule does not tell are all ports.
    AbsentPortsAreAll,
    /// References that were cut count as all of them.
    CutReferencesBelieved,
    /// A plan that was declined is taken up by `resume`.
    DeclinedTakenUp,
    /// Guards and question see a plan before what failed is taken up again.
    GuardsBeforeTakeUp,
}

impl Bug {
    /// Every bug.
    pub const ALL: [Self; 12] = [
        Self::CallBeforeIntent,
        Self::NewTokenOnRetry,
        Self::OkIsDone,
        Self::NoPositiveControl,
        Self::LockNotTaken,
        Self::LeaseNotChecked,
        Self::NotFlushed,
        Self::OwnerMismatchElsewhere,
        Self::AbsentPortsAreAll,
        Self::CutReferencesBelieved,
        Self::DeclinedTakenUp,
        Self::GuardsBeforeTakeUp,
    ];

    /// Its name in `UNPAIR_PLANTED_BUG`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CallBeforeIntent => "call-before-intent",
            Self::NewTokenOnRetry => "new-token-on-retry",
            Self::OkIsDone => "ok-is-done",
            Self::NoPositiveControl => "no-positive-control",
            Self::LockNotTaken => "lock-not-taken",
            Self::LeaseNotChecked => "lease-not-checked",
            Self::NotFlushed => "not-flushed",
            Self::OwnerMismatchElsewhere => "owner-mismatch-elsewhere",
            Self::AbsentPortsAreAll => "absent-ports-are-all",
            Self::CutReferencesBelieved => "cut-references-believed",
            Self::DeclinedTakenUp => "declined-taken-up",
            Self::GuardsBeforeTakeUp => "guards-before-take-up",
        }
    }
}
