//! `runs`: list the runs of a journal, watch them, check their histories; `prune` drops old ones.

mod prune;

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use self::prune::Consent;
use super::args::RunsArgs;
use super::exit::{Exit, Failure};
use super::start::Context;
use crate::journal::{Journal, Mode, RunState, check, open};
use crate::report::write_runs;

/// How often a watched journal is read.
const WATCH_EVERY: Duration = Duration::from_secs(1);
/// Takes the terminal back to an empty screen.
const CLEAR_SCREEN: &[u8] = b"\x1b[2J\x1b[H";

pub(super) async fn run(context: &Context, args: &RunsArgs) -> Result<Exit, Failure> {
    if let Some(age) = args.prune {
        let consent = match (args.dry_run, args.yes) {
            (true, _) => Consent::Withheld,
            (false, true) => Consent::Given,
            (false, false) => Consent::Asked,
        };
        return prune::run(context, age, consent).await;
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
