//! The calls by action and code.

use std::collections::BTreeMap;

use super::markup::html;
use super::table::{Columns, number};
use crate::journal::Tally;
use crate::report::summary::CallCounts;
use crate::report::text::{count, thousands};

const COLUMNS: Columns =
    Columns::new("calls", &["action", "answer", "#calls", "#throttled", "#sent again"]);

/// One line on all calls, then a table of them; nothing if none was made.
pub(super) fn table(tallies: &[Tally]) -> String {
    let all = CallCounts::of(tallies);
    if all.total == 0 {
        return String::new();
    }
    let mut by_code: BTreeMap<(&str, &str), [u64; 3]> = BTreeMap::new();
    for tally in tallies {
        let sums = by_code.entry((&tally.action, &tally.code)).or_default();
        for (sum, n) in sums.iter_mut().zip([tally.count, tally.throttled, tally.retried]) {
            // A damaged journal may hold any number.
            *sum = sum.saturating_add(n);
        }
    }
    let items: String = by_code.iter().map(|(key, sums)| item(*key, *sums)).collect();
    format!(
        "<p>{} in all; {} throttled, {} sent again.</p>\n{}",
        count(all.total, "call"),
        thousands(all.throttled),
        thousands(all.retried),
        COLUMNS.table(&items)
    )
}

fn item((action, code): (&str, &str), sums: [u64; 3]) -> String {
    let answer = if code.is_empty() { "success".to_owned() } else { html(code) };
    let [calls, throttled, again] = sums.map(number);
    COLUMNS.item(&[html(action), answer, calls, throttled, again])
}
