//! The rules to be revoked, group by group, streamed.

use std::io::Write;

use crate::journal::{Journal, RevocationRecord, RunRecord};
use crate::model::{GroupRef, escape_control};
use crate::report::format::Tone;
use crate::report::revocations::{Revocations, rule_line};
use crate::report::text::{count, locate, thousands, wrap};
use crate::report::{ReportError, Style};

/// Rules listed of one group; the CSV has all.
const MAX_RULES: usize = 20;

/// Consecutive revocations of one group: at most [`MAX_RULES`] lines, however many there are.
struct Listing {
    group: GroupRef,
    total: u64,
    lines: Vec<String>,
}

/// Writes every group that has revocations, in plan order.
pub(super) async fn write(
    journal: &dyn Journal,
    run: &RunRecord,
    style: Style,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let mut open: Option<Listing> = None;
    let mut revocations = Revocations::new(journal, &run.new.id);
    while let Some(page) = revocations.next().await? {
        for record in &page {
            let same = open.take_if(|group| group.group == record.group);
            if let Some(done) = open.take() {
                done.write(run, style, out)?;
            }
            let mut group = same.unwrap_or_else(|| Listing::new(&record.group));
            group.add(record, run);
            open = Some(group);
        }
    }
    match open {
        Some(last) => last.write(run, style, out),
        None => Ok(()),
    }
}

impl Listing {
    fn new(group: &GroupRef) -> Self {
        Self { group: group.clone(), total: 0, lines: Vec::new() }
    }

    fn add(&mut self, record: &RevocationRecord, run: &RunRecord) {
        self.total += 1;
        if self.lines.len() < MAX_RULES {
            let mut line =
                format!("{} · {}", rule_line(record), locate(&run.sources, record.revocation.line));
            if !record.note.is_empty() {
                line = format!("{line} · {}", record.note);
            }
            self.lines.push(line);
        }
    }

    fn write(&self, run: &RunRecord, style: Style, out: &mut dyn Write) -> Result<(), ReportError> {
        let heading = format!("{}: {} to revoke", self.group, count(self.total, "rule"));
        let heading = wrap(&escape_control(&heading), style.width, 0, 2);
        writeln!(out, "\n{}", style.paint(Tone::Strong, &heading))?;
        for line in &self.lines {
            writeln!(out, "{}", wrap(&escape_control(line), style.width, 2, 6))?;
        }
        let rest = self.total - self.lines.len() as u64;
        if rest > 0 {
            let id = &run.new.id;
            let text = format!("…and {} more: unpair report {id} --format csv", thousands(rest));
            writeln!(out, "{}", wrap(&text, style.width, 2, 4))?;
        }
        Ok(())
    }
}
