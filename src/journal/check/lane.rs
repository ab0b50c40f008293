//! The history of a lane folded: what the journal must hold of the lane if that is true.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;

use crate::journal::ledger::{
    Begun, CallRow, CallState, Calls, Ended, LaneHead, MemberRow, Origin, Step, attempt,
};
use crate::journal::{CallId, HistoryRow, Lane, OpenCounts, Tally};
use crate::model::{CallForm, Digest, Direction, Event, RevocationId, unhex};

/// What a lane's history says of it.
pub(super) struct LaneFold {
    /// Numbers and counts; where the history ends is not known here.
    pub(super) head: LaneHead,
    /// The lane's groups.
    groups: Range<u32>,
    /// The epoch of the last row.
    pub(super) epoch: u64,
    /// Every call and member that was not replaced.
    pub(super) calls: Calls,
    /// The epoch of each call's last change.
    pub(super) epochs: BTreeMap<CallId, u64>,
    /// By call, generation and number.
    pub(super) attempts: BTreeMap<(CallId, u32, u32), (Begun, Option<Ended>)>,
    /// Calls as they were planned, by their first revocation.
    pub(super) orders: BTreeMap<u64, Ordered>,
    pub(super) reads: BTreeMap<u32, Read>,
    /// The digests of the snapshots that are kept, by group.
    pub(super) snapshots: BTreeMap<u32, String>,
    pub(super) tallies: BTreeMap<(String, String), Tally>,
}

/// A call as it was planned.
pub(super) struct Ordered {
    pub(super) last: u64,
    pub(super) group: u32,
    pub(super) digest: String,
}

/// The last reading of a group, and what was planned from it.
#[derive(Deserialize)]
pub(super) struct Read {
    group: u32,
    pub(super) reading: String,
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) naming: Option<String>,
    #[serde(default)]
    pub(super) service_managed: bool,
    #[serde(default)]
    pub(super) elsewhere: u32,
    pub(super) findings: Option<String>,
    snapshot: Option<String>,
    #[serde(skip)]
    pub(super) at_ms: i64,
    #[serde(skip)]
    pub(super) epoch: u64,
    #[serde(skip)]
    pub(super) known_ms: Option<i64>,
}

#[derive(Deserialize)]
struct Planned {
    group: u32,
    calls: Vec<PlannedCall>,
    replaced: Vec<u64>,
}

#[derive(Deserialize)]
struct ByRows {
    #[serde(flatten)]
    counts: OpenCounts,
    digest: String,
}

#[derive(Deserialize)]
struct Complete {
    digest: String,
}

#[derive(Deserialize)]
struct PlannedCall {
    id: u64,
    direction: Direction,
    /// Spelled as in the column.
    form: String,
    first: u64,
    last: u64,
    digest: String,
}

#[derive(Deserialize)]
struct Split {
    #[serde(default)]
    split: Vec<u64>,
}

#[derive(Deserialize)]
struct Tallied {
    tallies: Vec<Tally>,
}

impl LaneFold {
    pub(super) fn new(lane: &Lane) -> Self {
        Self {
            head: LaneHead::new(lane.ix, Digest([0; 32])),
            groups: lane.group_numbers(),
            epoch: 0,
            calls: Calls::default(),
            epochs: BTreeMap::new(),
            attempts: BTreeMap::new(),
            orders: BTreeMap::new(),
            reads: BTreeMap::new(),
            snapshots: BTreeMap::new(),
            tallies: BTreeMap::new(),
        }
    }

    /// Takes one row in; an error says what makes it impossible.
    pub(super) fn take(&mut self, row: &HistoryRow) -> Result<(), String> {
        self.epoch = self.epoch.max(row.epoch);
        match (row.kind.as_str(), row.call) {
            ("read", None) => self.read(row, body(row)?),
            ("planned", None) => self.plan(row, body(row)?)?,
            ("planned_by_rows", None) => {
                let ByRows { counts, digest } = body(row)?;
                self.head.plan_by_rows(self.groups.start, counts, told_digest(&digest)?);
            }
            ("plan_complete", None) => {
                let Complete { digest } = body(row)?;
                self.head.digest = Some(told_digest(&digest)?);
            }
            ("tallied", None) => self.tally(body(row)?),
            (_, Some(call)) => return self.step(call, row),
            (kind, None) => return Err(format!("`{kind}` is not a kind of row")),
        }
        Ok(())
    }

    fn read(&mut self, row: &HistoryRow, mut read: Read) {
        let before = self.reads.get(&read.group);
        read.known_ms = match read.reading.as_str() {
            "seen" => before.and_then(|before| before.known_ms),
            "failed" => None,
            _ => Some(row.at_ms),
        };
        (read.at_ms, read.epoch) = (row.at_ms, row.epoch);
        if let Some(digest) = &read.snapshot {
            self.snapshots.insert(read.group, digest.clone());
        }
        self.reads.insert(read.group, read);
    }

    fn plan(&mut self, row: &HistoryRow, planned: Planned) -> Result<(), String> {
        for call in planned.replaced.into_iter().map(CallId) {
            self.epochs.remove(&call);
            let members = self.calls.remove(call).map(|call| call.members).unwrap_or_default();
            self.head.counts.forget(members.len() as u64);
            members.first().map(|first| self.orders.remove(&first.id.0));
        }
        let size = |call: &PlannedCall| (call.last + 1).saturating_sub(call.first);
        let sizes = planned.calls.iter().map(|call| (call.direction, size(call)));
        let counted = self.head.plan_group(planned.group, sizes, self.groups.end);
        counted.map_err(|error| error.to_string())?;
        for PlannedCall { id, direction, form, first, last, digest } in planned.calls {
            let form: CallForm = form.parse().map_err(|error| format!("{error}"))?;
            let call = CallRow::planned(planned.group, direction, form);
            let members = (first..=last).map(|one| MemberRow::planned(RevocationId(one))).collect();
            self.calls.learn(CallId(id), CallState { row: call, members });
            self.epochs.insert(CallId(id), row.epoch);
            self.orders.insert(first, Ordered { last, group: planned.group, digest });
            self.head.next_call = CallId(id + 1);
            self.head.next_revocation = RevocationId(last + 1);
        }
        if let Some(read) = self.reads.get_mut(&planned.group)
            && read.reading == "seen"
        {
            read.known_ms = Some(read.at_ms);
        }
        Ok(())
    }

    fn tally(&mut self, tallied: Tallied) {
        for tally in tallied.tallies {
            let key = (tally.action.clone(), tally.code.clone());
            match self.tallies.get_mut(&key) {
                Some(sum) => {
                    sum.count = sum.count.saturating_add(tally.count);
                    sum.retried = sum.retried.saturating_add(tally.retried);
                    sum.throttled = sum.throttled.saturating_add(tally.throttled);
                    sum.last_ms = sum.last_ms.max(tally.last_ms);
                }
                None => drop(self.tallies.insert(key, tally)),
            }
        }
    }

    fn step(&mut self, call: CallId, row: &HistoryRow) -> Result<(), String> {
        let event: Event = body(row)?;
        if event.kind().as_str() != row.kind {
            return Err(format!("it is of kind `{}` and holds another", row.kind));
        }
        let Some(before) = self.calls.get(call) else {
            return Err(format!("there is no call {}", call.0));
        };
        let origin = Origin::of(&event, before.row.status);
        let step = Step { call, event: &event, at_ms: row.at_ms, origin };
        let (next_call, counts) = (&mut self.head.next_call, &mut self.head.counts);
        let stepped = self.calls.apply(&step, next_call, counts);
        let stepped = stepped.map_err(|error| error.to_string())?;
        self.head.learn_identity(&event);
        let Split { split: told } = body(row)?;
        if !stepped.split.iter().map(|call| call.0).eq(told) {
            return Err("the calls that were split off are others".to_owned());
        }
        let changed = stepped.split.iter().copied().chain([call]);
        self.epochs.extend(changed.map(|call| (call, row.epoch)));
        if let Some(begun) = attempt(&step, stepped.status) {
            self.attempts.insert((call, begun.generation, begun.attempt), (begun, None));
        }
        if let Some(ended) = stepped.ended
            && let Some(attempt) = self.attempts.get_mut(&(call, ended.generation, ended.attempt))
        {
            attempt.1 = Some(ended);
        }
        Ok(())
    }
}

/// What a row says.
pub(super) fn body<'a, T: Deserialize<'a>>(row: &'a HistoryRow) -> Result<T, String> {
    serde_json::from_str(&row.body).map_err(|error| format!("its content cannot be read: {error}"))
}

fn told_digest(text: &str) -> Result<Digest, String> {
    let bytes = unhex(text).and_then(|bytes| bytes.try_into().ok());
    bytes.map(Digest).ok_or_else(|| "its digest cannot be read".to_owned())
}
