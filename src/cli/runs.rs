//! `runs`: list the runs of a journal, or check their histories.

use std::fmt::Write as _;

use super::args::RunsArgs;
use super::exit::{Exit, Failure};
use super::start::Context;
use crate::journal::{Journal, Mode, check, open};
use crate::report::write_runs;

pub(super) async fn run(context: &Context, args: &RunsArgs) -> Result<Exit, Failure> {
    let journal = open(&context.common.journal, Mode::Read).await?;
    if args.check {
        return check_all(context, &*journal).await;
    }
    let runs = journal.runs().await?;
    let mut sink = context.output.open()?;
    write_runs(&runs, context.output.format, context.output.style(), &mut sink)?;
    sink.finish()?;
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
