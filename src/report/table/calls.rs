//! The exchanges with the providers, by action and by code.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::model::escape_control;
use crate::report::summary::CallCounts;
use crate::report::text::{thousands, wrap};
use crate::report::{ReportError, Style};

/// Writes nothing for a run that made no call.
pub(super) fn write(
    calls: &CallCounts,
    style: Style,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    if calls.total == 0 {
        return Ok(());
    }
    let line = format!(
        "Calls: {} ({} throttled, {} sent again)",
        thousands(calls.total),
        thousands(calls.throttled),
        thousands(calls.retried)
    );
    writeln!(out, "\n{}", wrap(&line, style.width, 0, 2))?;
    let rows = || calls.by_action.iter().chain(&calls.by_code);
    let name_width = rows().map(|(name, _)| escape_control(name).chars().count()).max();
    let digits = rows().map(|(_, n)| thousands(*n).len()).max();
    let (name_width, digits) = (name_width.unwrap_or_default(), digits.unwrap_or_default());
    let list = |out: &mut dyn Write, rows: &BTreeMap<String, u64>| -> io::Result<()> {
        rows.iter().try_for_each(|(name, n)| {
            writeln!(out, "  {:name_width$}  {:>digits$}", escape_control(name), thousands(*n))
        })
    };
    list(out, &calls.by_action)?;
    if !calls.by_code.is_empty() {
        writeln!(out, "Without success, by code:")?;
        list(out, &calls.by_code)?;
    }
    Ok(())
}
