//! What happens to a run, as records that a program reads with `--log-format json`. Each names its
//! kind in `event`; docs/operations.md lists them.

use crate::exchange::EVENT;
use crate::journal::RunRecord;
use crate::model::{Estimate, LaneKey, RunId};

/// A process begins to work on a run.
pub(super) fn began(command: &str, run: &RunId) {
    super::logging::works_on(run);
    tracing::info!(
        target: EVENT,
        event = "start",
        command,
        version = env!("CARGO_PKG_VERSION"),
        pid = u64::from(std::process::id()),
        "{command}: run {run}",
    );
}

/// Everything is read, and planned.
pub(super) fn planned(run: &RunRecord, estimate: &Estimate) {
    let (rules, calls) = estimate
        .lanes
        .iter()
        .fold((0, 0), |(rules, calls), lane| (rules + lane.rules, calls + lane.calls));
    tracing::info!(
        target: EVENT,
        event = "plan",
        rules,
        calls,
        lanes = estimate.lanes.len() as u64,
        estimate_s = estimate.seconds,
        digest = run.digest.as_deref(),
        "planned: {rules} rules in {calls} calls, about {} s",
        estimate.seconds,
    );
}

/// A lane is left alone for the rest of the process.
pub(super) fn left_alone(lane: &LaneKey, reason: &str) {
    tracing::warn!(
        target: EVENT,
        event = "lane",
        lane = %lane,
        state = "left alone",
        reason,
        "{lane}: left alone: {reason}"
    );
}

/// A guard or a person refused.
pub(super) fn refused(reason: &str) {
    tracing::info!(target: EVENT, event = "refusal", by = "guard", reason, "refused: {reason}");
}

/// The process ends.
pub(super) fn ended(command: &str, exit: u8) {
    tracing::info!(target: EVENT, event = "end", command, exit = u64::from(exit), "{command}: exit code {exit}");
}
