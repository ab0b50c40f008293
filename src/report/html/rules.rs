//! The rules that the run was to remove: what one walk over them finds, and the lists that show it.

use std::collections::BTreeSet;

use super::causes::link;
use super::lanes::Lanes;
use super::limit::{Listed, Shown};
use super::markup::{html, over};
use super::pairs::anchor;
use super::table::Columns;
use super::tone::{Tone, marked};
use crate::journal::{JournalRead, RevocationRecord, RunRecord};
use crate::model::Outcome;
use crate::report::causes::cause_of_rule;
use crate::report::revocations::{RevocationRow, Revocations, rule_name, rule_text};
use crate::report::text::locate;
use crate::report::{ReportError, Summary};

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
    pub(super) summary: &'a Summary,
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
        journal: &dyn JournalRead,
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
pub(super) fn table(shown: &Shown, run: &RunRecord, summary: &Summary) -> String {
    let command = format!("unpair report {} --format csv{}", run.new.id, summary.options);
    COLUMNS.list(shown, &command)
}

/// The cells of a rule; of a cause that is told above, the link stands in place of the reason.
fn item(run: &RunRecord, record: &RevocationRecord, links: &Links<'_>) -> String {
    let told = RevocationRow::new(record, locate(&run.sources, record.revocation.line));
    let cause = cause_of_rule(record).and_then(|case| links.summary.cause_like(&case));
    let mut state = marked(told.outcome, Tone::of_rule(record.outcome));
    let mut rule = over(rule_name(record), &rule_text(record));
    match (cause.and_then(link), told.reason) {
        (Some(link), _) => state = format!("{state}<br>{link}"),
        (None, Some(reason)) => rule = format!("{rule}<br>{}", html(reason)),
        (None, None) => {}
    }
    COLUMNS.item(&[
        state,
        over(told.group, &format!("{} {} {}", told.cloud, told.account, told.region)),
        over(told.peer_group, told.peer_account),
        rule,
        origin(&told, record.revocation.line, links),
    ])
}

/// The manifest row, linked to its pair if the page lists it; the request, and when it was settled.
fn origin(told: &RevocationRow<'_>, line: u32, links: &Links<'_>) -> String {
    let mut row = html(&told.row);
    if links.pairs.contains(&line) {
        row = format!("<a href=\"#{}\">{row}</a>", anchor(line));
    }
    let when = told.settled.as_deref().or(told.first_sent.as_deref()).unwrap_or_default();
    let request = html(&told.request_ids.join(" "));
    let known: Vec<String> =
        [request, html(when)].into_iter().filter(|it| !it.is_empty()).collect();
    format!("{row}<br><small>{}</small>", known.join("<br>"))
}
