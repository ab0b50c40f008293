//! The pairs of a report, by outcome, worst first.

use std::io::Write;

use crate::journal::RunRecord;
use crate::model::{PairOutcome, SideState, escape_control};
use crate::report::commands::partner_commands;
use crate::report::format::Tone;
use crate::report::pairs::{PairRow, SideRow};
use crate::report::table::told;
use crate::report::text::{count, locate, wrap};
use crate::report::words::short;
use crate::report::{ReportError, Style, Summary};

/// Pairs of one outcome that are listed and need somebody: all of them, unless nobody would read that.
const NEEDING: usize = 1_000;
/// Pairs of one outcome that are listed and need nobody.
const OTHERS: usize = 50;

/// Outcomes in the order of a report, with what each means.
const ORDER: [(PairOutcome, &str, &str); 5] = [
    (PairOutcome::HalfSevered, "Half-severed", "one side is clean, the other still stands"),
    (PairOutcome::Open, "Open", "rules stand on both sides, or on the only side that is ours"),
    (
        PairOutcome::Unknown,
        "Unknown",
        "a side could not be read or judged, or its group does not exist",
    ),
    (PairOutcome::OursSevered, "Ours severed", "our side is clean, the other is not ours to read"),
    (PairOutcome::Narrowed, "Narrowed", "what the rows ask for is gone, other grants stand"),
];

/// The first pairs of each outcome: at most [`most`] each, however many there are.
#[derive(Default)]
pub(in crate::report) struct Sections([Vec<PairRow>; ORDER.len()]);

impl Sections {
    /// Keeps what may be listed of a page.
    pub(in crate::report) fn add(&mut self, page: Vec<PairRow>) {
        for row in page {
            let section = ORDER.iter().position(|(outcome, ..)| *outcome == row.outcome);
            if let Some(rows) = section.and_then(|at| self.0.get_mut(at))
                && rows.len() < most(row.outcome)
            {
                rows.push(row);
            }
        }
    }

    /// Writes the pairs, worst first, and how many are not listed.
    pub(in crate::report) fn write(
        &self,
        run: &RunRecord,
        summary: &Summary,
        style: Style,
        out: &mut dyn Write,
    ) -> Result<(), ReportError> {
        let counts = &summary.pairs;
        for ((outcome, title, meaning), rows) in ORDER.iter().zip(&self.0) {
            let total = counts.of(*outcome);
            if total == 0 {
                continue;
            }
            let heading = format!("{title}: {}", count(total, "pair"));
            writeln!(out, "\n{}", style.paint(tone(*outcome), &heading))?;
            let meaning = wrap(&format!("({meaning})"), style.width, 2, 2);
            writeln!(out, "{}", style.paint(Tone::Quiet, &meaning))?;
            for row in rows {
                write_pair((run, summary), row, style, out)?;
            }
            write_rest(run, summary, total - rows.len() as u64, style, out)?;
        }
        if counts.severed > 0 {
            let line = format!("Severed: {}", count(counts.severed, "pair"));
            writeln!(out, "\n{}", style.paint(Tone::Good, &line))?;
        }
        Ok(())
    }
}

/// Pairs of one outcome that are listed at most.
const fn most(outcome: PairOutcome) -> usize {
    match outcome {
        PairOutcome::HalfSevered | PairOutcome::Open | PairOutcome::Unknown => NEEDING,
        PairOutcome::OursSevered | PairOutcome::Narrowed | PairOutcome::Severed => OTHERS,
    }
}

fn write_rest(
    run: &RunRecord,
    summary: &Summary,
    rest: u64,
    style: Style,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    if rest > 0 {
        let text = format!(
            "…and {} more: unpair report {} --rows pairs{}",
            crate::report::text::thousands(rest),
            run.new.id,
            summary.options
        );
        writeln!(out, "\n{}", wrap(&text, style.width, 2, 4))?;
    }
    Ok(())
}

/// Both sides, then where the pair comes from, then what its owner must run.
fn write_pair(
    (run, summary): (&RunRecord, &Summary),
    row: &PairRow,
    style: Style,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    writeln!(out)?;
    for side in row.sides() {
        write_side(side, told(summary, side), style, out)?;
    }
    let mut origin = vec![
        format!("{} {}", row.a.group.cloud, row.a.group.region),
        locate(&run.sources, row.line),
    ];
    if !row.note.is_empty() {
        origin.push(row.note.to_string());
    }
    let origin = wrap(&escape_control(&origin.join(" · ")), style.width, 4, 4);
    writeln!(out, "{}", style.paint(Tone::Quiet, &origin))?;
    write_partner(row, style, out)
}

fn write_side(
    side: &SideRow,
    mut text: String,
    style: Style,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    if side.drops > 0 {
        text = format!("{text}; {} kept", count(u64::from(side.drops), "drop rule"));
    }
    let line = format!("{}  {text}", short(&side.group));
    let line = wrap(&escape_control(&line), style.width, 2, 6);
    let tone = match side.state {
        SideState::Standing(_) => Tone::Bad,
        SideState::Unknown => Tone::Doubt,
        SideState::Clean | SideState::Outside(_) | SideState::NotOurs => {
            return Ok(writeln!(out, "{line}")?);
        }
    };
    Ok(writeln!(out, "{}", style.paint(tone, &line))?)
}

fn write_partner(row: &PairRow, style: Style, out: &mut dyn Write) -> Result<(), ReportError> {
    let mut owner = None;
    for (side, command) in partner_commands(row) {
        let account = &side.group.account;
        if owner.replace(account) != Some(account) {
            let text = format!(
                "for the owner of {account} to run (removes rules with exactly these values):"
            );
            writeln!(out, "{}", wrap(&escape_control(&text), style.width, 4, 4))?;
        }
        match command {
            Ok(command) => writeln!(out, "      {command}")?,
            Err(why) => writeln!(out, "{}", wrap(&escape_control(&why), style.width, 6, 6))?,
        }
    }
    Ok(())
}

const fn tone(outcome: PairOutcome) -> Tone {
    match outcome {
        PairOutcome::HalfSevered | PairOutcome::Open => Tone::Bad,
        PairOutcome::Unknown => Tone::Doubt,
        PairOutcome::OursSevered | PairOutcome::Narrowed | PairOutcome::Severed => Tone::Strong,
    }
}
