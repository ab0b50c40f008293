//! The report of a run as one page that needs no other file, and runs no script.

mod counts;
pub(super) mod markup;
mod pairs;
mod revocations;
mod room;

use std::io::Write;

use crate::journal::{Journal, RunRecord, head};

use super::summary::exit_code;
use super::table::{NOT_JUDGED, facts, next_step};
use super::{ReportError, Summary};
use markup::html;

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

/// Writes the verdict, the pairs that are not severed and the revocations, worst first. A page
/// stays below some 5 MB: what it leaves out is counted, and the command that lists all is told.
pub(super) async fn write(
    journal: &dyn Journal,
    run: &RunRecord,
    summary: &Summary,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    write!(out, "{START}")?;
    let done = exit_code(&summary.pairs, &run.new) == 0;
    let class = if done { "good" } else { "bad" };
    writeln!(out, "<h1 class=\"{class}\">{}</h1>", html(&summary.verdict()))?;
    writeln!(out, "<p>{}</p>", html(&facts(run, summary).join(" · ")))?;
    pairs::write(journal, run, summary, out).await?;
    if summary.rules.planned > 0 {
        revocations::write(journal, run, out).await?;
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
