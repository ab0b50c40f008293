//! How each account fared, region by region.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::limit::rest;
use super::markup::over;
use super::table::{Columns, number};
use crate::journal::{RevocationRecord, Tally};
use crate::model::{LaneKey, PairOutcome};
use crate::report::pairs::PairRow;

/// Accounts and regions that are listed.
const LISTED: usize = 200;

const COLUMNS: Columns = Columns::new(
    "lanes",
    &[
        "account",
        "#pairs",
        "#not severed",
        "#rules",
        "#settled",
        "#not settled",
        "#calls",
        "#throttled",
    ],
);

/// Counts of one account in one region.
#[derive(Default)]
struct Lane {
    pairs: u64,
    not_severed: u64,
    rules: u64,
    unsettled: u64,
    calls: u64,
    throttled: u64,
}

/// Counts by account and region.
#[derive(Default)]
pub(super) struct Lanes(BTreeMap<LaneKey, Lane>);

impl Lanes {
    /// Counts a pair for both of its ends, once where they are of one account.
    pub(super) fn add_pair(&mut self, pair: &PairRow) {
        let [a, b] = pair.sides().map(|side| side.group.lane());
        let ends = if a == b { vec![a] } else { vec![a, b] };
        for end in ends {
            let lane = self.0.entry(end).or_default();
            lane.pairs += 1;
            lane.not_severed += u64::from(pair.outcome != PairOutcome::Severed);
        }
    }

    /// Counts the order to remove a rule.
    pub(super) fn add_rule(&mut self, record: &RevocationRecord) {
        let lane = self.0.entry(record.group.lane()).or_default();
        lane.rules += 1;
        lane.unsettled += u64::from(!record.outcome.is_settled());
    }

    /// Adds the calls.
    pub(super) fn add_calls(&mut self, tallies: &[Tally]) {
        for tally in tallies {
            let lane = self.0.entry(tally.lane.clone()).or_default();
            // A damaged journal may hold any number.
            lane.calls = lane.calls.saturating_add(tally.count);
            lane.throttled = lane.throttled.saturating_add(tally.throttled);
        }
    }

    /// A table of them, the worst first.
    pub(super) fn table(&self) -> String {
        let mut lanes: Vec<_> = self.0.iter().collect();
        lanes.sort_by_key(|(_, lane)| Reverse((lane.unsettled, lane.not_severed)));
        let items: String = lanes.iter().take(LISTED).map(|(key, lane)| item(key, lane)).collect();
        let more = lanes.len().saturating_sub(LISTED) as u64;
        COLUMNS.table(&items) + &rest(more, None)
    }
}

fn item(key: &LaneKey, lane: &Lane) -> String {
    let numbers = [
        lane.pairs,
        lane.not_severed,
        lane.rules,
        lane.rules - lane.unsettled,
        lane.unsettled,
        lane.calls,
        lane.throttled,
    ];
    let place = over(key.account.as_str(), &format!("{} {}", key.cloud, key.region));
    let cells: Vec<String> = std::iter::once(place).chain(numbers.map(number)).collect();
    COLUMNS.item(&cells)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Provider;

    fn key(account: &str) -> LaneKey {
        LaneKey { cloud: Provider::Aws, account: account.into(), region: "us-east-1".into() }
    }

    #[test]
    fn the_account_with_most_to_do_comes_first_and_long_lists_end_with_a_count() {
        let mut lanes = Lanes::default();
        for n in 0..=LISTED {
            lanes.0.insert(key(&format!("{n:012}")), Lane { rules: 1, ..Lane::default() });
        }
        lanes.0.insert(key("999"), Lane { rules: 2, unsettled: 2, ..Lane::default() });
        let table = lanes.table();
        let first = table.split("<tbody>").nth(1).expect("a row");
        assert!(first.contains(">999</code>"), "{first}");
        assert_eq!(table.matches("<tbody>").count(), LISTED);
        assert!(table.ends_with("<p>…and 2 more</p>\n"));
    }
}
