//! The commands of a manifest: nothing but its rows is known.

use std::io::Write;

use crate::model::{PairSet, Row};
use crate::report::{Format, ReportError};

use super::by_value::side_commands;
use super::shell::QUOTING;
use super::sink::Sink;
use super::values::NeedsPorts;

/// What a reader must know before running them.
const CAVEAT: &str = "Each command revokes the rules that have exactly these values, and no other.\n\
     Rules with other protocols, ports or priorities between the same groups stay;\n\
     `unpair plan` finds them, `unpair commands --run ID` then names them by id.";

/// Writes the revocations of `pairs` by value, account by account. Needs neither network nor
/// credentials.
///
/// # Errors
/// [`ReportError::Rows`] with every row that names `tcp` or `udp` without ports; nothing was
/// written then.
pub fn write_manifest_commands(
    pairs: &PairSet,
    format: Format,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    check(pairs)?;
    let mut sink = Sink::open(out, format)?;
    sink.comment(CAVEAT)?;
    sink.comment(QUOTING)?;
    let mut written: Vec<String> = Vec::new();
    let mut before = None;
    for row in pairs.both_ends().flatten() {
        if before.replace((row.a, row.b)) != Some((row.a, row.b)) {
            written.clear();
        }
        for command in commands(pairs, &row).unwrap_or_default() {
            // Two rows of a pair may narrow it differently and still come to the same values.
            if !written.contains(&command) {
                sink.command(&pairs.group(row.a), &command)?;
                written.push(command);
            }
        }
    }
    sink.close()?;
    Ok(())
}

/// The commands of a row for its end `a`.
fn commands(pairs: &PairSet, row: &Row) -> Result<Vec<String>, NeedsPorts> {
    let filter = &pairs.filters[usize::from(row.filter)];
    side_commands(&pairs.group(row.a), &pairs.group(row.b), filter)
}

fn check(pairs: &PairSet) -> Result<(), ReportError> {
    let mut bad: Vec<(u32, String)> = pairs
        .rows
        .iter()
        .filter_map(|row| {
            let error = commands(pairs, &row).err()?;
            Some((row.line, format!("{}: {error}", pairs.locate(row.line))))
        })
        .collect();
    bad.sort_unstable();
    if bad.is_empty() {
        return Ok(());
    }
    Err(ReportError::Rows(bad.into_iter().map(|(_, message)| message).collect()))
}
