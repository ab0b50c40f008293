//! The report of a run as one JSON object, streamed: the summary, then lists.

use std::io::Write;

use serde::Serialize;

use crate::journal::{JournalRead, RunRecord};
use crate::model::{GroupRef, PairOutcome, RowText, SideState};

use super::PlainJson;
use super::commands::commands_for;
use super::pairs::{PairRow, PairRows, SideRow, WORST_FIRST};
use super::revocations::{RevocationRow, Revocations};
use super::text::locate;
use super::{ReportError, Summary};

/// Writes the keys of `summary`, `findings` (every pair that is not simply severed, worst
/// first), `revocations`, and `head`, the hash of the last history row.
pub(super) async fn write(
    journal: &dyn JournalRead,
    run: &RunRecord,
    summary: &Summary,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    open(summary, out)?;
    write_findings(journal, run, summary, out).await?;
    write_revocations(journal, run, out).await?;
    close(journal, run, out).await
}

/// Writes the keys of `summary`; the object stays open for those that follow.
pub(super) fn open(summary: &Summary, out: &mut dyn Write) -> Result<(), ReportError> {
    let mut object = Vec::new();
    serde_json::to_writer_pretty(PlainJson(&mut object), summary)?;
    Ok(out.write_all(object.strip_suffix(b"\n}").unwrap_or(&object))?)
}

/// Ends the object with the hash of the last row of the run's own history.
pub(super) async fn close(
    journal: &dyn JournalRead,
    run: &RunRecord,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let hash = journal.head(&run.new.id).await?.hash;
    let hash = serde_json::to_string(&(!hash.is_empty()).then_some(hash))?;
    writeln!(out, ",\n  \"head\": {hash}\n}}")?;
    out.flush()?;
    Ok(())
}

async fn write_findings(
    journal: &dyn JournalRead,
    run: &RunRecord,
    summary: &Summary,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let mut list = List::open(out, "findings")?;
    let mut pairs = PairRows::open(journal, run).await?;
    for outcome in WORST_FIRST {
        while let Some(page) = pairs.next_of(outcome).await? {
            for row in page.iter().filter(|row| is_finding(row)) {
                list.item(&FindingRow::new(row, run, summary))?;
            }
        }
    }
    list.close()
}

async fn write_revocations(
    journal: &dyn JournalRead,
    run: &RunRecord,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let mut list = List::open(out, "revocations")?;
    let mut revocations = Revocations::new(journal, run);
    while let Some(page) = revocations.next().await? {
        for record in &page {
            let row = locate(&run.sources, record.revocation.line);
            list.item(&RevocationRow::new(record, row))?;
        }
    }
    list.close()
}

fn is_finding(row: &PairRow) -> bool {
    row.outcome != PairOutcome::Severed || row.drops() > 0
}

/// An array under a key, one item a line.
pub(super) struct List<'a> {
    out: &'a mut dyn Write,
    empty: bool,
}

impl<'a> List<'a> {
    pub(super) fn open(out: &'a mut dyn Write, key: &str) -> Result<Self, ReportError> {
        write!(out, ",\n  \"{key}\": [")?;
        Ok(Self { out, empty: true })
    }

    pub(super) fn item(&mut self, item: &impl Serialize) -> Result<(), ReportError> {
        write!(self.out, "{}", if self.empty { "\n    " } else { ",\n    " })?;
        serde_json::to_writer(PlainJson(&mut *self.out), item)?;
        self.empty = false;
        Ok(())
    }

    pub(super) fn close(self) -> Result<(), ReportError> {
        Ok(write!(self.out, "{}", if self.empty { "]" } else { "\n  ]" })?)
    }
}

/// A pair that is not simply severed.
#[derive(Serialize)]
struct FindingRow<'a> {
    outcome: PairOutcome,
    reason: &'a str,
    row: String,
    #[serde(flatten)]
    note: &'a RowText,
    a: FindingSide<'a>,
    b: FindingSide<'a>,
}

#[derive(Serialize)]
struct FindingSide<'a> {
    #[serde(flatten)]
    group: &'a GroupRef,
    state: &'static str,
    reason: &'a str,
    /// The number of its cause, under `causes`.
    cause: Option<usize>,
    standing: u32,
    outside: u32,
    drops: u32,
    misowned: u32,
    unclear: u32,
    /// What its owner must run, for a side that is not ours.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    commands: Vec<String>,
}

impl<'a> FindingRow<'a> {
    fn new(row: &'a PairRow, run: &RunRecord, summary: &Summary) -> Self {
        Self {
            outcome: row.outcome,
            reason: &row.reason,
            row: locate(&run.sources, row.line),
            note: &row.note,
            a: FindingSide::new(row, &row.a, summary),
            b: FindingSide::new(row, &row.b, summary),
        }
    }
}

impl<'a> FindingSide<'a> {
    fn new(row: &PairRow, side: &'a SideRow, summary: &Summary) -> Self {
        Self {
            group: &side.group,
            state: state_word(side.state),
            reason: &side.text,
            cause: summary.cause_of(side).map(|cause| cause.cause),
            standing: side.standing,
            outside: side.outside,
            drops: side.drops,
            misowned: side.misowned,
            unclear: side.unclear,
            commands: commands_for(row, side),
        }
    }
}

pub(super) const fn state_word(state: SideState) -> &'static str {
    match state {
        SideState::Clean => "clean",
        SideState::Outside(_) => "outside",
        SideState::Standing(_) => "standing",
        SideState::NotOurs => "not_ours",
        SideState::Unknown => "unknown",
    }
}
