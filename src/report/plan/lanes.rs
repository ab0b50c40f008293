//! What each lane has to do, the slowest first.

use std::io::Write;

use crate::model::{Estimate, LaneEstimate, escape_control};
use crate::report::format::Tone;
use crate::report::text::{count, duration, wrap};
use crate::report::{ReportError, Style};

/// Lanes listed; the others are faster.
const MAX_LANES: usize = 20;

/// Writes the calls of each lane and how long they take.
pub(super) fn write(
    estimate: &Estimate,
    style: Style,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let total = estimate.lanes.iter().map(|lane| lane.calls).sum();
    let heading = match &estimate.lanes[..] {
        [] => return Ok(()),
        [_] => format!("{}:", count(total, "call")),
        lanes => {
            let lanes = count(lanes.len() as u64, "lane");
            format!("{} in {lanes}, slowest first:", count(total, "call"))
        }
    };
    writeln!(out, "\n{}", style.paint(Tone::Strong, &heading))?;
    for lane in estimate.lanes.iter().take(MAX_LANES) {
        let line = escape_control(&line(lane)).into_owned();
        writeln!(out, "{}", wrap(&line, style.width, 2, 4))?;
    }
    if let Some(more) = estimate.lanes.len().checked_sub(MAX_LANES).filter(|more| *more > 0) {
        writeln!(out, "  …and {}", count(more as u64, "faster lane"))?;
    }
    Ok(())
}

fn line(lane: &LaneEstimate) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 or more")]
    let seconds = lane.seconds.ceil() as u64;
    format!(
        "{}: {} for {}, {}, {}",
        lane.lane,
        count(lane.calls, "call"),
        count(lane.rules, "rule"),
        count(lane.reads, "read-back"),
        duration(seconds)
    )
}
