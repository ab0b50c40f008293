//! Which writer makes which format of a run.

use std::io::Write;

use crate::journal::{JournalRead, RunRecord};

use super::plan::PlanView;
use super::{Format, ReportError, Style, Summary, csv, html, json, plan, table};

/// Writes what happened in `run`: `unpair report`, and the end of `revoke`, `resume`, `verify`.
///
/// `out` gets many small writes: give it a buffered writer. JSON is one object: the keys of `summary`, then `findings`, `revocations` and `head`.
pub async fn write_report(
    journal: &dyn JournalRead,
    run: &RunRecord,
    summary: &Summary,
    format: Format,
    style: Style,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    match format {
        Format::Table => table::write(journal, run, summary, style, out).await,
        Format::Json => json::write(journal, run, summary, out).await,
        Format::Csv => csv::write(journal, run, out).await,
        Format::Html => html::write(journal, run, summary, out).await,
    }
}

/// Writes what a run would do: `unpair audit` and `unpair plan`. Only the table differs from
/// [`write_report`]: group by group, every rule to be revoked.
pub async fn write_plan(
    journal: &dyn JournalRead,
    view: PlanView<'_>,
    format: Format,
    style: Style,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    match format {
        Format::Table => plan::write(journal, view, style, out).await,
        Format::Json | Format::Csv | Format::Html => {
            write_report(journal, view.run, view.summary, format, style, out).await
        }
    }
}
