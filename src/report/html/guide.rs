//! What the words of the page mean, and how to prove that it tells what the journal holds.

use std::fmt::Write as _;

use super::markup::{code, html};
use super::tone::word;
use crate::journal::RunRecord;
use crate::model::{Outcome, PairOutcome};
use crate::report::Summary;
use crate::report::table::NOT_JUDGED;

/// The words that occur, what was not judged, and how the page is proven.
pub(super) fn guide(run: &RunRecord, summary: &Summary) -> String {
    let mut guide = "<dl>\n".to_owned();
    let pairs = PAIRS.iter().filter(|(outcome, _)| summary.pairs.of(*outcome) > 0);
    let pairs = pairs.map(|(outcome, meaning)| ("pair", outcome.as_str(), *meaning));
    let rules = RULES.iter().filter(|(outcome, _)| summary.rules.of(*outcome) > 0);
    let rules = rules.map(|(outcome, meaning)| ("rule", outcome.as_str(), *meaning));
    for (what, outcome, meaning) in pairs.chain(rules) {
        // Writing to a String cannot fail.
        let _ = writeln!(guide, "<dt>{what} is {}</dt><dd>{meaning}</dd>", word(outcome));
    }
    let _ = write!(guide, "</dl>\n<p>{}</p>\n", html(NOT_JUDGED));
    let _ = writeln!(
        guide,
        "<p>This page tells what the journal holds of run {}. {} compares the journal with its \
         history and prints its head, which must be the one above.</p>",
        code(run.new.id.as_str()),
        code("unpair runs --check")
    );
    guide
}

const PAIRS: [(PairOutcome, &str); 6] = [
    (PairOutcome::HalfSevered, "one side is clean, rules stand on the other"),
    (PairOutcome::Open, "rules stand on both sides, or on the only side that is ours"),
    (PairOutcome::Unknown, "a side could not be read or judged, or its group does not exist"),
    (PairOutcome::OursSevered, "our side is clean, the other is not ours to read"),
    (PairOutcome::Narrowed, "what the rows ask for is gone, other grants stand"),
    (PairOutcome::Severed, "no grant stands between the two groups; both sides were read back"),
];

const RULES: [(Outcome, &str); 9] = [
    (Outcome::Failed, "the cloud refused the call"),
    (Outcome::StillPresent, "a read after our call still shows it"),
    (Outcome::Unknown, "there is no proof either way"),
    (
        Outcome::Conflict,
        "it is gone, but an equal rule stands under another id, which was left alone",
    ),
    (Outcome::Pending, "nothing was sent yet"),
    (Outcome::Unverified, "the cloud accepted the call, and the group may not be read"),
    (Outcome::GroupGone, "its group does not exist any more"),
    (Outcome::AlreadyAbsent, "it was gone before any call of ours"),
    (Outcome::Removed, "a read after our call no longer shows it"),
];
