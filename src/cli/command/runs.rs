//! `runs`: list the runs of a journal, watch them, check their histories; `prune` drops old ones.

mod check;
mod prune;

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use self::prune::Consent;
use crate::cli::args::RunsArgs;
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure};
use crate::journal::{JournalRead, open_to_read};
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
    let journal = open_to_read(&context.common.journal).await?;
    if args.ids {
        return ids(context, &*journal).await;
    }
    if args.check {
        return check::run(context, &*journal).await;
    }
    if args.watch {
        return watch(context, &*journal).await;
    }
    context.output.write(&list(context, &*journal).await?.0)?;
    Ok(Exit::Done)
}

/// The ids alone, the latest first.
async fn ids(context: &Context, journal: &dyn JournalRead) -> Result<Exit, Failure> {
    let runs = journal.runs().await?;
    let ids: Vec<&str> = runs.iter().flat_map(|run| [run.new.id.as_str(), "\n"]).collect();
    context.output.write(ids.concat().as_bytes())?;
    Ok(Exit::Done)
}

/// The list, and whether a run is under way.
async fn list(context: &Context, journal: &dyn JournalRead) -> Result<(Vec<u8>, bool), Failure> {
    let runs = journal.runs().await?;
    let under_way = runs.iter().any(|run| run.running.is_some());
    let mut list = Vec::new();
    write_runs(&runs, context.output.format, context.output.style(), &mut list)?;
    Ok((list, under_way))
}

/// Shows the list again whenever it changes, until no run is under way or a signal comes.
async fn watch(context: &Context, journal: &dyn JournalRead) -> Result<Exit, Failure> {
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
