//! The rules to be revoked, group by group, and in each group peer by peer.

use std::io::Write;

use crate::journal::{JournalRead, RevocationRecord, RunRecord};
use crate::model::{GroupIx, GroupRef, escape_control};
use crate::report::format::Tone;
use crate::report::revocations::{Revocations, rule_line};
use crate::report::text::{count, locate, thousands, wrap};
use crate::report::words::short;
use crate::report::{ReportError, Style, Summary};

/// Groups listed; the CSV has all.
const MAX_GROUPS: usize = 200;
/// Rules listed of one group; the CSV has all.
const MAX_RULES: usize = 20;

/// The first groups of a plan.
#[derive(Default)]
struct FirstGroups {
    groups: Vec<(GroupIx, GroupLines)>,
    /// Groups beyond [`MAX_GROUPS`], each counted once: their revocations follow each other.
    dropped: u64,
    last_dropped: Option<GroupIx>,
}

/// The revocations of one group: at most [`MAX_RULES`] lines, however many there are.
struct GroupLines {
    group: GroupRef,
    total: u64,
    rules: Vec<Line>,
}

/// One rule, below the peer that it names and the row that asks for it.
struct Line {
    peer: String,
    rule: String,
}

/// Writes the groups that have revocations.
pub(super) async fn write(
    journal: &dyn JournalRead,
    run: &RunRecord,
    summary: &Summary,
    style: Style,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let mut list = FirstGroups::default();
    let mut revocations = Revocations::new(journal, run);
    while let Some(page) = revocations.next().await? {
        for record in &page {
            list.add(record, run);
        }
        if list.dropped > 0 {
            list.dropped += revocations.pass_over_unstored();
        }
    }
    list.write((run, summary), style, out)
}

impl FirstGroups {
    fn add(&mut self, record: &RevocationRecord, run: &RunRecord) {
        let ix = record.revocation.group;
        if self.groups.last().is_none_or(|(last, _)| *last != ix) {
            if self.groups.len() >= MAX_GROUPS {
                self.dropped += u64::from(self.last_dropped.replace(ix) != Some(ix));
                return;
            }
            self.groups.push((ix, GroupLines::new(&record.group)));
        }
        if let Some((_, lines)) = self.groups.last_mut() {
            lines.add(record, run);
        }
    }

    fn write(
        &self,
        run: (&RunRecord, &Summary),
        style: Style,
        out: &mut dyn Write,
    ) -> Result<(), ReportError> {
        for (_, lines) in &self.groups {
            lines.write(run, style, out)?;
        }
        if self.dropped > 0 {
            writeln!(out)?;
            write_rest(&count(self.dropped, "more group"), run, style, out)?;
        }
        Ok(())
    }
}

impl GroupLines {
    fn new(group: &GroupRef) -> Self {
        Self { group: group.clone(), total: 0, rules: Vec::new() }
    }

    fn add(&mut self, record: &RevocationRecord, run: &RunRecord) {
        self.total += 1;
        if self.rules.len() < MAX_RULES {
            let row = locate(&run.sources, record.revocation.line);
            let mut peer = format!("naming {} · {row}", short(&record.peer));
            if !record.note.is_empty() {
                peer = format!("{peer} · {}", record.note);
            }
            self.rules.push(Line { peer, rule: rule_line(record) });
        }
    }

    fn write(
        &self,
        run: (&RunRecord, &Summary),
        style: Style,
        out: &mut dyn Write,
    ) -> Result<(), ReportError> {
        let heading = format!("{}: {} to revoke", self.group, count(self.total, "rule"));
        let heading = wrap(&escape_control(&heading), style.width, 0, 2);
        writeln!(out, "\n{}", style.paint(Tone::Strong, &heading))?;
        let mut peer = None;
        for line in &self.rules {
            if peer.replace(&line.peer) != Some(&line.peer) {
                let text = wrap(&escape_control(&line.peer), style.width, 2, 6);
                writeln!(out, "{}", style.paint(Tone::Quiet, &text))?;
            }
            writeln!(out, "{}", wrap(&escape_control(&line.rule), style.width, 4, 8))?;
        }
        let rest = self.total - self.rules.len() as u64;
        if rest > 0 {
            write_rest(&format!("{} more", thousands(rest)), run, style, out)?;
        }
        Ok(())
    }
}

/// `…and 3 more: unpair report ID --format csv`.
fn write_rest(
    more: &str,
    (run, summary): (&RunRecord, &Summary),
    style: Style,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let text = format!("…and {more}: unpair report {} --format csv{}", run.new.id, summary.options);
    Ok(writeln!(out, "{}", wrap(&text, style.width, 2, 4))?)
}
