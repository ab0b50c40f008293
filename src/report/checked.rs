//! Manifests that were checked without the clouds.

use std::io::Write;

use serde::Serialize;

use crate::model::{AccountId, Provider, RegionId, escape_control, quote};

use super::PlainJson;
use super::format::{Detail, Tone};
use super::text::{count, grid, wrap, wrap_parts};
use super::{Format, ReportError, Style};

/// Repeated rows that a table names.
const MOST_REPEATED: usize = 20;

/// What manifests come to; the names of the fields are the keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Distinct pairs of groups.
    pub pairs: u64,
    /// Distinct rows: several may narrow the same pair.
    pub rows: u64,
    /// Distinct groups.
    pub groups: u64,
    /// Rows that `--keep-going` leaves out.
    pub left_out: u64,
    /// Rows that repeat or mirror another.
    pub repeated: Vec<Repeated>,
    /// Every account that is named.
    pub accounts: Vec<CheckedAccount>,
    /// Guards that are set and can only be judged when the rules are read.
    pub judged_later: Vec<&'static str>,
    /// The manifests, as they were named.
    pub manifests: Vec<String>,
    /// Options that the next command needs, too.
    #[serde(skip)]
    pub options: String,
}

/// A row that repeats or mirrors another: `FILE:LINE` of both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Repeated {
    /// The row.
    pub row: String,
    /// The one that stands for both.
    pub same_as: String,
}

/// An account that manifests name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckedAccount {
    /// The cloud.
    pub cloud: Provider,
    /// The account, by its id where that is known.
    pub account: AccountId,
    /// How it would be called.
    pub credentials: String,
    /// Its regions.
    pub regions: Vec<RegionId>,
    /// Its groups.
    pub groups: u64,
}

/// The object of `check`.
#[derive(Serialize)]
struct Object<'a> {
    schema: u8,
    command: &'static str,
    #[serde(flatten)]
    checked: &'a Checked,
}

/// Writes what manifests come to.
pub fn write_checked(
    checked: &Checked,
    format: Format,
    style: Style,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    if format == Format::Json {
        let object = Object { schema: 1, command: "check", checked };
        serde_json::to_writer_pretty(PlainJson(&mut *out), &object)?;
        writeln!(out)?;
    } else {
        write_table(checked, style, out)?;
    }
    out.flush()?;
    Ok(())
}

fn write_table(checked: &Checked, style: Style, out: &mut dyn Write) -> Result<(), ReportError> {
    let pairs = count(checked.pairs, "pair");
    let mut verdict = vec![format!("{pairs} between {}", count(checked.groups, "group"))];
    let left_out = [(checked.repeated.len() as u64, "repeated row"), (checked.left_out, "bad row")];
    let left_out = left_out.into_iter().filter(|(rows, _)| *rows > 0);
    verdict.extend(left_out.map(|(rows, noun)| format!("{} left out", count(rows, noun))));
    let tone = if checked.left_out == 0 { Tone::Good } else { Tone::Bad };
    writeln!(out, "{}", style.paint(tone, &wrap_parts(&verdict, style.width)))?;
    if style.detail == Detail::Full {
        write_accounts(checked, style, out)?;
        write_repeated(checked, style, out)?;
    }
    writeln!(out, "\n{}", wrap(&guards(checked), style.width, 0, 2))?;
    let manifests: Vec<_> = checked.manifests.iter().map(|name| quote(name)).collect();
    let next = format!("Next: unpair plan {}{}", manifests.join(" "), checked.options);
    Ok(writeln!(out, "\n{}", style.paint(Tone::Strong, &next))?)
}

fn write_accounts(checked: &Checked, style: Style, out: &mut dyn Write) -> Result<(), ReportError> {
    let rows = checked.accounts.iter().map(|account| {
        let regions: Vec<&str> = account.regions.iter().map(RegionId::as_str).collect();
        vec![
            account.cloud.to_string(),
            account.account.to_string(),
            account.groups.to_string(),
            regions.join(" "),
            account.credentials.clone(),
        ]
    });
    let header = ["CLOUD", "ACCOUNT", "GROUPS", "REGIONS", "CREDENTIALS"];
    Ok(write!(out, "\n{}", grid(&header, &[2], &rows.collect::<Vec<_>>(), style.width))?)
}

fn write_repeated(checked: &Checked, style: Style, out: &mut dyn Write) -> Result<(), ReportError> {
    if checked.repeated.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nRepeated:")?;
    for Repeated { row, same_as } in checked.repeated.iter().take(MOST_REPEATED) {
        let line = escape_control(&format!("{row} is the same pair as {same_as}")).into_owned();
        writeln!(out, "{}", wrap(&line, style.width, 2, 4))?;
    }
    let more = checked.repeated.len().saturating_sub(MOST_REPEATED);
    if more > 0 {
        writeln!(out, "  …and {more} more: --format json lists them")?;
    }
    Ok(())
}

fn guards(checked: &Checked) -> String {
    let good = "No group is protected, and every account may be called.";
    match checked.judged_later.as_slice() {
        [] => good.to_owned(),
        later => format!("{good} `unpair plan` judges {}.", later.join(", ")),
    }
}
