//! What a command means for what is stored of a lane or of a run: history rows and row changes, or
//! a refusal. No SQL, no clock, no chance; every store uses it.

mod calls;
mod chain;
mod columns;
mod commit;
mod head;
mod lane;
mod planning;
mod reading;
mod rows;
mod run;
mod unstored;

pub(in crate::journal) use calls::{CallState, Calls, Ended, Origin, Step};
pub(in crate::journal) use chain::{
    CallDigest, FrameDigest, Link, Seal, canonical, findings_digest, lane_genesis, link,
    run_genesis, snapshot_digest,
};
pub(in crate::journal) use columns::{Begun, as_stored, attempt, call_columns, member_columns};
pub(in crate::journal) use commit::{Commit, EventRow};
pub(in crate::journal) use head::{LaneHead, lane_columns};
pub(in crate::journal) use lane::LaneState;
pub(in crate::journal) use planning::{Planned, PlannedBefore};
pub(in crate::journal) use reading::{Known, ReadingRow};
pub(in crate::journal) use rows::{CallRow, MemberRow, RevocationRow, Stay};
pub(in crate::journal) use run::{HeadChange, RunHead};

pub use unstored::Unstored;

use serde::Serialize;

use super::JournalError;

/// JSON of a column.
pub(in crate::journal) fn json<T: Serialize + ?Sized>(value: &T) -> Result<String, JournalError> {
    serde_json::to_string(value)
        .map_err(|error| JournalError::Damaged(format!("content has no JSON form: {error}")))
}
