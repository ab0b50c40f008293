//! The report of a run as one page that needs no other file, and runs no script.

use std::io::Write;

use crate::journal::{Journal, RevocationRecord, RunRecord, head};
use crate::model::{PairOutcome, escape_control};

use super::commands::commands_for;
use super::pairs::{PairRow, PairRows, SideRow, WORST_FIRST};
use super::revocations::{RevocationRow, Revocations, rule_name, rule_text};
use super::summary::exit_code;
use super::table::{NOT_JUDGED, facts, next_step};
use super::text::locate;
use super::{ReportError, Summary};

const START: &str = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>unpair report</title>
<style>
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 80em; padding: 0 1em; }
h1 { font-size: 1.5em; }
h2 { font-size: 1.15em; margin-top: 2em; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4em 1em .4em 0; border-bottom: 1px solid #8884; vertical-align: top; }
th, small { color: #777; font-size: .85em; font-weight: normal; }
code, pre { font: .9em/1.45 ui-monospace, monospace; }
td code { white-space: nowrap; }
pre { background: #8882; padding: .6em .8em; white-space: pre-wrap; overflow-wrap: anywhere; }
.bad, .half_severed td:first-child, .open td:first-child, .failed td:first-child, .still_present td:first-child { color: #c5283d; font-weight: 600; }
.unknown td:first-child, .pending td:first-child, .unverified td:first-child, .conflict td:first-child { color: #a66a00; font-weight: 600; }
</style>
"#;

/// Writes the verdict, every pair that is not severed, and every revocation, streamed.
pub(super) async fn write(
    journal: &dyn Journal,
    run: &RunRecord,
    summary: &Summary,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    write!(out, "{START}")?;
    let done = exit_code(&summary.pairs, run.new.require_both) == 0;
    let class = if done { "good" } else { "bad" };
    writeln!(out, "<h1 class=\"{class}\">{}</h1>", html(&summary.verdict()))?;
    writeln!(out, "<p>{}</p>", html(&facts(run, summary).join(" · ")))?;
    write_pairs(journal, run, summary, out).await?;
    if summary.rules.planned > 0 {
        write_revocations(journal, run, out).await?;
    }
    writeln!(out, "<h2>How to read this</h2>\n<p>{}</p>", html(NOT_JUDGED))?;
    if let Some(next) = next_step(run, summary) {
        writeln!(out, "<p><code>{}</code></p>", html(&next))?;
    }
    if let Some(row) = head(journal, &run.new.id).await? {
        writeln!(out, "<p>Journal head: <code>{}</code></p>", html(&row.hash))?;
    }
    writeln!(out, "</html>")?;
    out.flush()?;
    Ok(())
}

async fn write_pairs(
    journal: &dyn Journal,
    run: &RunRecord,
    summary: &Summary,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    if summary.pairs.severed == summary.pairs.total {
        return Ok(());
    }
    writeln!(out, "<h2>Pairs that are not severed</h2>\n<table>")?;
    write_row(out, "th", "", &["pair is", "side", "side", "asked for by"].map(html))?;
    let mut pairs = PairRows::open(journal, run).await?;
    for outcome in WORST_FIRST.into_iter().filter(|outcome| *outcome != PairOutcome::Severed) {
        while let Some(page) = pairs.next_of(outcome).await? {
            for row in &page {
                write_pair(run, row, outcome.as_str(), out)?;
            }
        }
    }
    Ok(writeln!(out, "</table>")?)
}

/// Both sides of a pair; below them, what the owner of a side that is not ours must run.
fn write_pair(
    run: &RunRecord,
    row: &PairRow,
    outcome: &str,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let [a, b] = row.sides().map(|side| {
        let place = format!("{} {} {}", side.group.cloud, side.group.account, side.group.region);
        format!("{}<br>{}", over(side.group.group.as_str(), &place), html(&side.text))
    });
    let origin = over(&locate(&run.sources, row.line), &row.note);
    write_row(out, "td", outcome, &[html(outcome), a, b, origin])?;
    for side in row.sides() {
        write_commands(side, &commands_for(row, side), out)?;
    }
    Ok(())
}

fn write_commands(
    side: &SideRow,
    commands: &[String],
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    if commands.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<tr><td></td><td colspan=\"3\">for the owner of {} to run (removes rules with exactly \
         these values):",
        html(side.group.account.as_str())
    )?;
    for command in commands {
        writeln!(out, "<pre>{}</pre>", html(command))?;
    }
    writeln!(out, "</td></tr>")?;
    Ok(())
}

async fn write_revocations(
    journal: &dyn Journal,
    run: &RunRecord,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    writeln!(out, "<h2>Revocations</h2>\n<table>")?;
    let header = ["outcome", "group", "peer", "rule", "reason", "request"];
    write_row(out, "th", "", &header.map(html))?;
    let mut revocations = Revocations::new(journal, &run.new.id);
    while let Some(page) = revocations.next().await? {
        for record in &page {
            write_revocation(run, record, out)?;
        }
    }
    Ok(writeln!(out, "</table>")?)
}

fn write_revocation(
    run: &RunRecord,
    record: &RevocationRecord,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let row = RevocationRow::new(record, locate(&run.sources, record.revocation.line));
    let cells = [
        html(row.outcome),
        over(row.group, &format!("{} {} {}", row.cloud, row.account, row.region)),
        over(row.peer_group, row.peer_account),
        over(rule_name(record), &rule_text(record)),
        html(row.reason.unwrap_or_default()),
        format!("<small>{}</small>", html(&row.request_ids.join(" "))),
    ];
    write_row(out, "td", row.outcome, &cells)
}

/// An id that is never broken, over what it is of.
fn over(id: &str, of: &str) -> String {
    format!("<code>{}</code><br><small>{}</small>", html(id), html(of))
}

/// A row of a table of cells that are HTML; `class` is a word of ours.
fn write_row(
    out: &mut dyn Write,
    tag: &str,
    class: &str,
    cells: &[String],
) -> Result<(), ReportError> {
    write!(out, "<tr class=\"{class}\">")?;
    for cell in cells {
        write!(out, "<{tag}>{cell}</{tag}>")?;
    }
    Ok(writeln!(out, "</tr>")?)
}

/// `text` as HTML shows it word for word.
fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in escape_control(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
