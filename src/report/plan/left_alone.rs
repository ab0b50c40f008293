//! Findings that a plan does not act on, each kind in a list of its own.

use std::io::Write;

use crate::journal::{JournalError, JournalRead, RunRecord};
use crate::model::{GroupIx, PairOutcome, SideState, escape_control};
use crate::report::evidence::PAGE;
use crate::report::format::Tone;
use crate::report::pairs::PairRow;
use crate::report::table::told;
use crate::report::text::{count, locate, thousands, wrap};
use crate::report::words::{reason, short};
use crate::report::{ReportError, Style, Summary};

/// Lines of each list; the rest is counted.
const MAX_LINES: usize = 20;

/// What is told besides the rules to be revoked.
#[derive(Default)]
pub(super) struct LeftAlone {
    one_sided: LeftPairs,
    unreadable: LeftPairs,
    partners: LeftPairs,
    outside: LeftPairs,
    drops: LeftPairs,
    elsewhere: u64,
    elsewhere_groups: u64,
}

/// The first lines of a list, how many lines there would be, and how many things they count.
#[derive(Default)]
struct LeftPairs {
    total: u64,
    items: u64,
    lines: Vec<(u32, String)>,
}

impl LeftPairs {
    /// Counts `n` things, told in one line.
    fn add(&mut self, n: u64, line: u32, text: impl FnOnce() -> String) {
        self.total += n;
        self.items += u64::from(n > 0);
        if n > 0 && self.lines.len() < MAX_LINES {
            self.lines.push((line, text()));
        }
    }
}

impl LeftAlone {
    /// Takes a page of pairs in; `outcomes` says whether pairs that are one-sided or cannot be
    /// read are told here, because nothing else lists them.
    pub(super) fn add(&mut self, page: &[PairRow], outcomes: bool, summary: &Summary) {
        for row in page {
            if outcomes {
                self.add_outcome(row, summary);
            }
            for (side, peer) in [(&row.a, &row.b), (&row.b, &row.a)] {
                let ends = || format!("{} naming {}", short(&side.group), short(&peer.group));
                self.outside.add(u64::from(side.outside), row.line, || {
                    format!("{}: {}", ends(), count(u64::from(side.outside), "grant"))
                });
                self.drops.add(u64::from(side.drops), row.line, || {
                    format!("{}: {}", ends(), count(u64::from(side.drops), "drop rule"))
                });
            }
        }
    }

    fn add_outcome(&mut self, row: &PairRow, summary: &Summary) {
        if row.is_one_sided() {
            self.one_sided.add(1, row.line, || reason(row, |side| told(summary, side)));
        }
        if row.outcome == PairOutcome::Unknown {
            self.unreadable.add(1, row.line, || reason(row, |side| told(summary, side)));
        }
        for side in row.sides() {
            if side.is_partner && side.state != SideState::Clean {
                self.partners.add(1, row.line, || format!("{}: {}", short(&side.group), side.text));
            }
        }
    }

    /// Counts the grants that name groups which no row pairs with theirs.
    pub(super) async fn count_elsewhere(
        &mut self,
        journal: &dyn JournalRead,
        run: &RunRecord,
    ) -> Result<(), JournalError> {
        let mut from = GroupIx(0);
        loop {
            let page = journal.sides(&run.new.id, from, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            from = GroupIx(last.group.0 + 1);
            for side in page.iter().filter(|side| side.elsewhere > 0) {
                self.elsewhere += u64::from(side.elsewhere);
                self.elsewhere_groups += 1;
            }
        }
    }

    /// Writes every list that is not empty.
    pub(super) fn write(
        &self,
        run: &RunRecord,
        summary: &Summary,
        style: Style,
        out: &mut dyn Write,
    ) -> Result<(), ReportError> {
        let pairs = |list: &LeftPairs| count(list.total, "pair");
        for (list, heading, tone) in [
            (
                &self.unreadable,
                format!(
                    "Unknown: {}, a side could not be read or judged, or its group does not exist",
                    pairs(&self.unreadable)
                ),
                Tone::Doubt,
            ),
            (
                &self.one_sided,
                format!("One-sided: {}, rules stand on one side alone", pairs(&self.one_sided)),
                Tone::Strong,
            ),
            (
                &self.partners,
                format!(
                    "Not ours to call: {}; `unpair commands` prints what the owner must run",
                    count(self.partners.total, "side")
                ),
                Tone::Strong,
            ),
            (
                &self.outside,
                format!("Left alone: {} outside the rows", count(self.outside.total, "grant")),
                Tone::Strong,
            ),
            (
                &self.drops,
                format!(
                    "Left alone: {}; removing one would open traffic",
                    count(self.drops.total, "drop rule")
                ),
                Tone::Strong,
            ),
        ] {
            list.write(&heading, tone, (run, summary), style, out)?;
        }
        self.write_elsewhere(style, out)
    }

    fn write_elsewhere(&self, style: Style, out: &mut dyn Write) -> Result<(), ReportError> {
        if self.elsewhere == 0 {
            return Ok(());
        }
        let text = format!(
            "Left alone: {} of {} that name groups no row pairs them with",
            count(self.elsewhere, "grant"),
            count(self.elsewhere_groups, "group"),
        );
        writeln!(out, "\n{}", style.paint(Tone::Strong, &wrap(&text, style.width, 0, 2)))?;
        Ok(())
    }
}

impl LeftPairs {
    fn write(
        &self,
        heading: &str,
        tone: Tone,
        (run, summary): (&RunRecord, &Summary),
        style: Style,
        out: &mut dyn Write,
    ) -> Result<(), ReportError> {
        if self.total == 0 {
            return Ok(());
        }
        writeln!(out, "\n{}", style.paint(tone, &wrap(heading, style.width, 0, 2)))?;
        for (line, text) in &self.lines {
            let text = format!("{text} · {}", locate(&run.sources, *line));
            writeln!(out, "{}", wrap(&escape_control(&text), style.width, 2, 6))?;
        }
        let rest = self.items - self.lines.len() as u64;
        if rest > 0 {
            let (id, options) = (&run.new.id, &summary.options);
            let text =
                format!("…and {} more: unpair report {id} --rows pairs{options}", thousands(rest));
            writeln!(out, "{}", wrap(&text, style.width, 2, 4))?;
        }
        Ok(())
    }
}
