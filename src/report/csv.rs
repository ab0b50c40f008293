//! The revocations of a run as CSV (RFC 4180, with `\n` line ends), one line each.

use std::borrow::Cow;
use std::io::Write;

use crate::journal::{JournalRead, RunRecord};
use crate::model::{TextColumn, escape_control};

use super::ReportError;
use super::revocations::{RevocationRow, Revocations};
use super::text::locate;

/// Columns, in order, but for those of free text; the names are those of the JSON report.
const COLUMNS: [&str; 30] = [
    "revocation",
    "pair",
    "row",
    "side",
    "cloud",
    "account",
    "region",
    "group",
    "peer_account",
    "peer_group",
    "direction",
    "rule_id",
    "ip_protocol",
    "port_range",
    "source_port_range",
    "nic_type",
    "policy",
    "priority",
    "description",
    "fields",
    "outcome",
    "reply_lost",
    "reason",
    "call",
    "attempts",
    "request_ids",
    "client_tokens",
    "first_sent",
    "settled",
    "run",
];

/// Where the columns of free text stand: after the pair.
const TEXTS_AT: usize = 2;

/// Writes every revocation of `run`. Cells that a spreadsheet would compute are made text.
pub(super) async fn write(
    journal: &dyn JournalRead,
    run: &RunRecord,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(with_texts(COLUMNS, TEXTS_AT, TextColumn::ALL.map(TextColumn::name)))?;
    let mut revocations = Revocations::new(journal, run);
    while let Some(page) = revocations.next().await? {
        for record in &page {
            let row = RevocationRow::new(record, locate(&run.sources, record.revocation.line));
            let texts = record.note.cells().map(|(_, text)| text.to_owned());
            for cell in with_texts(cells(&row)?, TEXTS_AT, texts) {
                csv.write_field(csv_safe(&cell).as_bytes())?;
            }
            csv.write_field(run.new.id.as_str())?;
            csv.write_record(None::<&[u8]>)?;
        }
    }
    csv.flush()?;
    Ok(())
}

fn cells(row: &RevocationRow<'_>) -> Result<[String; COLUMNS.len() - 1], ReportError> {
    Ok([
        row.revocation.to_string(),
        row.pair.clone(),
        row.row.clone(),
        row.side.to_string(),
        row.cloud.to_owned(),
        row.account.to_owned(),
        row.region.to_owned(),
        row.group.to_owned(),
        row.peer_account.to_owned(),
        row.peer_group.to_owned(),
        row.direction.to_owned(),
        row.rule_id.to_owned(),
        row.ip_protocol.to_owned(),
        row.port_range.clone(),
        optional(row.source_port_range.as_ref()),
        optional(row.nic_type.as_ref()),
        row.policy.to_owned(),
        optional(row.priority.as_ref()),
        row.description.to_owned(),
        serde_json::to_string(row.fields)?,
        row.outcome.to_owned(),
        row.reply_lost.to_string(),
        optional(row.reason.as_ref()),
        optional(row.call.as_ref()),
        row.attempts.to_string(),
        row.request_ids.join(" "),
        row.client_tokens.join(" "),
        optional(row.first_sent.as_ref()),
        optional(row.settled.as_ref()),
    ])
}

/// A record with the cells of a row's free text from `at` on.
pub(super) fn with_texts<T>(
    cells: impl IntoIterator<Item = T>,
    at: usize,
    texts: impl IntoIterator<Item = T>,
) -> Vec<T> {
    let mut record: Vec<T> = cells.into_iter().collect();
    record.splice(at..at, texts);
    record
}

pub(super) fn optional<T: ToString>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

/// `cell` as a spreadsheet shows it without computing it: a leading `'` before `=`, `+`, `-`,
/// `@`, a tab or a carriage return, also behind spaces and byte order marks. Plain numbers and
/// port ranges such as `-1` and `-1/-1` stay. Control characters are spelled out: the file may
/// be shown on a terminal.
pub(super) fn csv_safe(cell: &str) -> Cow<'_, str> {
    match no_formula(cell) {
        Cow::Borrowed(cell) => escape_control(cell),
        Cow::Owned(cell) => Cow::Owned(escape_control(&cell).into_owned()),
    }
}

fn no_formula(cell: &str) -> Cow<'_, str> {
    let seen = cell.trim_start_matches([' ', '\u{FEFF}', '\0', '\n']);
    let formula = seen.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    if formula && !is_number(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// `-1`, `22` or `-1/-1`.
fn is_number(cell: &str) -> bool {
    cell.split('/').count() <= 2
        && cell.split('/').all(|part| {
            let digits = part.strip_prefix('-').unwrap_or(part);
            !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text_and_numbers_stay() {
        for formula in [
            "=HYPERLINK(\"x\")",
            "+1",
            "-2+3",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            " =1",
            "\u{FEFF}=1",
            "-",
            "-1/-1/-1",
            "＝1",
        ] {
            assert_eq!(csv_safe(formula), format!("'{}", escape_control(formula)));
        }
        for plain in ["-1", "-1/-1", "22/22", "", "a=b", "2026-11-20", "sg-1", " a"] {
            assert_eq!(csv_safe(plain), plain);
        }
    }
}
