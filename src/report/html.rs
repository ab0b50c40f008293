//! The report of a run as one page that needs no other file: what an auditor asks, in this order.

mod bar;
mod calls;
mod causes;
mod cover;
mod guide;
mod history;
mod invocations;
mod lanes;
pub(super) mod markup;
mod page;
mod pairs;
mod policy;
mod room;
mod rules;
mod table;
#[cfg(test)]
mod tests;
mod timeline;
mod tone;
mod verdict;

use std::io::Write;

use crate::journal::{Journal, RunRecord};

use super::{ReportError, Summary};
use history::History;
use lanes::Lanes;
use page::{Section, write_page};
use pairs::Pairs;
use rules::{Links, Rules};

/// Writes the question and its answer, the causes, the accounts, the pairs and rules from the worst
/// on, and the calls over time. A page stays below some 5 MB: what it leaves out is counted, and the
/// command that lists all is told.
pub(super) async fn write(
    journal: &dyn Journal,
    run: &RunRecord,
    summary: &Summary,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let mut lanes = Lanes::default();
    let pairs = Pairs::load(journal, run, summary, &mut lanes).await?;
    let (not_severed, severed) = (pairs.not_severed(), pairs.severed());
    let anchors = not_severed.lines.iter().chain(&severed.lines).copied().collect();
    let links = Links { summary, pairs: anchors };
    let rules = Rules::load(journal, run, &links, &mut lanes).await?;
    let (unsettled, settled) = (rules.settled(false), rules.settled(true));
    let history = History::load(journal, &run.new.id).await?;
    let tallies = journal.tallies(&run.new.id).await?;
    lanes.add_calls(&tallies);
    let findings = pairs::findings(run, summary);
    let sections = [
        Section::open("causes", "Causes", None, causes::table(summary)),
        Section::open(
            "invocations",
            "Commands",
            Some(summary.provenance.invocations.len() as u64),
            invocations::table(&summary.provenance),
        ),
        Section::open("accounts", "Accounts", None, lanes.table()),
        Section::open(
            "pairs",
            "Pairs that are not severed",
            Some(not_severed.total),
            pairs::table(&not_severed, Some(&findings)),
        ),
        Section::open("timeline", "Timeline", None, timeline::timeline(&history)),
        Section::open("calls", "Calls", None, calls::table(&tallies)),
        Section::open(
            "rules",
            "Rules that are not settled",
            Some(unsettled.total),
            rules::table(&unsettled, run, summary),
        ),
        Section::folded(
            "settled",
            "Settled rules",
            settled.total,
            rules::table(&settled, run, summary),
        ),
        Section::folded("severed", "Severed pairs", severed.total, pairs::table(&severed, None)),
        Section::folded(
            "drops",
            "Drop rules left alone",
            summary.live.drops,
            pairs.drops(&findings),
        ),
        Section::open("guide", "How to read this", None, guide::guide(run, summary)),
    ];
    write_page(&cover::cover(run, summary, history.head.as_deref()), &sections, out)
}
