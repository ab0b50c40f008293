//! What a run would do, for people: group by group, then what is left alone.

mod groups;
mod lanes;
mod left_alone;

use std::io::Write;

use crate::journal::{JournalRead, RunKind, RunRecord};
use crate::model::Estimate;

use super::format::{Detail, Tone};
use super::lines::Lines;
use super::pairs::PairRows;
use super::table::{NOT_JUDGED, Sections, facts_in_lines, next_step, write_causes};
use super::text::{wrap, wrap_parts};
use super::{ReportError, Style, Summary};
use left_alone::LeftAlone;

/// A plan that is to be shown.
#[derive(Clone, Copy)]
pub struct PlanView<'a> {
    /// The run.
    pub run: &'a RunRecord,
    /// What it comes to.
    pub summary: &'a Summary,
    /// What it takes; none of a run that only reads.
    pub estimate: Option<&'a Estimate>,
}

/// Whether the plan is shown for the question of `revoke` or `resume`: what comes next is asked.
fn is_question(run: &RunRecord, summary: &Summary) -> bool {
    let goes_on = run.is_started();
    summary.command == "revoke"
        || (summary.command == "resume" && run.new.kind == RunKind::Revoke && goes_on)
}

/// Writes the verdict, every group with the rules to be revoked, and the findings that nothing
/// is done about. An audit that planned nothing lists its pairs instead of rules.
pub(super) async fn write(
    journal: &dyn JournalRead,
    view: PlanView<'_>,
    style: Style,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let PlanView { run, summary, .. } = view;
    let headline = style.paint(Tone::Strong, &wrap_parts(&summary.verdict_parts(), style.width));
    let lines = &mut Lines::new(out);
    let out: &mut dyn Write = lines;
    writeln!(out, "{headline}")?;
    writeln!(out, "{}", facts_in_lines(run, summary, style))?;
    write_causes(summary, style, out)?;
    if style.detail == Detail::Full {
        write_lists(journal, view, style, out).await?;
    }
    writeln!(out, "\n{}", wrap(NOT_JUDGED, style.width, 0, 2))?;
    if let Some(next) = next_step(run, summary).filter(|_| !is_question(run, summary)) {
        writeln!(out, "\n{}", style.paint(Tone::Strong, &next))?;
    }
    lines.end(&headline, style)
}

/// The lanes, every group with the rules to be revoked, and what is left alone.
async fn write_lists(
    journal: &dyn JournalRead,
    view: PlanView<'_>,
    style: Style,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let PlanView { run, summary, estimate } = view;
    if let Some(estimate) = estimate {
        lanes::write(estimate, style, out)?;
    }
    let planned = summary.rules.planned > 0;
    if planned {
        groups::write(journal, run, summary, style, out).await?;
    }
    if run.is_unread() {
        let told = "Nothing was read (--no-audit): whether these rules are there is not known.";
        return Ok(writeln!(out, "\n{}", wrap(told, style.width, 0, 2))?);
    }
    let mut sections = Sections::default();
    let mut left_alone = LeftAlone::default();
    let mut pairs = PairRows::open(journal, run).await?;
    while let Some(page) = pairs.next().await? {
        left_alone.add(&page, planned, summary);
        if !planned {
            sections.add(page);
        }
    }
    if !planned {
        sections.write(run, summary, style, out)?;
    }
    left_alone.count_elsewhere(journal, run).await?;
    left_alone.write(run, summary, style, out)
}
