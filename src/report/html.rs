//! The report of a run as one page that needs no other file, and runs no script.

use std::io::Write;

use crate::journal::{Journal, RunRecord};
use crate::model::{PairOutcome, escape_control};

use super::commands::commands_for;
use super::head::head;
use super::pairs::{PairRow, PairRows, SideRow, WORST_FIRST};
use super::revocations::{RevocationRow, Revocations};
use super::table::{NOT_JUDGED, facts};
use super::text::locate;
use super::{ReportError, Summary};

const START: &str = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>unpair report</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em; }
table { border-collapse: collapse; width: 100%; margin: 1em 0; }
th, td { text-align: left; padding: .3em .8em .3em 0; border-bottom: 1px solid #ddd; vertical-align: top; }
.half_severed, .open, .failed, .still_present { color: #b00020; }
.unknown, .pending, .unverified, .conflict { color: #8a5a00; }
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
    writeln!(out, "<h1>{}</h1>", html(&summary.verdict()))?;
    writeln!(out, "<p>{}</p>", html(&facts(run, summary).join(" · ")))?;
    write_pairs(journal, run, out).await?;
    write_revocations(journal, run, out).await?;
    writeln!(out, "<p>{}</p>", html(NOT_JUDGED))?;
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
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    writeln!(out, "<h2>Pairs that are not severed</h2>\n<table>")?;
    write_row(out, "th", "", &["pair is", "side", "side", "row", "note"])?;
    let mut pairs = PairRows::open(journal, run).await?;
    for outcome in WORST_FIRST.into_iter().filter(|outcome| *outcome != PairOutcome::Severed) {
        while let Some(page) = pairs.next_of(outcome).await? {
            for row in &page {
                let [a, b] = row.sides().map(|side| side_text(row, side));
                let origin = locate(&run.sources, row.line);
                let word = outcome.as_str();
                write_row(out, "td", word, &[word, &a, &b, &origin, &row.note])?;
            }
        }
    }
    Ok(writeln!(out, "</table>")?)
}

/// The side as read; for one that is not ours, also what its owner must run.
fn side_text(row: &PairRow, side: &SideRow) -> String {
    let text = format!("{}: {}", side.group, side.text);
    match commands_for(row, side).join("; ") {
        none if none.is_empty() => text,
        commands => format!("{text}; for its owner to run: {commands}"),
    }
}

async fn write_revocations(
    journal: &dyn Journal,
    run: &RunRecord,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    writeln!(out, "<h2>Revocations</h2>\n<table>")?;
    let header =
        ["outcome", "cloud", "account", "region", "group", "peer", "rule", "reason", "requests"];
    write_row(out, "th", "", &header)?;
    let mut revocations = Revocations::new(journal, &run.new.id);
    while let Some(page) = revocations.next().await? {
        for record in &page {
            let row = RevocationRow::new(record, locate(&run.sources, record.revocation.line));
            let rule = super::revocations::rule_line(record);
            let peer = format!("{}/{}", row.peer_account, row.peer_group);
            let (reason, requests) = (row.reason.unwrap_or_default(), row.request_ids.join(" "));
            let place = [row.outcome, row.cloud, row.account, row.region, row.group];
            let rest = [&*peer, &*rule, reason, &*requests];
            write_row(out, "td", row.outcome, &[&place[..], &rest[..]].concat())?;
        }
    }
    Ok(writeln!(out, "</table>")?)
}

/// A row of a table; `class` is a word of ours.
fn write_row(
    out: &mut dyn Write,
    tag: &str,
    class: &str,
    cells: &[&str],
) -> Result<(), ReportError> {
    write!(out, "<tr class=\"{class}\">")?;
    for cell in cells {
        write!(out, "<{tag}>{}</{tag}>", html(cell))?;
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
