//! How a run that was carried out ended, as it is printed.

use crate::cli::context::Context;
use crate::cli::events;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::{CommandEnd, tell};
use crate::cli::session::Session;
use crate::cli::show_plan::unreachable;
use crate::cli::summary::whole;
use crate::journal::RunRecord;
use crate::report::{Format, write_report};
use crate::run::{self, Ending, Halt, RunError};

pub(super) fn halted(session: &Session, halt: Halt) -> Failure {
    match halt {
        Halt::Acting(error) => tell_unrecorded(session, error),
        Halt::Journal(_) | Halt::OtherPlan { .. } => halt.into(),
    }
}

/// Prints what the journal could not take, one JSON object a line.
fn tell_unrecorded(session: &Session, error: RunError) -> Failure {
    session.clear_bars();
    let count = error.unrecorded.len();
    for lost in &error.unrecorded {
        match serde_json::to_string(lost) {
            Ok(line) => tell(&format!("{line}\n")),
            // Nothing that was sent goes untold.
            Err(_) => tell(&format!("{lost:?}\n")),
        }
    }
    let mut failure = Failure::from(error.journal);
    failure.messages.push(format!(
        "nothing was sent after this; answers that are not in the journal: {count}{}; once it can \
         be written, `unpair resume` reads back what they did",
        if count > 0 { " (one JSON line each, above)" } else { "" }
    ));
    failure
}

/// Prints the report of a run whose end is journalled, or why it was refused.
pub(super) async fn finish(
    context: &Context,
    session: &Session,
    ended: run::DriverEnd<Failure, Exit>,
) -> Result<Exit, Failure> {
    session.waits.tell();
    session.clear_bars();
    let run::DriverEnd { run, read, left_alone, ending, exit } = ended;
    let mut messages = unreachable(&read);
    for (lane, reason) in &left_alone {
        events::left_alone(lane, reason);
        messages.push(format!("{lane}: {reason}"));
    }
    match ending {
        Ending::Refused(failure) => return Err(failure.about(&run.new.id)),
        Ending::Moved => return Err(moved(&run, read.moved).about(&run.new.id)),
        Ending::TooManyFailures(reason) => messages.push(reason),
        Ending::Interrupted | Ending::NobodyReached | Ending::Finished => {}
    }
    report(context, session, &run, CommandEnd { exit, messages }).await?;
    Ok(exit)
}

fn moved(run: &RunRecord, mut messages: Vec<String>) -> Failure {
    messages.push(format!("rules changed since run {} was planned: plan again", run.new.id));
    Failure::of_many(Exit::Refused, messages)
}

/// Prints the report.
async fn report(
    context: &Context,
    session: &Session,
    run: &RunRecord,
    mut end: CommandEnd,
) -> Result<(), Failure> {
    let summary = whole(context, &*session.journal, run).await?;
    if end.exit != Exit::Done {
        end.messages.push(summary.verdict());
    }
    if context.output.format == Format::Json {
        context.output.summary(&summary, &end)?;
    } else if !context.keeps_quiet(end.exit) {
        let mut sink = context.output.open()?;
        let (format, style) = (context.output.format, context.output.style());
        write_report(&*session.journal, run, &summary, format, style, &mut sink).await?;
        sink.finish()?;
    }
    // The table ends with what to do next.
    if end.exit == Exit::Interrupted && context.output.format != Format::Table {
        let (id, options) = (&run.new.id, &session.options);
        tracing::warn!("interrupted: `unpair resume {id}{options}` goes on");
    }
    Ok(())
}
