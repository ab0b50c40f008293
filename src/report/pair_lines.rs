//! Every pair of a run, one line each: `report --rows pairs`, by which a script closes tickets.

use std::io::Write;

use serde::Serialize;

use super::csv::{csv_safe, optional, with_texts};
use super::json::{List, close, open};
use super::pairs::PairRows;
use super::text::locate;
use super::{Format, PairRow, ReportError, SideRow, Summary};
use crate::journal::{JournalRead, RunRecord};
use crate::model::{PairOutcome, RowText, TextColumn};

/// A pair as JSON tells it; the names of the fields are the keys, and the columns of the CSV.
#[derive(Serialize)]
struct PairLine<'a> {
    pair: String,
    #[serde(flatten)]
    note: &'a RowText,
    row: String,
    cloud: &'static str,
    region: &'a str,
    account_a: &'a str,
    group_a: &'a str,
    account_b: &'a str,
    group_b: &'a str,
    outcome: PairOutcome,
    reason: &'a str,
    /// The number of the cause of a side, under `causes` of the JSON report.
    cause: Option<usize>,
    state_a: &'static str,
    standing_a: u32,
    state_b: &'static str,
    standing_b: u32,
    outside: u64,
    drops: u64,
}

/// The columns of the CSV, but for those of free text.
const COLUMNS: [&str; 18] = [
    "pair",
    "row",
    "cloud",
    "region",
    "account_a",
    "group_a",
    "account_b",
    "group_b",
    "outcome",
    "reason",
    "cause",
    "state_a",
    "standing_a",
    "state_b",
    "standing_b",
    "outside",
    "drops",
    "run",
];

/// Where the columns of free text stand: after the pair.
const TEXTS_AT: usize = 1;

/// Writes every pair of `run`, severed ones included, as CSV, or as the keys of `summary` and `rows`.
pub async fn write_pairs(
    journal: &dyn JournalRead,
    run: &RunRecord,
    summary: &Summary,
    format: Format,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    if format == Format::Json {
        return write_json(journal, run, summary, out).await;
    }
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(with_texts(COLUMNS, TEXTS_AT, TextColumn::ALL.map(TextColumn::name)))?;
    let mut pairs = PairRows::open(journal, run).await?;
    while let Some(page) = pairs.next().await? {
        for pair in &page {
            let cells = PairLine::new(pair, run, summary).cells(run);
            let texts = pair.note.cells().map(|(_, text)| text.to_owned());
            let cells = with_texts(cells, TEXTS_AT, texts);
            csv.write_record(cells.iter().map(|cell| csv_safe(cell).into_owned()))?;
        }
    }
    csv.flush()?;
    Ok(())
}

async fn write_json(
    journal: &dyn JournalRead,
    run: &RunRecord,
    summary: &Summary,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    open(summary, out)?;
    let mut list = List::open(out, "rows")?;
    let mut pairs = PairRows::open(journal, run).await?;
    while let Some(page) = pairs.next().await? {
        for pair in &page {
            list.item(&PairLine::new(pair, run, summary))?;
        }
    }
    list.close()?;
    close(journal, run, out).await
}

impl<'a> PairLine<'a> {
    fn new(pair: &'a PairRow, run: &RunRecord, summary: &Summary) -> Self {
        let [a, b] = pair.sides();
        let name = |side: &SideRow| format!("{}/{}", side.group.account, side.group.group);
        let cause = |side| summary.cause_of(side).map(|cause| cause.cause);
        Self {
            pair: format!("{} {}", name(a), name(b)),
            note: &pair.note,
            row: locate(&run.sources, pair.line),
            cloud: a.group.cloud.as_str(),
            region: a.group.region.as_str(),
            account_a: a.group.account.as_str(),
            group_a: a.group.group.as_str(),
            account_b: b.group.account.as_str(),
            group_b: b.group.group.as_str(),
            outcome: pair.outcome,
            reason: &pair.reason,
            cause: cause(a).or_else(|| cause(b)),
            state_a: super::json::state_word(a.state),
            standing_a: a.standing,
            state_b: super::json::state_word(b.state),
            standing_b: b.standing,
            outside: pair.outside(),
            drops: pair.drops(),
        }
    }

    fn cells(&self, run: &RunRecord) -> [String; COLUMNS.len()] {
        [
            self.pair.clone(),
            self.row.clone(),
            self.cloud.to_owned(),
            self.region.to_owned(),
            self.account_a.to_owned(),
            self.group_a.to_owned(),
            self.account_b.to_owned(),
            self.group_b.to_owned(),
            self.outcome.as_str().to_owned(),
            self.reason.to_owned(),
            optional(self.cause.as_ref()),
            self.state_a.to_owned(),
            self.standing_a.to_string(),
            self.state_b.to_owned(),
            self.standing_b.to_string(),
            self.outside.to_string(),
            self.drops.to_string(),
            run.new.id.to_string(),
        ]
    }
}
