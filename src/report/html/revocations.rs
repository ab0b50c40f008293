//! The revocations: counted, if there are more than a page shows, then the worst of them.

use std::io::Write;

use super::counts::Counts;
use super::markup::{head, html, over, row};
use super::room::{Room, write_rest};
use crate::journal::{Journal, RevocationRecord, RunRecord};
use crate::model::Outcome;
use crate::report::ReportError;
use crate::report::revocations::{RevocationRow, Revocations, rule_name, rule_text};
use crate::report::text::locate;

/// Every outcome, in the order of the page.
pub(super) const WORST_FIRST: [Outcome; 9] = [
    Outcome::Failed,
    Outcome::StillPresent,
    Outcome::Unknown,
    Outcome::Conflict,
    Outcome::Pending,
    Outcome::Unverified,
    Outcome::GroupGone,
    Outcome::AlreadyAbsent,
    Outcome::Removed,
];

/// The first revocations of one outcome, as many as a table has room for.
#[derive(Default)]
struct Worst {
    rows: Vec<String>,
    room: Room,
}

/// Writes the counts and the list, from one walk over the revocations.
pub(super) async fn write(
    journal: &dyn Journal,
    run: &RunRecord,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let mut counts = Counts::default();
    let mut listed: [Worst; WORST_FIRST.len()] = Default::default();
    let mut revocations = Revocations::new(journal, run);
    while let Some(page) = revocations.next().await? {
        for record in &page {
            counts.add(record);
            let at = WORST_FIRST.iter().position(|outcome| *outcome == record.outcome);
            if let Some(worst) = at.and_then(|at| listed.get_mut(at)) {
                worst.add(run, record);
            }
        }
    }
    let shown = shown(&listed);
    let rest = counts.total() - shown.len() as u64;
    writeln!(out, "<h2>Revocations</h2>")?;
    if rest > 0 {
        counts.write(out)?;
    }
    write!(out, "{}", head(["outcome", "group", "peer", "rule", "reason", "request"]))?;
    shown.into_iter().try_for_each(|row| out.write_all(row.as_bytes()))?;
    writeln!(out, "</table>")?;
    write_rest(rest, &format!("unpair report {} --format csv", run.new.id), out)
}

/// The worst of all, as many as one table has room for.
fn shown(listed: &[Worst]) -> Vec<&String> {
    let mut room = Room::default();
    let worst_first = listed.iter().flat_map(|worst| &worst.rows);
    worst_first
        .take_while(|row| {
            let fits = room.is_left();
            room.take(row);
            fits
        })
        .collect()
}

impl Worst {
    fn add(&mut self, run: &RunRecord, record: &RevocationRecord) {
        if self.room.is_left() {
            let row = revocation_row(run, record);
            self.room.take(&row);
            self.rows.push(row);
        }
    }
}

fn revocation_row(run: &RunRecord, record: &RevocationRecord) -> String {
    let told = RevocationRow::new(record, locate(&run.sources, record.revocation.line));
    let cells = [
        html(told.outcome),
        over(told.group, &format!("{} {} {}", told.cloud, told.account, told.region)),
        over(told.peer_group, told.peer_account),
        over(rule_name(record), &rule_text(record)),
        html(told.reason.unwrap_or_default()),
        format!("<small>{}</small>", html(&told.request_ids.join(" "))),
    ];
    row("td", told.outcome, &cells)
}
