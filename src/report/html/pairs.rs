//! The pairs: what one walk over them finds, and the lists that show it.

use super::causes::link;
use super::lanes::Lanes;
use super::limit::{Listed, Shown};
use super::markup::{html, over};
use super::table::{Columns, number};
use super::tone::{Tone, marked};
use crate::journal::{JournalRead, RunRecord};
use crate::model::PairOutcome;
use crate::report::commands::commands_for;
use crate::report::pairs::{PairRow, PairRows, SideRow, WORST_FIRST};
use crate::report::text::{count, locate};
use crate::report::{ReportError, Summary};

const COLUMNS: Columns = Columns::new("pairs", &["pair is", "side", "other side", "row"]);
const DROPS: Columns = Columns::new("drops", &["group", "names", "#drop rules"]);

/// The pairs that a page lists.
#[derive(Default)]
pub(super) struct Pairs {
    /// In the order of [`WORST_FIRST`].
    by_outcome: [Listed; WORST_FIRST.len()],
    drops: Listed,
}

impl Pairs {
    /// Walks over all pairs of `run`, and counts them for their accounts.
    pub(super) async fn load(
        journal: &dyn JournalRead,
        run: &RunRecord,
        summary: &Summary,
        lanes: &mut Lanes,
    ) -> Result<Self, ReportError> {
        let mut pairs = Self::default();
        let mut rows = PairRows::open(journal, run).await?;
        while let Some(page) = rows.next().await? {
            for pair in &page {
                lanes.add_pair(pair);
                pairs.add(run, summary, pair);
            }
        }
        Ok(pairs)
    }

    fn add(&mut self, run: &RunRecord, summary: &Summary, pair: &PairRow) {
        let of_outcome = WORST_FIRST.iter().zip(&mut self.by_outcome);
        for (_, listed) in of_outcome.filter(|(outcome, _)| **outcome == pair.outcome) {
            listed.add(pair.line, || item(run, summary, pair));
        }
        for (side, other) in [(&pair.a, &pair.b), (&pair.b, &pair.a)] {
            if side.drops > 0 {
                self.drops.add(pair.line, || drop_item(side, other));
            }
        }
    }

    /// Those that are not severed, the worst first.
    pub(super) fn not_severed(&self) -> Shown {
        let kinds = WORST_FIRST.iter().zip(&self.by_outcome);
        let kinds = kinds.filter(|(outcome, _)| **outcome != PairOutcome::Severed);
        Shown::of(kinds.map(|(_, listed)| listed))
    }

    /// Those that are severed.
    pub(super) fn severed(&self) -> Shown {
        let kinds = WORST_FIRST.iter().zip(&self.by_outcome);
        let kinds = kinds.filter(|(outcome, _)| **outcome == PairOutcome::Severed);
        Shown::of(kinds.map(|(_, listed)| listed))
    }

    /// A table of drop rules that were left alone; nothing if there are none.
    pub(super) fn drops(&self, command: &str) -> String {
        DROPS.list(&Shown::of([&self.drops]), command)
    }
}

/// A table of pairs and the command that lists them all; nothing if there are none.
pub(super) fn table(shown: &Shown, command: &str) -> String {
    COLUMNS.list(shown, command)
}

/// Where links to the pair of a manifest line lead.
pub(super) fn anchor(line: u32) -> String {
    format!("pair-{line}")
}

/// The command that prints a line for every pair, severed ones included.
pub(super) fn every_pair(run: &RunRecord, summary: &Summary) -> String {
    format!("unpair report {} --rows pairs --format csv{}", run.new.id, summary.options)
}

/// The command that lists every pair that is not simply severed.
pub(super) fn findings(run: &RunRecord, summary: &Summary) -> String {
    format!("unpair report {} --format json{}", run.new.id, summary.options)
}

/// Both sides of a pair; below them, what the owner of a side that is not ours must run.
fn item(run: &RunRecord, summary: &Summary, pair: &PairRow) -> String {
    let id = anchor(pair.line);
    let origin = format!(
        "<a href=\"#{id}\">{}</a><br><small>{}</small>",
        html(&locate(&run.sources, pair.line)),
        html(&pair.note.to_string())
    );
    let [a, b] = pair.sides().map(|side| side_cell(summary, side));
    let state = marked(pair.outcome.as_str(), Tone::of_pair(pair.outcome));
    let below = pair.sides().map(|side| commands(side, &commands_for(pair, side)));
    COLUMNS.anchored(&id, &[state, a, b, origin], &below.concat())
}

/// A group and what is said of it; a cause that is told above is linked to.
fn side_cell(summary: &Summary, side: &SideRow) -> String {
    let mut text = match summary.cause_of(side).and_then(link) {
        Some(link) => format!("{}; {link}", html(&side.brief)),
        None => html(&side.text),
    };
    if side.drops > 0 {
        text = format!("{text}; {} kept", count(u64::from(side.drops), "drop rule"));
    }
    format!("{}<br>{text}", group(side))
}

fn group(side: &SideRow) -> String {
    let group = &side.group;
    over(group.group.as_str(), &format!("{} {} {}", group.cloud, group.account, group.region))
}

/// The commands for the owner of a side, folded.
fn commands(side: &SideRow, commands: &[String]) -> String {
    if commands.is_empty() {
        return String::new();
    }
    let listed = commands.iter().map(|command| format!("<pre>{}</pre>", html(command)));
    format!(
        "<details><summary>{} for the owner of {} to run</summary>\
         <p>Each removes rules with exactly these values.</p>{}</details>",
        count(commands.len() as u64, "command"),
        html(side.group.account.as_str()),
        listed.collect::<String>()
    )
}

fn drop_item(side: &SideRow, other: &SideRow) -> String {
    DROPS.item(&[group(side), group(other), number(u64::from(side.drops))])
}
