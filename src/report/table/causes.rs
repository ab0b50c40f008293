//! The causes that many pairs have, each once, before the pairs that refer to it.

use std::io::Write;

use crate::model::escape_control;
use crate::report::format::Tone;
use crate::report::text::{count, wrap};
use crate::report::{Cause, ReportError, SideRow, Style, Summary};

/// Lanes that are listed of one cause.
const LANES: usize = 3;

/// Writes nothing where no cause has many pairs.
pub(in crate::report) fn write(
    summary: &Summary,
    style: Style,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    for cause in summary.common_causes() {
        let heading = format!("Cause {}: {}", cause.cause, cause.reason);
        let heading = wrap(&escape_control(&heading), style.width, 0, 2);
        writeln!(out, "\n{}", style.paint(Tone::Bad, &heading))?;
        for line in [format!("{} in {}", size(cause), lanes(cause)), cause.remedy.clone()] {
            writeln!(out, "{}", wrap(&escape_control(&line), style.width, 2, 4))?;
        }
    }
    Ok(())
}

/// `70 pairs, 613 rules`.
fn size(cause: &Cause) -> String {
    let pairs = count(cause.pairs, "pair");
    if cause.rules > 0 { format!("{pairs}, {}", count(cause.rules, "rule")) } else { pairs }
}

fn lanes(cause: &Cause) -> String {
    let listed: Vec<String> = cause.lanes.iter().take(LANES).map(ToString::to_string).collect();
    let listed = listed.join(", ");
    match cause.lanes_total.saturating_sub(LANES) {
        0 => listed,
        more => format!("{listed} and {}", count(more as u64, "more lane")),
    }
}

/// What is said of a side: of one with a cause that stands at the head, its number.
pub(in crate::report) fn told(summary: &Summary, side: &SideRow) -> String {
    match summary.common_cause_of(side) {
        Some(cause) => format!("{} (cause {})", side.brief, cause.cause),
        None => side.text.clone(),
    }
}
