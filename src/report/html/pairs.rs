//! The pairs that are not severed, worst first.

use std::io::Write;

use super::markup::{head, html, over, row};
use super::room::{Room, write_rest};
use crate::journal::{Journal, RunRecord};
use crate::model::PairOutcome;
use crate::report::commands::commands_for;
use crate::report::pairs::{PairRow, PairRows, SideRow, WORST_FIRST};
use crate::report::text::locate;
use crate::report::{ReportError, Summary};

/// Writes as many as there is room for.
pub(super) async fn write(
    journal: &dyn Journal,
    run: &RunRecord,
    summary: &Summary,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let mut rest = summary.pairs.total - summary.pairs.severed;
    if rest == 0 {
        return Ok(());
    }
    writeln!(out, "<h2>Pairs that are not severed</h2>")?;
    write!(out, "{}", head(["pair is", "side", "side", "asked for by"]))?;
    let mut room = Room::default();
    let mut pairs = PairRows::open(journal, run).await?;
    for outcome in WORST_FIRST.into_iter().filter(|outcome| *outcome != PairOutcome::Severed) {
        pairs.begin_anew();
        while room.is_left()
            && let Some(page) = pairs.next_of(outcome).await?
        {
            for pair in &page {
                if room.is_left() {
                    let shown = pair_rows(run, pair, outcome.as_str());
                    room.take(&shown);
                    out.write_all(shown.as_bytes())?;
                    rest -= 1;
                }
            }
        }
    }
    writeln!(out, "</table>")?;
    write_rest(rest, &format!("unpair report {} --format json", run.new.id), out)
}

/// Both sides of a pair; below them, what the owner of a side that is not ours must run.
fn pair_rows(run: &RunRecord, pair: &PairRow, outcome: &str) -> String {
    let [a, b] = pair.sides().map(|side| {
        let place = format!("{} {} {}", side.group.cloud, side.group.account, side.group.region);
        format!("{}<br>{}", over(side.group.group.as_str(), &place), html(&side.text))
    });
    let origin = over(&locate(&run.sources, pair.line), &pair.note);
    let mut rows = row("td", outcome, &[html(outcome), a, b, origin]);
    for side in pair.sides() {
        rows.push_str(&command_rows(side, &commands_for(pair, side)));
    }
    rows
}

fn command_rows(side: &SideRow, commands: &[String]) -> String {
    if commands.is_empty() {
        return String::new();
    }
    let commands: Vec<String> =
        commands.iter().map(|command| format!("<pre>{}</pre>\n", html(command))).collect();
    let commands = commands.concat();
    format!(
        "<tr><td></td><td colspan=\"3\">for the owner of {} to run (removes rules with exactly \
         these values):\n{commands}</td></tr>\n",
        html(side.group.account.as_str())
    )
}
