//! Why pairs are not severed: each cause once, with what to do about it and what it keeps.

use super::limit::rest;
use super::markup::html;
use super::table::{Columns, number};
use crate::report::text::count;
use crate::report::{Cause, Summary};

/// Causes that are listed; those of fewer pairs are left out.
const LISTED: usize = 50;
/// Characters of a reason or of a remedy: a provider's texts may have any length.
const LENGTH: usize = 500;
/// Accounts and regions that are named of one cause.
const NAMED: usize = 3;

const COLUMNS: Columns =
    Columns::new("causes", &["cause", "reason", "what to do", "where", "#pairs", "#rules"]);

/// A table of them, that of the most pairs first; nothing if there are none.
pub(super) fn table(summary: &Summary) -> String {
    if summary.causes.is_empty() {
        return String::new();
    }
    let items: String = summary.causes.iter().take(LISTED).map(item).collect();
    COLUMNS.table(&items) + &rest(summary.causes.len().saturating_sub(LISTED) as u64, None)
}

/// A link to a cause that is listed.
pub(super) fn link(cause: &Cause) -> Option<String> {
    let Cause { cause, .. } = cause;
    (*cause <= LISTED).then(|| format!("<a href=\"#cause-{cause}\">cause {cause}</a>"))
}

fn item(cause: &Cause) -> String {
    let cells = [
        cause.cause.to_string(),
        html(&shortened(&cause.reason)),
        html(&shortened(&cause.remedy)),
        html(&places(cause)),
        number(cause.pairs),
        number(cause.rules),
    ];
    COLUMNS.anchored(&format!("cause-{}", cause.cause), &cells, "")
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn places(cause: &Cause) -> String {
    let named: Vec<String> = cause.lanes.iter().take(NAMED).map(ToString::to_string).collect();
    match cause.lanes_total.saturating_sub(NAMED) as u64 {
        0 => named.join(", "),
        more => format!("{} and {}", named.join(", "), count(more, "other place")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_ends_with_a_mark_and_between_characters() {
        assert_eq!(shortened("short"), "short");
        let long = shortened(&"é".repeat(2 * LENGTH));
        assert_eq!(long.chars().count(), LENGTH + 1);
        assert!(long.ends_with("é…"));
    }
}
