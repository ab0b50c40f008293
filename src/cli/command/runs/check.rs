//! `runs --check`: the history of every run, recomputed and compared.

use std::fmt::Write as _;

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::tell;
use crate::journal::{JournalRead, check};
use crate::model::RunId;
use crate::report::{Format, PlainJson};

/// A run, checked; the names of the fields are the keys.
#[derive(Serialize)]
struct CheckedRun {
    run: RunId,
    rows: u64,
    head: String,
    intact: bool,
    problems: Vec<String>,
}

/// Recomputes the chain of every run; anything edited is a failure that names it.
pub(super) async fn run(context: &Context, journal: &dyn JournalRead) -> Result<Exit, Failure> {
    let mut runs = Vec::new();
    for run in journal.runs().await? {
        let report = check(journal, &run.new.id).await?;
        let intact = report.bad.is_empty();
        let (rows, head, problems) = (report.rows, report.head, report.bad);
        runs.push(CheckedRun { run: run.new.id, rows, head, intact, problems });
    }
    context.output.write(&told(context.output.format, &runs)?)?;
    let bad = runs.iter().flat_map(|run| run.problems.iter().map(|bad| (&run.run, bad)));
    let messages: Vec<String> = bad.map(|(run, bad)| format!("run {run}: {bad}")).collect();
    if messages.is_empty() {
        return Ok(Exit::Done);
    }
    if context.output.format != Format::Json {
        return Err(Failure::of_many(Exit::CouldNotWork, messages));
    }
    // The object of an error would be a second result.
    for message in &messages {
        tell(&format!("unpair: {message}\n"));
    }
    Ok(Exit::CouldNotWork)
}

/// The result: every run as JSON, those that are intact as text.
fn told(format: Format, runs: &[CheckedRun]) -> Result<Vec<u8>, Failure> {
    if format == Format::Json {
        let mut json = Vec::new();
        serde_json::to_writer_pretty(PlainJson(&mut json), runs)
            .map_err(|error| Failure::internal_error(&error))?;
        json.push(b'\n');
        return Ok(json);
    }
    let mut text = String::new();
    for CheckedRun { run, rows, head, .. } in runs.iter().filter(|run| run.intact) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{run}  {rows} rows intact, head {head}");
    }
    Ok(text.into_bytes())
}
