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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LaneKey, Provider};

    fn tally(account: &str, code: &str, count: u64, throttled: u64) -> Tally {
        Tally {
            lane: LaneKey {
                cloud: Provider::Alibaba,
                account: account.into(),
                region: "cn-beijing".into(),
            },
            action: "RevokeSecurityGroup".to_owned(),
            code: code.to_owned(),
            count,
            retried: throttled,
            throttled,
            last_ms: 0,
        }
    }

    #[test]
    fn the_accounts_are_added_up_and_each_answer_has_a_row() {
        let throttled = "Throttling.User";
        let table = table(&[
            tally("111", "", 1_000, 0),
            tally("222", "", 200, 0),
            tally("222", throttled, 3, 3),
        ]);
        assert!(table.starts_with("<p>1,203 calls in all; 3 throttled, 3 sent again.</p>"));
        assert_eq!(table.matches("<tbody>").count(), 2, "{table}");
        for (answer, calls) in [("success", "1,200"), (throttled, "3")] {
            let row =
                format!("{answer}</td><td class=\"number\" data-label=\"calls\">{calls}</td>");
            assert!(table.contains(&row), "{row}: {table}");
        }
    }

    #[test]
    fn without_a_call_there_is_no_table() {
        assert_eq!(table(&[]), "");
    }
}
