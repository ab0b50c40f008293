//! The runs of a journal.

use std::io::Write;

use serde::Serialize;

use crate::journal::{RunKind, RunRecord};
use crate::model::escape_control;

use super::PlainJson;
use super::csv::{csv_safe, optional};
use super::running::Running;
use super::summary::state_word;
use super::text::{clock, grid, rfc3339, thousands, whole_seconds, wrap};
use super::{Format, ReportError, Style};

/// Characters of a digest that people compare.
const SHORT_DIGEST: usize = 12;
/// Below this many columns the run that a run is about is left out of the table.
const ROOM_FOR_PARENT: u16 = 90;
/// Below this many columns the digest is left out too.
const ROOM_FOR_DIGEST: u16 = 105;

/// A run as JSON and CSV tell it; the names of the fields are the keys and columns.
#[derive(Serialize)]
struct RunRow<'a> {
    run: &'a str,
    kind: &'static str,
    state: &'static str,
    exit: Option<u8>,
    created: String,
    started: Option<String>,
    ended: Option<String>,
    elapsed_s: u64,
    pairs: u64,
    rules: u64,
    digest: Option<&'a str>,
    parent: Option<&'a str>,
    /// What a process does of it now; absent unless one works on it.
    running: Option<Running<'a>>,
}

/// Writes `runs` in their order.
pub fn write_runs(
    runs: &[RunRecord],
    format: Format,
    style: Style,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    match format {
        Format::Table | Format::Html => write!(out, "{}", table(runs, style))?,
        Format::Json => {
            let rows: Vec<_> = runs.iter().map(row).collect();
            serde_json::to_writer_pretty(PlainJson(&mut *out), &rows)?;
            writeln!(out)?;
        }
        Format::Csv => write_csv(runs, out)?,
    }
    out.flush()?;
    Ok(())
}

fn row(run: &RunRecord) -> RunRow<'_> {
    RunRow {
        run: run.new.id.as_str(),
        kind: kind_word(run.new.kind),
        state: state_word(run),
        exit: run.exit,
        created: rfc3339(run.new.created_ms),
        started: run.started_ms.map(rfc3339),
        ended: run.ended_ms.map(rfc3339),
        elapsed_s: whole_seconds(run.elapsed_ms),
        pairs: run.pairs,
        rules: run.rules.planned,
        digest: run.digest.as_deref(),
        parent: run.new.parent.as_ref().map(crate::model::RunId::as_str),
        running: Running::of(run),
    }
}

const fn kind_word(kind: RunKind) -> &'static str {
    match kind {
        RunKind::Audit => "audit",
        RunKind::Revoke => "revoke",
        RunKind::Verify => "verify",
    }
}

fn table(runs: &[RunRecord], style: Style) -> String {
    if runs.is_empty() {
        return "no runs in this journal\n".to_owned();
    }
    let mut header = vec!["RUN", "KIND", "STATE", "EXIT", "CREATED", "PAIRS", "RULES"];
    let has_room = |columns| style.width.is_none_or(|width| width >= columns);
    let parents = has_room(ROOM_FOR_PARENT) && runs.iter().any(|run| run.new.parent.is_some());
    let digests = has_room(ROOM_FOR_DIGEST);
    header.extend(parents.then_some("OF RUN"));
    header.extend(digests.then_some("DIGEST"));
    let short = short_length(runs);
    let rows = runs.iter().map(|run| {
        let mut cells = cells(run, short);
        let parent = run.new.parent.as_ref().map(crate::model::RunId::as_str);
        cells.extend(parents.then(|| start(parent.unwrap_or_default(), short)));
        let digest = run.digest.as_deref().unwrap_or_default();
        cells.extend(digests.then(|| start(digest, SHORT_DIGEST)));
        cells
    });
    let mut table = grid(&header, &[3, 5, 6], &rows.collect::<Vec<_>>(), style.width);
    for run in runs {
        if let Some(running) = Running::of(run) {
            let line = format!("{} is running: {running}", start(run.new.id.as_str(), short));
            table.push_str(&wrap(&escape_control(&line), style.width, 0, 2));
            table.push('\n');
        }
    }
    table
}

fn cells(run: &RunRecord, short: usize) -> Vec<String> {
    vec![
        start(run.new.id.as_str(), short),
        kind_word(run.new.kind).to_owned(),
        state_word(run).to_owned(),
        optional(run.exit.as_ref()),
        clock(run.new.created_ms),
        thousands(run.pairs),
        thousands(run.rules.planned),
    ]
}

/// The shortest beginning that tells all runs apart; at least the millisecond of a version 7
/// UUID, 13 characters.
fn short_length(runs: &[RunRecord]) -> usize {
    let mut ids: Vec<&str> = runs.iter().map(|run| run.new.id.as_str()).collect();
    ids.sort_unstable();
    let shared =
        |pair: &[&str]| pair[0].bytes().zip(pair[1].bytes()).take_while(|(x, y)| x == y).count();
    ids.windows(2).map(|pair| shared(pair) + 1).max().unwrap_or_default().max(13)
}

fn start(text: &str, length: usize) -> String {
    text.chars().take(length).collect()
}

fn write_csv(runs: &[RunRecord], out: &mut dyn Write) -> Result<(), ReportError> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record([
        "run",
        "kind",
        "state",
        "exit",
        "created",
        "started",
        "ended",
        "elapsed_s",
        "pairs",
        "rules",
        "digest",
        "parent",
    ])?;
    for run in runs {
        let row = row(run);
        let cells = [
            row.run.to_owned(),
            row.kind.to_owned(),
            row.state.to_owned(),
            optional(row.exit.as_ref()),
            row.created,
            row.started.unwrap_or_default(),
            row.ended.unwrap_or_default(),
            row.elapsed_s.to_string(),
            row.pairs.to_string(),
            row.rules.to_string(),
            optional(row.digest.as_ref()),
            optional(row.parent.as_ref()),
        ];
        csv.write_record(cells.iter().map(|cell| csv_safe(cell).into_owned()))?;
    }
    csv.flush()?;
    Ok(())
}
