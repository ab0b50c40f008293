//! The journal against its own history, table by table and row by row.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde_json::Value;

use super::cells::Cell;
use super::chain::{CallDigest, FrameDigest, findings_digest, snapshot_digest};
use super::check::{CheckReport, PAGE};
use super::expect::Expected;
use super::fold::{Folded, Ordered};
use super::table::Table;
use super::{Journal, JournalError};
use crate::model::{RunId, unhex};

/// Every key there can be.
const ALL: Range<i64> = i64::MIN..i64::MAX;

/// All keys in pages, of which those below `end` are expected.
fn pages(end: i64) -> impl Iterator<Item = Range<i64>> {
    let mut from = ALL.start;
    std::iter::from_fn(move || {
        let next = end.min(from.max(0).saturating_add(PAGE.into()));
        let page = from..if from < end { next } else { ALL.end };
        from = page.end;
        (!page.is_empty()).then_some(page)
    })
}

/// What the run began with: sources, notes, duplicates, filters, groups, lanes, peers. Returns the
/// lane of each group.
pub(super) async fn frame(
    journal: &dyn Journal,
    run: &RunId,
    folded: &Folded,
    report: &mut CheckReport,
) -> Result<Vec<u64>, JournalError> {
    let (mut digest, mut lanes) = (FrameDigest::new(), Vec::new());
    let groups = folded.head.get("groups").and_then(Value::as_i64).unwrap_or_default();
    for table in Table::FRAME {
        digest.table(table);
        for page in pages(groups) {
            for row in journal.rows(run, table, page).await? {
                digest.row(&spelled(table, &row));
                if table == Table::Group {
                    lanes.push(row[1].as_u64().unwrap_or(u64::MAX));
                }
            }
        }
    }
    if folded.head.get("frame") != Some(&Value::from(digest.finish())) {
        let names = Table::FRAME.map(Table::as_str).join(", ");
        report.find(format!("not what the run began with: one of {names}"));
    }
    Ok(lanes)
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

/// Every table whose rows follow from the history.
pub(super) async fn told(
    journal: &dyn Journal,
    run: &RunId,
    expected: &Expected<'_>,
    report: &mut CheckReport,
) -> Result<(), JournalError> {
    for table in Table::TOLD {
        for page in pages(expected.end(table)) {
            let rows = journal.rows(run, table, page.clone()).await?;
            let rows: Vec<Value> = rows.into_iter().map(|row| hashed(table, row)).collect();
            differ(table, &expected.rows(table, &page)?, &rows, report);
        }
    }
    Ok(())
}

/// A row with digests in place of what the history has digests of.
fn hashed(table: Table, mut row: Value) -> Value {
    let digest = match (table, row.as_array().map_or(&[][..], Vec::as_slice)) {
        (Table::Snapshot, [_, _, Value::String(body)]) => snapshot_digest(body),
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

/// What was ordered: every revocation, and those of each call together as they were planned.
pub(super) async fn revocations(
    journal: &dyn Journal,
    run: &RunId,
    folded: &Folded,
    report: &mut CheckReport,
) -> Result<(), JournalError> {
    let left = folded.orders.iter().map(|(first, order)| (*first, order)).collect();
    let mut orders = Orders { left, current: None };
    for page in pages(i64::try_from(folded.next_revocation).unwrap_or(i64::MAX)) {
        for row in journal.rows(run, Table::Revocation, page).await? {
            if !orders.take(&row) {
                report.find(format!("revocation {}: it is not one that was planned", row[0]));
            }
        }
    }
    if let Some(current) = &orders.current {
        report.find(format!("revocation {}: it is missing", current.next));
    }
    for first in orders.left.keys() {
        report.find(format!("revocation {first}: it is missing"));
    }
    Ok(())
}

/// The calls as they were planned, one after the other: their revocations follow each other.
struct Orders<'a> {
    /// Calls that have not begun, by their first revocation.
    left: BTreeMap<u64, &'a Ordered>,
    current: Option<Current<'a>>,
}

/// A call some of whose revocations are seen.
struct Current<'a> {
    order: &'a Ordered,
    digest: CallDigest,
    next: u64,
}

impl Orders<'_> {
    /// False if this revocation is not the next of its call, or ends one that is not as planned.
    fn take(&mut self, row: &Value) -> bool {
        let Some(id) = row[0].as_u64() else { return false };
        let mut current = self.current.take();
        if let Some(order) = self.left.remove(&id) {
            if current.is_some() {
                return false;
            }
            current = Some(Current { order, digest: CallDigest::new(), next: id });
        }
        let Some(mut current) = current.filter(|current| current.next == id) else { return false };
        if !current.add(row) {
            return false;
        }
        if current.order.last == id {
            return current.digest.finish() == current.order.digest;
        }
        current.next += 1;
        self.current = Some(current);
        true
    }
}

impl Current<'_> {
    /// False if the row is of another group, or does not name the rule that it holds.
    fn add(&mut self, row: &Value) -> bool {
        let number = |at: usize| row[at].as_u64().and_then(|number| u32::try_from(number).ok());
        let (Some(peer), Some(line)) = (number(2), number(3)) else { return false };
        let (Some(rule), Some(fields)) = (row[5].as_str(), row[6].as_str()) else { return false };
        self.digest.add(peer, line, rule, fields);
        let held: Value = serde_json::from_str(rule).unwrap_or_default();
        number(1) == Some(self.order.group) && held["id"] == row[4]
    }
}

/// The epoch: no lower than that of any row that was written.
pub(super) async fn epoch(
    journal: &dyn Journal,
    run: &RunId,
    folded: &Folded,
    report: &mut CheckReport,
) -> Result<(), JournalError> {
    let rows = journal.rows(run, Table::Journal, ALL).await?;
    if rows.first().and_then(|row| row[0].as_u64()).is_none_or(|epoch| epoch < folded.epoch) {
        report.find("journal: its epoch is not what its history says");
    }
    Ok(())
}
