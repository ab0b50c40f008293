//! The rows that a journal must have if its history is true, as JSON arrays in table order.

use std::ops::Range;

use serde::Serialize;
use serde_json::{Value, json};

use super::chain::{canonical, findings_digest};
use super::columns::{call_columns, member_columns};
use super::desk::{CallRow, MemberRow};
use super::fold::{Folded, Invoked, Read};
use super::table::Table;
use super::{Invoker, JournalError, Tally};

/// What a history says, sorted for the comparison with tables.
pub(super) struct Expected<'a> {
    folded: &'a Folded,
    run: &'a str,
    /// The lane of each group.
    lanes: &'a [u64],
    /// Members with their calls, by number.
    members: Vec<(u64, &'a MemberRow)>,
}

impl<'a> Expected<'a> {
    pub(super) fn new(folded: &'a Folded, run: &'a str, lanes: &'a [u64]) -> Self {
        let of_call = folded.desk.members.iter();
        let mut members: Vec<_> =
            of_call.flat_map(|(key, list)| list.iter().map(|member| (key.1, member))).collect();
        members.sort_unstable_by_key(|(_, member)| member.id);
        Self { folded, run, lanes, members }
    }

    /// One more than the largest key of a table.
    pub(super) fn end(&self, table: Table) -> i64 {
        let numbers = match table {
            Table::Call | Table::Attempt => self.folded.next_call,
            Table::Member => self.folded.next_revocation,
            Table::Run | Table::Tally => 1,
            Table::Invocation => self.folded.epoch + 1,
            _ => self.lanes.len() as u64,
        };
        i64::try_from(numbers).unwrap_or(i64::MAX)
    }

    /// The rows of a table with these keys.
    pub(super) fn rows(&self, table: Table, keys: &Range<i64>) -> Result<Vec<Value>, JournalError> {
        let is_in = |key: u64| i64::try_from(key).is_ok_and(|key| keys.contains(&key));
        let folded = self.folded;
        let rows = match table {
            Table::Run => vec![self.head()?],
            Table::Invocation => folded
                .invocations
                .iter()
                .filter(|(epoch, _)| is_in(**epoch))
                .map(|(epoch, invoked)| invocation(*epoch, invoked))
                .collect(),
            Table::Reading => (0..self.lanes.len() as u64)
                .filter(|group| is_in(*group))
                .map(|group| reading(group, folded))
                .collect(),
            Table::Snapshot => folded
                .snapshots
                .iter()
                .filter(|((group, _), _)| is_in(u64::from(*group)))
                .map(|((group, seq), digest)| json!([group, seq, digest]))
                .collect(),
            Table::Finding => folded
                .reads
                .iter()
                .filter(|(group, _)| is_in(u64::from(**group)))
                .filter(|(_, read)| read.findings != findings_digest(""))
                .map(|(group, read)| json!([group, read.findings]))
                .collect(),
            Table::Call => folded
                .desk
                .calls
                .iter()
                .filter(|(key, _)| is_in(key.1))
                .map(|(key, call)| self.call(key.1, call))
                .collect::<Result<_, _>>()?,
            Table::Attempt => self.attempts(is_in),
            Table::Member => self
                .members
                .iter()
                .filter(|(_, member)| is_in(member.id.0))
                .map(|(call, row)| stored(&member_columns((0, *call), row)?))
                .collect::<Result<_, _>>()?,
            Table::Tally => folded.tallies.values().map(tally).collect(),
            _ => Vec::new(),
        };
        Ok(rows)
    }

    fn head(&self) -> Result<Value, JournalError> {
        let folded = self.folded;
        let set = |name: &str| folded.head.get(name).cloned().unwrap_or_default();
        let state = folded.head.get("state").cloned().unwrap_or_else(|| "reading".into());
        Ok(json!([
            self.run,
            canonical(&set("run"))?,
            state,
            set("exit"),
            set("started_ms"),
            set("declined_ms"),
            set("frozen_ms"),
            set("closing_ms"),
            set("settings"),
            set("unsent"),
            set("ended_ms"),
            folded.elapsed_ms,
            set("content"),
            set("digest"),
            set("estimate_s"),
            set("pairs"),
            folded.next_call,
            folded.next_revocation,
            folded.head_epoch,
        ]))
    }

    /// The lane of a call is that of its group; no event names it.
    fn call(&self, id: u64, row: &CallRow) -> Result<Value, JournalError> {
        let epoch = self.folded.epochs.get(&id).copied().unwrap_or_default();
        let mut columns = stored(&call_columns((0, id), row, epoch))?;
        columns[1] = self.lanes.get(row.group as usize).copied().into();
        Ok(columns)
    }

    fn attempts(&self, is_in: impl Fn(u64) -> bool) -> Vec<Value> {
        let attempts = self.folded.attempts.iter().filter(|((call, _, _), _)| is_in(*call));
        let rows = attempts.map(|(_, (begun, ended))| {
            let (_, call, generation, no, token, request, account, arn, sent_ms, epoch) = begun;
            let ended = ended.as_ref();
            let result = ended.map(|ended| ended.4);
            let request_id = ended.and_then(|ended| ended.5.as_ref());
            let done_ms = ended.map(|ended| ended.6);
            json!([
                call, generation, no, token, request, account, arn, sent_ms, epoch, result,
                request_id, done_ms,
            ])
        });
        rows.collect()
    }
}

fn invocation(epoch: u64, invoked: &Invoked) -> Value {
    let Invoked { by, began_ms, asked_ms, ended_ms, last_ms, .. } = invoked;
    let Invoker { host, user, pid, command, version } = by;
    json!([epoch, host, user, pid, command, version, began_ms, asked_ms, ended_ms, last_ms])
}

fn reading(group: u64, folded: &Folded) -> Value {
    let read = u32::try_from(group).ok().and_then(|group| folded.reads.get(&group));
    let Some(read) = read else {
        return json!([group, null, null, "unread", null, null, null, 0, 0, null, null, null]);
    };
    let Read { reading, code, message, naming, elsewhere, .. } = read;
    json!([
        group,
        read.known_ms,
        read.at_ms,
        reading,
        code,
        message,
        naming,
        u8::from(read.service_managed),
        elsewhere,
        read.snapshot_seq,
        read.planned_seq,
        read.epoch,
    ])
}

/// A row that is written as `columns`, read again: without its run, and yes and no as numbers.
fn stored(columns: &impl Serialize) -> Result<Value, JournalError> {
    let columns = serde_json::to_value(columns)
        .map_err(|error| JournalError::Damaged(format!("a row has no JSON form: {error}")))?;
    let Value::Array(columns) = columns else { return Ok(columns) };
    let read = |column| match column {
        Value::Bool(yes) => u8::from(yes).into(),
        other => other,
    };
    Ok(columns.into_iter().skip(1).map(read).collect())
}

fn tally(tally: &Tally) -> Value {
    let Tally { lane, action, code, count, retried, throttled, last_ms } = tally;
    json!([lane.cloud, lane.account, lane.region, action, code, count, retried, throttled, last_ms])
}
