//! The commands of a run: what was read is named by rule id.

use std::io::Write;

use crate::journal::{JournalRead, RevocationRecord, RunRecord};
use crate::model::{Filter, SideState};
use crate::report::pairs::{PairRow, PairRows, SideRow};
use crate::report::revocations::Revocations;
use crate::report::text::{count, locate};
use crate::report::{Format, ReportError};

use super::by_id::Batch;
use super::by_value::{command, side_commands};
use super::shell::QUOTING;
use super::sink::Sink;
use super::values::Values;

/// Which revocations of a run to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those whose outcome is not settled: what is still to be done.
    Left,
    /// All, whatever became of them.
    All,
}

/// Writes the revocations of `run` by rule id, a call of one group and direction a line; then,
/// by value, those of the sides that are not ours to read.
pub async fn write_run_commands(
    journal: &dyn JournalRead,
    run: &RunRecord,
    which: Which,
    format: Format,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let mut sink = Sink::open(out, format)?;
    let how = if run.new.blind { "by their exact values" } else { "by id, as they were read" };
    sink.comment(&format!("Run {}: rules {how}.", run.new.id))?;
    sink.comment(QUOTING)?;
    let left_out = write_planned(journal, run, which, &mut sink).await?;
    if left_out > 0 {
        sink.comment(&format!("{} left out: already settled.", count(left_out, "rule")))?;
    }
    write_partners(journal, run, &mut sink).await?;
    sink.close()?;
    Ok(())
}

/// Returns how many revocations were left out.
async fn write_planned(
    journal: &dyn JournalRead,
    run: &RunRecord,
    which: Which,
    sink: &mut Sink<'_>,
) -> Result<u64, ReportError> {
    let mut left_out = 0;
    let mut batch: Option<Batch> = None;
    let mut revocations = Revocations::new(journal, run);
    while let Some(page) = revocations.next().await? {
        for record in &page {
            if which == Which::Left && record.outcome.is_settled() {
                left_out += 1;
            } else {
                batch = write_record(record, batch, sink)?;
            }
        }
    }
    if let Some(batch) = batch {
        sink.command(&batch.group, &batch.command())?;
    }
    Ok(left_out)
}

/// Adds `record` to the batch, or writes the batch and begins another.
fn write_record(
    record: &RevocationRecord,
    batch: Option<Batch>,
    sink: &mut Sink<'_>,
) -> Result<Option<Batch>, ReportError> {
    let blind = record.revocation.is_blind();
    if let Some(mut batch) = batch {
        if !blind && batch.take(record) {
            return Ok(Some(batch));
        }
        sink.command(&batch.group, &batch.command())?;
    }
    if !blind {
        return Ok(Some(Batch::new(record)));
    }
    let values = Values::of_rule(&record.group, &record.peer, &record.revocation.rule);
    sink.command(&record.group, &command(&values))?;
    Ok(None)
}

async fn write_partners(
    journal: &dyn JournalRead,
    run: &RunRecord,
    sink: &mut Sink<'_>,
) -> Result<(), ReportError> {
    let mut told = false;
    let mut pairs = PairRows::open(journal, run).await?;
    while let Some(page) = pairs.next().await? {
        for row in &page {
            for (side, command) in partner_commands(row) {
                if !std::mem::replace(&mut told, true) {
                    sink.comment(
                        "Sides that are not ours to read: by value, so that only rules with \
                         exactly these values are revoked.",
                    )?;
                }
                match command {
                    Ok(command) => sink.command(&side.group, &command)?,
                    Err(why) => {
                        sink.comment(&format!("{}: {why}", locate(&run.sources, row.line)))?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// What the owners of the sides that are not ours must run, or why no command can say it.
pub(in crate::report) fn partner_commands(
    row: &PairRow,
) -> Vec<(&SideRow, Result<String, String>)> {
    let mut commands: Vec<(&SideRow, Result<String, String>)> = Vec::new();
    for (side, other) in [(&row.a, &row.b), (&row.b, &row.a)] {
        // Whoever owns a group of a wrong account has nothing to run.
        if !side.is_partner || side.state == SideState::Clean || side.misowned > 0 {
            continue;
        }
        for filter in &row.filters {
            // A pair is severed in both directions unless its row names one.
            let filter = &Filter { direction_given: true, ..filter.clone() };
            let found = match side_commands(&side.group, &other.group, filter) {
                Ok(found) => found.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error.to_string())],
            };
            for command in found {
                if !commands.contains(&(side, command.clone())) {
                    commands.push((side, command));
                }
            }
        }
    }
    commands
}

/// What the owner of `side` must run: empty for a side of ours, and where no command can say it.
pub(in crate::report) fn commands_for(row: &PairRow, side: &SideRow) -> Vec<String> {
    partner_commands(row)
        .into_iter()
        .filter(|(of, _)| of.group == side.group)
        .filter_map(|(_, command)| command.ok())
        .collect()
}
