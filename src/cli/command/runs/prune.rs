//! `runs --prune`: drop the runs that are at their end and of which nothing happened for long.

use std::time::Duration;

use serde_json::json;

use crate::cli::confirm;
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure};
use crate::cli::invoker::this_process;
use crate::cli::output::tell;
use crate::exchange::now_ms;
use crate::journal::{Pruning, RunRecord};
use crate::model::RunId;
use crate::report::{Format, Style, write_runs};

/// Lists what would go, asks, and drops it. Unfinished runs stay, whatever their age.
pub(super) async fn run(
    context: &Context,
    age: Duration,
    consent: Consent,
) -> Result<Exit, Failure> {
    let journal = Pruning::open(&context.common.journal, &this_process(now_ms())).await?;
    let age_ms = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
    let runs = journal.candidates(now_ms().saturating_sub(age_ms)).await?;
    if !runs.is_empty() && consent != Consent::Withheld {
        list(&runs, context.output.style())?;
    }
    if !runs.is_empty() && consent == Consent::Asked {
        agreed(runs.len()).await?;
    }
    if consent == Consent::Withheld {
        journal.close().await?;
        return would_go(context, &runs);
    }
    let ids: Vec<RunId> = runs.into_iter().map(|run| run.new.id).collect();
    journal.drop_runs(&ids).await?;
    journal.close().await?;
    context.output.write(told(context.output.format, &ids).as_bytes())?;
    Ok(Exit::Done)
}

/// Whether runs may be dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consent {
    /// Yes (`--yes`).
    Given,
    /// If whoever sits at the terminal says so.
    Asked,
    /// No, they are listed (`--dry-run`).
    Withheld,
}

/// Lists what would go as the result.
fn would_go(context: &Context, runs: &[RunRecord]) -> Result<Exit, Failure> {
    let mut sink = context.output.open()?;
    write_runs(runs, context.output.format, context.output.style(), &mut sink)?;
    sink.finish()?;
    Ok(Exit::Done)
}

/// Shows what would go, on standard error: the result is what went.
fn list(runs: &[RunRecord], style: Style) -> Result<(), Failure> {
    let mut list = Vec::new();
    write_runs(runs, Format::Table, Style { colour: false, ..style }, &mut list)?;
    tell(&String::from_utf8_lossy(&list));
    Ok(())
}

/// Asks whoever sits at the terminal.
async fn agreed(count: usize) -> Result<(), Failure> {
    if !confirm::on_terminal() {
        return Err(Failure::refused(
            "not a terminal, so nobody can be asked: add --yes to drop these runs; nothing was \
             dropped",
        ));
    }
    let runs = if count == 1 { "run" } else { "runs" };
    let question = format!("To drop {count} {runs} for good, type the number {count}: ");
    if confirm::answer(&question).await?.trim() == count.to_string() {
        Ok(())
    } else {
        Err(Failure::refused("not confirmed: nothing was dropped"))
    }
}

/// What went.
fn told(format: Format, ids: &[RunId]) -> String {
    match (format, ids.len()) {
        (Format::Json, count) => format!("{}\n", json!({ "pruned": count, "runs": ids })),
        (_, 1) => "1 run dropped\n".to_owned(),
        (_, count) => format!("{count} runs dropped\n"),
    }
}
