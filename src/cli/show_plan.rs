//! What is told of a run that was read and planned: records of the log, and the result.

use super::context::Context;
use super::events;
use super::exit::{Exit, Failure};
use super::output::CommandEnd;
use super::session::Session;
use super::summary::whole;
use crate::audit::AuditEnd;
use crate::journal::RunRecord;
use crate::model::Estimate;
use crate::report::{Format, PlanView, write_plan};
use crate::run::Prepared;

/// Tells which accounts could not be called and what acting would take.
pub(super) fn tell_planned(session: &Session, plan: &Prepared) {
    session.clear_bars();
    for (lane, reason) in &plan.read.unreachable {
        events::left_alone(lane, reason);
    }
    events::planned(&plan.run, &plan.estimate);
    for lane in &plan.estimate.lanes {
        tracing::info!(
            "{}: {} rules of {} groups in {} calls and {} reads, about {:.0} s",
            lane.lane,
            lane.rules,
            lane.groups,
            lane.calls,
            lane.reads,
            lane.seconds
        );
    }
    let (before, after) = (plan.planned_before, plan.run.rules.planned);
    if plan.run.started_ms.is_some() && before != after {
        tracing::warn!("rules changed: the plan had {before} rules and now has {after}");
    }
}

/// Exit code 7 if there was somebody to call and nobody could be reached.
pub(super) fn reached(plan: &Prepared) -> Exit {
    if plan.nobody_reached() { Exit::NoAccount } else { Exit::Done }
}

/// Why accounts could not be called, in words.
pub(super) fn unreachable(read: &AuditEnd) -> Vec<String> {
    read.unreachable.iter().map(|(lane, reason)| format!("{lane}: {reason}")).collect()
}

/// Prints a plan or an audit.
pub(super) async fn show_plan(
    context: &Context,
    session: &Session,
    run: &RunRecord,
    estimate: Option<&Estimate>,
    end: &CommandEnd,
) -> Result<(), Failure> {
    let summary = whole(context, &*session.journal, run).await?;
    if context.output.format == Format::Json {
        return context.output.summary(&summary, end);
    }
    let mut sink = context.output.open()?;
    let (format, style) = (context.output.format, context.output.style());
    let view = PlanView { run, summary: &summary, estimate };
    write_plan(&*session.journal, view, format, style, &mut sink).await?;
    sink.finish()
}
