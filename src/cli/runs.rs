//! `runs`: list the runs of a journal, watch them, check their histories, drop old ones.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use super::args::RunsArgs;
use super::exit::{Exit, Failure};
use super::start::Context;
use crate::exchange::now_ms;
use crate::journal::{Journal, Mode, RunState, check, open, prune};
use crate::report::{Format, write_runs};

/// How often a watched journal is read.
const WATCH_EVERY: Duration = Duration::from_secs(1);
/// Takes the terminal back to an empty screen.
const CLEAR_SCREEN: &[u8] = b"\x1b[2J\x1b[H";

pub(super) async fn run(context: &Context, args: &RunsArgs) -> Result<Exit, Failure> {
    if let Some(age) = args.prune {
        return drop_old(context, age).await;
    }
    let journal = open(&context.common.journal, Mode::Read).await?;
    if args.check {
        return check_all(context, &*journal).await;
    }
    if args.watch {
        return watch(context, &*journal).await;
    }
    context.output.write(&list(context, &*journal).await?.0)?;
    Ok(Exit::Done)
}

/// The list, and whether a run is under way.
async fn list(context: &Context, journal: &dyn Journal) -> Result<(Vec<u8>, bool), Failure> {
    let runs = journal.runs().await?;
    let under_way =
        runs.iter().any(|run| matches!(run.state, RunState::Reading | RunState::Acting));
    let mut list = Vec::new();
    write_runs(&runs, context.output.format, context.output.style(), &mut list)?;
    Ok((list, under_way))
}

/// Shows the list again whenever it changes, until no run is under way or a signal comes.
async fn watch(context: &Context, journal: &dyn Journal) -> Result<Exit, Failure> {
    context.waits.tell();
    let mut shown = Vec::new();
    loop {
        let (list, under_way) = list(context, journal).await?;
        if list != shown {
            if std::io::stdout().is_terminal() {
                std::io::stdout().write_all(CLEAR_SCREEN)?;
            }
            context.output.write(&list)?;
            shown = list;
        }
        if !under_way {
            return Ok(Exit::Done);
        }
        tokio::select! {
            () = context.waits.stop.cancelled() => return Ok(Exit::Interrupted),
            () = tokio::time::sleep(WATCH_EVERY) => {}
        }
    }
}

/// Drops the runs that ended longer ago than `age`.
async fn drop_old(context: &Context, age: Duration) -> Result<Exit, Failure> {
    let age_ms = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
    let dropped = prune(&context.common.journal, now_ms().saturating_sub(age_ms)).await?;
    let told = match context.output.format {
        Format::Json => format!("{}\n", serde_json::json!({ "pruned": dropped })),
        _ if dropped == 1 => "1 run dropped\n".to_owned(),
        _ => format!("{dropped} runs dropped\n"),
    };
    context.output.write(told.as_bytes())?;
    Ok(Exit::Done)
}

/// Recomputes the chain of every run; anything edited is a failure that names it.
async fn check_all(context: &Context, journal: &dyn Journal) -> Result<Exit, Failure> {
    let mut good = String::new();
    let mut messages = Vec::new();
    for run in journal.runs().await? {
        let report = check(journal, &run.new.id).await?;
        for bad in &report.bad {
            messages.push(format!("run {}: {bad}", run.new.id));
        }
        if report.bad.is_empty() {
            let (rows, head) = (report.rows, report.head);
            // Writing to a String cannot fail.
            let _ = writeln!(good, "{}  {rows} rows intact, head {head}", run.new.id);
        }
    }
    context.output.write(good.as_bytes())?;
    if messages.is_empty() {
        Ok(Exit::Done)
    } else {
        Err(Failure { exit: Exit::CouldNotWork, messages })
    }
}
