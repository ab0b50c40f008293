//! The rules that the run was to remove: what one walk over them finds, and the lists that show it.

use std::collections::BTreeSet;

use super::causes::Causes;
use super::lanes::Lanes;
use super::markup::{html, over};
use super::pairs::anchor;
use super::room::{Listed, Shown};
use super::table::Columns;
use super::tone::{Tone, marked};
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

const COLUMNS: Columns =
    Columns::new("rules", &["rule is", "group", "names", "rule", "row, request, time"]);

/// Where a rule may link to.
pub(super) struct Links<'a> {
    /// The causes.
    pub(super) causes: &'a Causes,
    /// The manifest lines of the pairs that the page lists.
    pub(super) pairs: BTreeSet<u32>,
}

/// The rules that a page lists.
#[derive(Default)]
pub(super) struct Rules {
    /// In the order of [`WORST_FIRST`].
    by_outcome: [Listed; WORST_FIRST.len()],
}

impl Rules {
    /// Walks over all of `run`, and counts them for their accounts. They link to these causes, and to
    /// the pairs of these manifest lines.
    pub(super) async fn load(
        journal: &dyn Journal,
        run: &RunRecord,
        links: &Links<'_>,
        lanes: &mut Lanes,
    ) -> Result<Self, ReportError> {
        let mut rules = Self::default();
        let mut revocations = Revocations::new(journal, run);
        while let Some(page) = revocations.next().await? {
            for record in &page {
                lanes.add_rule(record);
                let of_outcome = WORST_FIRST.iter().zip(&mut rules.by_outcome);
                for (_, listed) in of_outcome.filter(|(outcome, _)| **outcome == record.outcome) {
                    listed.add(record.revocation.line, || item(run, record, links));
                }
            }
        }
        Ok(rules)
    }

    /// Those that `is_settled` says, the worst first.
    pub(super) fn settled(&self, is_settled: bool) -> Shown {
        let kinds = WORST_FIRST.iter().zip(&self.by_outcome);
        let kinds = kinds.filter(|(outcome, _)| outcome.is_settled() == is_settled);
        Shown::of(kinds.map(|(_, listed)| listed))
    }
}

/// A table of rules; nothing if there are none.
pub(super) fn table(shown: &Shown, run: &RunRecord) -> String {
    COLUMNS.list(shown, Some(&format!("unpair report {} --format csv", run.new.id)))
}

fn item(run: &RunRecord, record: &RevocationRecord, links: &Links<'_>) -> String {
    let line = record.revocation.line;
    let told = RevocationRow::new(record, locate(&run.sources, line));
    let row = html(&told.row);
    let row = if links.pairs.contains(&line) {
        format!("<a href=\"#{}\">{row}</a>", anchor(line))
    } else {
        row
    };
    let request = html(&told.request_ids.join(" "));
    let when = told.settled.as_deref().or(told.first_sent.as_deref()).unwrap_or_default();
    let rule = over(rule_name(record), &rule_text(record));
    let reason = links.causes.link(record).or_else(|| told.reason.map(html));
    let reason = reason.map(|reason| format!("<br>{reason}")).unwrap_or_default();
    COLUMNS.item(&[
        marked(told.outcome, Tone::of_rule(record.outcome)),
        over(told.group, &format!("{} {} {}", told.cloud, told.account, told.region)),
        over(told.peer_group, told.peer_account),
        rule + &reason,
        format!("{row}<br><small>{request}<br>{}</small>", html(when)),
    ])
}
