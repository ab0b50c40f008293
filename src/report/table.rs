//! The report of a run for people: what went wrong first, each with its reason.

mod calls;
mod causes;
mod sections;

use std::io::Write;

use crate::journal::{JournalRead, RunKind, RunRecord};
use crate::model::escape_control;

use super::format::{Detail, Tone};
use super::lines::Lines;
pub(super) use super::next::next_step;
use super::pairs::PairRows;
use super::provenance;
use super::running::Running;
use super::summary::exit_code;
use super::text::{clock, count, duration, wrap, wrap_parts};
use super::{ReportError, Style, Summary};
pub(super) use causes::{told, write as write_causes};
pub(super) use sections::Sections;

/// What is never judged, in one line.
pub(super) const NOT_JUDGED: &str =
    "Not judged: CIDR and prefix-list rules, and connections already established.";

/// Writes the verdict, the pairs that need somebody, the calls and the journal's head.
pub(super) async fn write(
    journal: &dyn JournalRead,
    run: &RunRecord,
    summary: &Summary,
    style: Style,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let (lines, headline) = (&mut Lines::new(out), headline(run, summary, style));
    let out: &mut dyn Write = lines;
    writeln!(out, "{headline}")?;
    writeln!(out, "{}", facts_in_lines(run, summary, style))?;
    write_causes(summary, style, out)?;
    if style.detail == Detail::Full {
        write_pairs(journal, run, summary, style, out).await?;
    }
    if summary.live.drops > 0 {
        let drops = count(summary.live.drops, "drop rule");
        writeln!(out, "\nLeft alone: {drops}; removing one would open traffic")?;
    }
    calls::write(&summary.calls, style, out)?;
    writeln!(out, "\n{}", wrap(NOT_JUDGED, style.width, 0, 2))?;
    let head = journal.head(&run.new.id).await?.hash;
    if !head.is_empty() {
        writeln!(out, "Journal head: {}", escape_control(&head))?;
    }
    // Whoever ran another command knows who that was.
    if summary.command == "report" {
        provenance::write(run, &summary.provenance, style, out)?;
    }
    if let Some(next) = next_step(run, summary) {
        writeln!(out, "\n{}", style.paint(Tone::Strong, &next))?;
    }
    lines.end(&headline, style)
}

/// The pairs that need somebody, and how many are severed.
async fn write_pairs(
    journal: &dyn JournalRead,
    run: &RunRecord,
    summary: &Summary,
    style: Style,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let mut sections = Sections::default();
    let mut pairs = PairRows::open(journal, run).await?;
    while let Some(page) = pairs.next().await? {
        sections.add(page);
    }
    sections.write(run, summary, style, out)
}

/// The verdict.
fn headline(run: &RunRecord, summary: &Summary, style: Style) -> String {
    let done = exit_code(&summary.pairs, &run.new) == 0;
    let tone = if done { Tone::Good } else { Tone::Bad };
    style.paint(tone, &wrap_parts(&summary.verdict_parts(), style.width))
}

/// Columns after which the facts of a run go on in the next line where nothing says how wide it is.
const FACTS_WIDTH: u16 = 80;

/// The facts of a run, in lines that break between them.
pub(super) fn facts_in_lines(run: &RunRecord, summary: &Summary, style: Style) -> String {
    let width = style.width.unwrap_or(FACTS_WIDTH);
    style.paint(Tone::Quiet, &wrap_parts(&facts(run, summary), Some(width)))
}

/// `revoke <id>`, its state, and estimate against fact.
pub(super) fn facts(run: &RunRecord, summary: &Summary) -> Vec<String> {
    let mut facts = vec![format!("{} {}", summary.command, run.new.id)];
    facts.extend(Running::of(run).map(|running| running.to_string()));
    facts.push(match run.exit {
        Some(exit) => format!("{}, exit code {exit}", summary.state),
        None => summary.state.to_owned(),
    });
    let took = format!("took {}", duration(summary.elapsed_s));
    let acts = run.new.kind == RunKind::Revoke;
    facts.push(match run.estimate_s.filter(|_| acts).map(duration) {
        Some(estimate) if run.started_ms.is_some() => format!("{took}, estimated {estimate}"),
        Some(estimate) => format!("estimated {estimate}"),
        None => took,
    });
    facts.extend(summary.oldest_reading_ms.map(|at| format!("oldest reading {}", clock(at))));
    facts.extend(run.digest.iter().filter(|_| acts).map(|digest| format!("digest {digest}")));
    facts
}
