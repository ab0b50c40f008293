//! Why rules are not settled: each reason once, with how many rules it holds up and where.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::markup::html;
use super::rules::WORST_FIRST;
use super::table::{Columns, number};
use super::tone::{Tone, marked};
use crate::journal::{Journal, JournalError, RevocationRecord, RunRecord};
use crate::model::{LaneKey, Outcome};
use crate::report::revocations::Revocations;
use crate::report::text::count;

/// Different reasons that are told apart; a provider's texts may name what they are about.
const REASONS: usize = 100;
/// Characters of a reason that tell it from others.
const LENGTH: usize = 200;
/// Accounts and regions that are named of one reason.
const NAMED: usize = 3;
/// What stands for reasons beyond [`REASONS`].
const OTHERS: &str = "other reasons";

const COLUMNS: Columns =
    Columns::new("causes", &["cause", "rules are", "reason", "where", "#rules"]);

/// The place of an outcome in [`WORST_FIRST`], and what is said of it.
type Key = (usize, String);

/// What one reason holds up.
#[derive(Default)]
struct Cause {
    rules: u64,
    lanes: BTreeSet<LaneKey>,
}

/// Reasons with what they hold up, the worst first.
pub(super) struct Causes(Vec<(Key, Cause)>);

impl Causes {
    /// Walks over the rules of `run`, unless all of them are settled.
    pub(super) async fn load(journal: &dyn Journal, run: &RunRecord) -> Result<Self, JournalError> {
        let mut causes: BTreeMap<Key, Cause> = BTreeMap::new();
        let unsettled = WORST_FIRST.into_iter().filter(|outcome| !outcome.is_settled());
        if unsettled.map(|outcome| run.rules.of(outcome)).sum::<u64>() > 0 {
            let mut revocations = Revocations::new(journal, run);
            while let Some(page) = revocations.next().await? {
                let unsettled = page.iter().filter(|record| !record.outcome.is_settled());
                unsettled.for_each(|record| add(&mut causes, record));
            }
        }
        let mut causes: Vec<_> = causes.into_iter().collect();
        causes.sort_by_key(|((place, _), cause)| (*place, Reverse(cause.rules)));
        Ok(Self(causes))
    }

    /// A link to the cause of a rule, if it is told.
    pub(super) fn link(&self, record: &RevocationRecord) -> Option<String> {
        let key = key(record);
        let at = self.0.iter().position(|(told, _)| *told == key)? + 1;
        Some(format!("<a href=\"#cause-{at}\">cause {at}</a>"))
    }

    /// A table of them; nothing if there are none.
    pub(super) fn table(&self) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let items = (1..)
            .zip(&self.0)
            .map(|(at, ((place, reason), cause))| item(at, WORST_FIRST[*place], reason, cause));
        COLUMNS.table(&items.collect::<String>())
    }
}

fn key(record: &RevocationRecord) -> Key {
    let place = WORST_FIRST.iter().position(|outcome| *outcome == record.outcome);
    let reason = record.reason.as_deref().unwrap_or("no reason is known");
    (place.unwrap_or_default(), reason.chars().take(LENGTH).collect())
}

fn add(causes: &mut BTreeMap<Key, Cause>, record: &RevocationRecord) {
    let mut key = key(record);
    if causes.len() >= REASONS && !causes.contains_key(&key) {
        OTHERS.clone_into(&mut key.1);
    }
    let cause = causes.entry(key).or_default();
    cause.rules += 1;
    cause.lanes.insert(record.group.lane());
}

fn item(at: usize, outcome: Outcome, reason: &str, cause: &Cause) -> String {
    let lanes: Vec<String> = cause.lanes.iter().take(NAMED).map(LaneKey::to_string).collect();
    let place = match cause.lanes.len().saturating_sub(NAMED) as u64 {
        0 => lanes.join(", "),
        more => format!("{} and {}", lanes.join(", "), count(more, "other place")),
    };
    let cells = [
        at.to_string(),
        marked(outcome.as_str(), Tone::of_rule(outcome)),
        html(reason),
        html(&place),
        number(cause.rules),
    ];
    COLUMNS.anchored(&format!("cause-{at}"), &cells, "")
}
