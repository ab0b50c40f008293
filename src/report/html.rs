//! The report of a run as one page that needs no other file: what an auditor asks, in this order.

mod bar;
mod calls;
mod causes;
mod cover;
mod guide;
mod history;
mod invocations;
mod lanes;
mod limit;
pub(super) mod markup;
mod page;
mod pairs;
mod policy;
mod rules;
mod table;
#[cfg(test)]
mod tests;
mod timeline;
mod tone;
mod verdict;

use std::io::Write;

use crate::journal::{JournalRead, RunRecord, Tally};

use super::{ReportError, Summary};
use history::History;
use lanes::Lanes;
use limit::Shown;
use page::{Section, write_page};
use pairs::Pairs;
use rules::{Links, Rules};

/// Writes the question and its answer, the causes, the accounts, the pairs and rules from the worst
/// on, and the calls over time. A page stays below some 5 MB: what it leaves out is counted, and the
/// command that lists all is told.
pub(super) async fn write(
    journal: &dyn JournalRead,
    run: &RunRecord,
    summary: &Summary,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let found = Found::load(journal, run, summary).await?;
    let cover = cover::cover(run, summary, found.history.head.as_deref());
    write_page(&cover, &found.sections(run, summary), out)
}

/// What the walks over the journal found.
struct Found {
    lanes: Lanes,
    not_severed: Shown,
    severed: Shown,
    drops: String,
    unsettled: Shown,
    settled: Shown,
    history: History,
    tallies: Vec<Tally>,
}

impl Found {
    async fn load(
        journal: &dyn JournalRead,
        run: &RunRecord,
        summary: &Summary,
    ) -> Result<Self, ReportError> {
        let mut lanes = Lanes::default();
        let pairs = Pairs::load(journal, run, summary, &mut lanes).await?;
        let (not_severed, severed) = (pairs.not_severed(), pairs.severed());
        let anchors = not_severed.lines.iter().chain(&severed.lines).copied().collect();
        let rules =
            Rules::load(journal, run, &Links { summary, pairs: anchors }, &mut lanes).await?;
        let tallies = journal.tallies(&run.new.id).await?;
        lanes.add_calls(&tallies);
        Ok(Self {
            lanes,
            not_severed,
            severed,
            drops: pairs.drops(&pairs::findings(run, summary)),
            unsettled: rules.settled(false),
            settled: rules.settled(true),
            history: History::load(journal, &run.new.id).await?,
            tallies,
        })
    }

    /// The sections in the order of the page.
    fn sections(&self, run: &RunRecord, summary: &Summary) -> [Section; 11] {
        let Self { not_severed, severed, unsettled, settled, .. } = self;
        let commands = &summary.provenance;
        let findings = pairs::findings(run, summary);
        let rules = |shown: &Shown| rules::table(shown, run, summary);
        let pairs = pairs::table(not_severed, &findings);
        let every_pair = pairs::every_pair(run, summary);
        let severed_pairs = pairs::table(severed, &every_pair);
        let drops = self.drops.clone();
        [
            Section::open("causes", "Causes", causes::table(summary)),
            Section::open("invocations", "Commands", invocations::table(commands)),
            Section::open("accounts", "Accounts", self.lanes.table()),
            Section::open("pairs", "Pairs that are not severed", pairs).of(not_severed.total),
            Section::open("timeline", "Timeline", timeline::timeline(&self.history)),
            Section::open("calls", "Calls", calls::table(&self.tallies)),
            Section::open("rules", "Rules that are not settled", rules(unsettled))
                .of(unsettled.total),
            Section::folded("settled", "Settled rules", rules(settled)).of(settled.total),
            Section::folded("severed", "Severed pairs", severed_pairs).of(severed.total),
            Section::folded("drops", "Drop rules left alone", drops).of(summary.live.drops),
            Section::open("guide", "How to read this", guide::guide(run, summary)),
        ]
    }
}
