//! The rows that a journal must have if its history is true, as JSON arrays in table order.

use std::ops::Range;

use serde_json::{Value, json};

use super::Followed;
use super::lane::{LaneFold, Read};
use super::run::{Invoked, RunFold};
use crate::journal::ledger::{
    MemberRow, as_stored, call_columns, canonical, lane_columns, member_columns,
};
use crate::journal::table::Table;
use crate::journal::{CallId, Invoker, JournalError, Lane, Tally};

/// The head of the run.
pub(super) fn head(of_run: &RunFold, run: &str, chain: &Followed) -> Result<Value, JournalError> {
    let set = |name: &str| of_run.head.get(name).cloned().unwrap_or_default();
    let state = of_run.head.get("state").cloned().unwrap_or_else(|| "reading".into());
    Ok(json!([
        run,
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
        of_run.elapsed_ms,
        set("content"),
        set("digest"),
        set("estimate_s"),
        set("pairs"),
        chain.last,
        chain.hash.to_string(),
        chain.last_ms,
    ]))
}

/// The processes that worked on the run.
pub(super) fn invocations(of_run: &RunFold) -> Vec<Value> {
    let row = |(epoch, invoked): (&u64, &Invoked)| {
        let Invoked { by, began_ms, asked_ms, ended_ms, last_ms, .. } = invoked;
        let Invoker { host, user, pid, command, version } = by;
        json!([epoch, host, user, pid, command, version, began_ms, asked_ms, ended_ms, last_ms])
    };
    of_run.invocations.iter().map(row).collect()
}

/// What a lane's history says, sorted for the comparison with tables.
pub(super) struct LaneRows<'a> {
    fold: &'a LaneFold,
    lane: &'a Lane,
    chain: &'a Followed,
    /// Members with their calls, by number.
    members: Vec<(CallId, &'a MemberRow)>,
}

impl<'a> LaneRows<'a> {
    pub(super) fn new(fold: &'a LaneFold, lane: &'a Lane, chain: &'a Followed) -> Self {
        let mut members: Vec<_> = fold
            .calls
            .iter()
            .flat_map(|(call, state)| state.members.iter().map(move |member| (call, member)))
            .collect();
        members.sort_unstable_by_key(|(_, member)| member.id);
        Self { fold, lane, chain, members }
    }

    /// The rows of a table with these keys, where `stored` ones are.
    pub(super) fn of(
        &self,
        table: Table,
        keys: &Range<i64>,
        stored: &[Value],
    ) -> Result<Vec<Value>, JournalError> {
        let is_in = |key: u64| i64::try_from(key).is_ok_and(|key| keys.contains(&key));
        let fold = self.fold;
        let rows = match table {
            Table::LaneHead => vec![self.head(stored)?],
            Table::Reading => (0..self.lane.groups)
                .map(|at| self.lane.first.0 + at)
                .filter(|group| is_in(u64::from(*group)))
                .map(|group| reading(group, fold))
                .collect(),
            Table::Snapshot => fold
                .snapshots
                .iter()
                .filter(|(group, _)| is_in(u64::from(**group)))
                .map(|(group, digest)| json!([group, digest]))
                .collect(),
            Table::Finding => fold
                .reads
                .iter()
                .filter(|(group, _)| is_in(u64::from(**group)))
                .filter_map(|(group, read)| Some(json!([group, read.findings.as_ref()?])))
                .collect(),
            Table::Call => fold
                .calls
                .iter()
                .filter(|(call, _)| is_in(call.0))
                .map(|(call, state)| {
                    let epoch = fold.epochs.get(&call).copied().unwrap_or_default();
                    as_stored(&call_columns(call, self.lane.ix, &state.row, epoch))
                })
                .collect::<Result<_, _>>()?,
            Table::Attempt => self.attempts(is_in),
            Table::Member => self
                .members
                .iter()
                .filter(|(_, member)| is_in(member.id.0))
                .map(|(call, row)| as_stored(&member_columns(*call, row)?))
                .collect::<Result<_, _>>()?,
            Table::Tally => fold.tallies.values().map(|tally| self.tally(tally)).collect(),
            _ => Vec::new(),
        };
        Ok(rows)
    }

    /// The end of the lane. Which of its rows is sealed follows from the run's own history: it is
    /// taken as it is, and judged by that.
    fn head(&self, stored: &[Value]) -> Result<Value, JournalError> {
        let sealed = stored.first().map(|row| row[4].clone()).unwrap_or_default();
        let mut head = self.fold.head.clone();
        (head.seq, head.hash, head.last_ms) =
            (self.chain.last, self.chain.hash, self.chain.last_ms);
        lane_columns(self.lane.ix, &sealed, &head)
    }

    fn attempts(&self, is_in: impl Fn(u64) -> bool) -> Vec<Value> {
        let attempts = self.fold.attempts.iter().filter(|((call, _, _), _)| is_in(call.0));
        let rows = attempts.map(|(_, (begun, ended))| {
            let ended = ended.as_ref();
            json!([
                begun.call,
                begun.generation,
                begun.attempt,
                begun.token,
                begun.sent_ms,
                ended.map(|ended| ended.result),
                ended.and_then(|ended| ended.request_id.as_ref()),
                ended.map(|ended| ended.done_ms),
            ])
        });
        rows.collect()
    }

    fn tally(&self, tally: &Tally) -> Value {
        let Tally { action, code, count, retried, throttled, last_ms, .. } = tally;
        json!([self.lane.ix, action, code, count, retried, throttled, last_ms])
    }
}

fn reading(group: u32, fold: &LaneFold) -> Value {
    let Some(read) = fold.reads.get(&group) else {
        return json!([group, null, null, "unread", null, null, null, 0, 0, null]);
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
        read.epoch,
    ])
}
