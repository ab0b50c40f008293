//! The journal against its own histories, table by table and row by row.

use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::Value;

use super::expect::{self, LaneRows};
use super::lane::LaneFold;
use super::orders::Orders;
use super::run::RunFold;
use super::{Check, CheckReport, Followed, PAGE};
use crate::journal::cells::Cell;
use crate::journal::ledger::{FrameDigest, findings_digest, snapshot_digest};
use crate::journal::table::Table;
use crate::journal::{JournalError, Lane};
use crate::model::unhex;

/// Every key there can be.
const ALL: Range<i64> = i64::MIN..i64::MAX;
/// Snapshots that are asked for at a time: each may have a thousand rules.
const SNAPSHOTS: i64 = 64;

/// The lanes of a run. Every key of a table belongs to one of them, so that no row is passed over.
pub(super) struct Lanes(Vec<Lane>);

impl Lanes {
    pub(super) const fn of(lanes: Vec<Lane>) -> Self {
        Self(lanes)
    }

    /// Each lane with its numbers of calls and revocations, and with those of its groups.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Lane, Range<i64>, Range<i64>)> {
        let ends = self.0.iter().skip(1).map(Some).chain([None]);
        self.0.iter().zip(ends).enumerate().map(|(at, (lane, next))| {
            let from = |start: i64| if at == 0 { ALL.start } else { start };
            let ids = from(first_id(lane))..next.map_or(ALL.end, first_id);
            let first = |lane: &Lane| i64::from(lane.first.0);
            (lane, ids, from(first(lane))..next.map_or(ALL.end, first))
        })
    }
}

fn first_id(lane: &Lane) -> i64 {
    i64::from(lane.ix) << 32
}

/// These keys in pages, of which those from `first` to before `end` are expected.
fn pages(keys: Range<i64>, first: i64, end: i64, size: i64) -> impl Iterator<Item = Range<i64>> {
    let mut from = keys.start;
    std::iter::from_fn(move || {
        let next = from.max(first).saturating_add(size);
        let page = from..if next < end { next } else { keys.end };
        from = page.end;
        (!page.is_empty()).then_some(page)
    })
}

/// What the run began with: sources, notes, duplicates, filters, groups, lanes, peers.
pub(super) async fn frame(
    check: &Check<'_>,
    of_run: &RunFold,
    report: &mut CheckReport,
) -> Result<(), JournalError> {
    let mut digest = FrameDigest::new();
    let groups = of_run.head.get("groups").and_then(Value::as_i64).unwrap_or_default();
    for table in Table::FRAME {
        digest.table(table);
        for page in pages(ALL, 0, groups, PAGE.into()) {
            for row in check.journal.rows(check.run, table, page).await? {
                digest.row(&spelled(table, &row));
            }
        }
    }
    if of_run.head.get("frame") != Some(&Value::from(digest.finish())) {
        let names = Table::FRAME.map(Table::as_str).join(", ");
        report.find(format!("not what the run began with: one of {names}"));
    }
    Ok(())
}

/// A row of the frame as its digest covers it; what no run begins with comes out as an empty one.
fn spelled(table: Table, row: &Value) -> Vec<u8> {
    let mut spelled = Vec::new();
    let mut columns = row.as_array().map_or(&[][..], Vec::as_slice).iter().peekable();
    while let Some(column) = columns.next() {
        let is_packed = columns.peek().is_none() && table.has_bytes();
        let bytes = column.as_str().filter(|_| is_packed).map(unhex);
        let cell = match (column, &bytes) {
            (_, Some(bytes)) => bytes.as_deref().map(Cell::from),
            (Value::String(text), None) => Some(text.as_str().into()),
            (number, None) => number.as_i64().map(Cell::Number),
        };
        match cell {
            Some(cell) => cell.write(&mut spelled),
            None => return Vec::new(),
        }
    }
    spelled
}

/// The histories: there are none but that of the run and those of its lanes.
pub(super) async fn histories(
    check: &Check<'_>,
    lanes: &Lanes,
    report: &mut CheckReport,
) -> Result<(), JournalError> {
    let end = lanes.0.last().map_or(0, |lane| i64::from(lane.ix) + 1);
    for keys in [ALL.start..-1, end..ALL.end] {
        for row in check.journal.rows(check.run, Table::History, keys).await? {
            report.find(format!("history of lane {}: there is no such lane", row[0]));
        }
    }
    Ok(())
}

/// The run's head, and who worked on it.
pub(super) async fn run(
    check: &Check<'_>,
    of_run: &RunFold,
    chain: &Followed,
    report: &mut CheckReport,
) -> Result<(), JournalError> {
    for (table, expected) in [
        (Table::Run, vec![expect::head(of_run, check.run.as_str(), chain)?]),
        (Table::Invocation, expect::invocations(of_run)),
    ] {
        let rows = check.journal.rows(check.run, table, ALL).await?;
        differ(table, &expected, &rows, report);
    }
    Ok(())
}

/// Every table whose rows follow from the history of a lane.
pub(super) async fn lane(
    check: &Check<'_>,
    fold: &LaneFold,
    chain: &Followed,
    (lane, ids, groups): (&Lane, Range<i64>, Range<i64>),
    report: &mut CheckReport,
) -> Result<(), JournalError> {
    let ix = i64::from(lane.ix);
    let expected = LaneRows::new(fold, lane, chain);
    let first_group = i64::from(lane.first.0);
    let end_group = first_group + i64::from(lane.groups);
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    for table in Table::OF_LANE {
        let (keys, first, end) = match table {
            Table::LaneHead => (ix..ix + 1, ix, ix + 1),
            Table::Tally if ix == 0 => (ALL.start..1, ix, ix + 1),
            Table::Tally if ids.end == ALL.end => (ix..ALL.end, ix, ix + 1),
            Table::Tally => (ix..ix + 1, ix, ix + 1),
            Table::Call | Table::Attempt => {
                (ids.clone(), first_id(lane), number(fold.head.next_call.0))
            }
            Table::Member => (ids.clone(), first_id(lane), number(fold.head.next_revocation.0)),
            _ => (groups.clone(), first_group, end_group),
        };
        let size = if table == Table::Snapshot { SNAPSHOTS } else { PAGE.into() };
        for page in pages(keys, first, end, size) {
            let rows = check.journal.rows(check.run, table, page.clone()).await?;
            let rows: Vec<Value> = rows.into_iter().map(|row| hashed(table, row)).collect();
            differ(table, &expected.of(table, &page, &rows)?, &rows, report);
        }
    }
    revocations(
        check,
        fold,
        pages(ids, first_id(lane), number(fold.head.next_revocation.0), PAGE.into()),
        report,
    )
    .await
}

async fn revocations(
    check: &Check<'_>,
    fold: &LaneFold,
    pages: impl Iterator<Item = Range<i64>>,
    report: &mut CheckReport,
) -> Result<(), JournalError> {
    let mut orders = Orders::of(fold);
    for page in pages {
        for row in check.journal.rows(check.run, Table::Revocation, page).await? {
            if !orders.take(&row) {
                report.find(format!("revocation {}: it is not one that was planned", row[0]));
            }
        }
    }
    orders.end(report);
    Ok(())
}

/// A row with digests in place of what the history has digests of.
fn hashed(table: Table, mut row: Value) -> Value {
    let digest = match (table, row.as_array().map_or(&[][..], Vec::as_slice)) {
        (Table::Snapshot, [_, Value::String(body)]) => snapshot_digest(body),
        (Table::Finding, [_, Value::String(entries)]) => findings_digest(entries),
        _ => return row,
    };
    if let Some(last) = row.as_array_mut().and_then(|columns| columns.last_mut()) {
        *last = digest.into();
    }
    row
}

fn differ(table: Table, expected: &[Value], rows: &[Value], report: &mut CheckReport) {
    if expected == rows {
        return;
    }
    let name = table.as_str();
    let told: BTreeSet<String> = expected.iter().map(Value::to_string).collect();
    let stored: BTreeSet<String> = rows.iter().map(Value::to_string).collect();
    let mut keys = BTreeSet::new();
    for row in expected.iter().filter(|row| !stored.contains(&row.to_string())) {
        keys.insert(row[0].to_string());
        report.find(format!("{name} {}: it is not what its history says", row[0]));
    }
    for row in rows.iter().filter(|row| !told.contains(&row.to_string())) {
        if !keys.contains(&row[0].to_string()) {
            report.find(format!("{name} {}: no event matches it", row[0]));
        }
    }
}

/// The epoch: no lower than that of any row that was written.
pub(super) async fn epoch(
    check: &Check<'_>,
    highest: u64,
    report: &mut CheckReport,
) -> Result<(), JournalError> {
    let rows = check.journal.rows(check.run, Table::Journal, ALL).await?;
    if rows.first().and_then(|row| row[0].as_u64()).is_none_or(|epoch| epoch < highest) {
        report.find("journal: its epoch is not what its history says");
    }
    Ok(())
}
