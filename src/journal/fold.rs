//! A run's history folded: what the journal must hold if its history is true.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::columns::{Begun, attempt};
use super::desk::{By, CallRow, Desk, Ended, Key, MemberRow, Step};
use super::{HistoryRow, Invoker, Tally};
use crate::model::{CallForm, Direction, Event, LaneKey, RevocationId, RunId};

/// What a history says of its run.
#[derive(Default)]
pub(super) struct Folded {
    /// The columns of the run's head, but for those that are counted here.
    pub(super) head: BTreeMap<String, Value>,
    pub(super) elapsed_ms: i64,
    pub(super) next_call: u64,
    pub(super) next_revocation: u64,
    /// The epoch of the last change of the head, and of the last row.
    pub(super) head_epoch: u64,
    pub(super) epoch: u64,
    /// Every call and member that was not replaced.
    pub(super) desk: Desk,
    /// The epoch of each call's last change.
    pub(super) epochs: BTreeMap<u64, u64>,
    /// By call, generation and number.
    pub(super) attempts: BTreeMap<(u64, u32, u32), (Begun, Option<Ended>)>,
    /// Calls as they were planned, by their first revocation.
    pub(super) orders: BTreeMap<u64, Ordered>,
    pub(super) reads: BTreeMap<u32, Read>,
    /// The digests of the snapshots that are kept, by group and row of history.
    pub(super) snapshots: BTreeMap<(u32, u64), String>,
    /// The processes that worked on the run, by epoch.
    pub(super) invocations: BTreeMap<u64, Invoked>,
    pub(super) tallies: BTreeMap<(LaneKey, String, String), Tally>,
}

/// A process that worked on the run.
#[derive(Deserialize)]
pub(super) struct Invoked {
    pub(super) by: Invoker,
    pub(super) began_ms: i64,
    /// When the processes before it were last heard of that told no end.
    cut_ms: Option<i64>,
    #[serde(skip)]
    pub(super) asked_ms: i64,
    #[serde(skip)]
    pub(super) ended_ms: Option<i64>,
    #[serde(skip)]
    pub(super) last_ms: Option<i64>,
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
    pub(super) service_managed: bool,
    pub(super) elsewhere: u32,
    pub(super) findings: String,
    snapshot: Option<String>,
    #[serde(skip)]
    pub(super) at_ms: i64,
    #[serde(skip)]
    pub(super) epoch: u64,
    #[serde(skip)]
    pub(super) known_ms: Option<i64>,
    #[serde(skip)]
    pub(super) snapshot_seq: Option<u64>,
    #[serde(skip)]
    pub(super) planned_seq: Option<u64>,
}

#[derive(Deserialize)]
struct Planned {
    group: u32,
    calls: Vec<PlannedCall>,
    replaced: Vec<u64>,
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

/// A call in the desk: there is one run.
const fn key(call: u64) -> Key {
    (0, call)
}

impl Folded {
    pub(super) fn new() -> Self {
        Self { next_call: 1, next_revocation: 1, ..Self::default() }
    }

    /// Takes one row in; an error says what makes it impossible.
    pub(super) fn take(&mut self, row: &HistoryRow) -> Result<(), String> {
        self.epoch = row.epoch;
        match (row.kind.as_str(), row.call) {
            ("begun" | "updated", None) => self.set(row, body(row)?),
            ("invoked", None) => self.invoke(row, body(row)?),
            ("read", None) => self.read(row, body(row)?),
            ("planned", None) => self.plan(row, body(row)?)?,
            ("tallied", None) => self.tally(body(row)?),
            (_, Some(call)) => return self.step(call.0, row),
            (kind, None) => return Err(format!("`{kind}` is not a kind of row")),
        }
        Ok(())
    }

    fn set(&mut self, row: &HistoryRow, mut columns: BTreeMap<String, Value>) {
        let mut added = |name| columns.remove(name).and_then(|ms| ms.as_i64()).unwrap_or(0);
        self.elapsed_ms += added("add_elapsed_ms");
        let asked_ms = added("add_asked_ms");
        if let Some(invoked) = self.invocations.get_mut(&row.epoch) {
            invoked.asked_ms += asked_ms;
            invoked.ended_ms = columns.get("ended_ms").and_then(Value::as_i64).or(invoked.ended_ms);
        }
        self.head.append(&mut columns);
        self.head_epoch = row.epoch;
    }

    fn invoke(&mut self, row: &HistoryRow, invoked: Invoked) {
        let is_open = |former: &&mut Invoked| former.ended_ms.or(former.last_ms).is_none();
        let earlier = self.invocations.range_mut(..row.epoch).map(|(_, former)| former);
        for former in earlier.filter(is_open) {
            former.last_ms = invoked.cut_ms;
        }
        self.invocations.entry(row.epoch).or_insert(invoked);
    }

    fn read(&mut self, row: &HistoryRow, mut read: Read) {
        let before = self.reads.remove(&read.group);
        read.at_ms = row.at_ms;
        read.epoch = row.epoch;
        let known = before.as_ref().and_then(|before| before.known_ms);
        read.known_ms = match read.reading.as_str() {
            "seen" => known,
            "failed" => None,
            _ => Some(row.at_ms),
        };
        read.planned_seq = before.as_ref().and_then(|before| before.planned_seq);
        read.snapshot_seq = before.and_then(|before| before.snapshot_seq);
        if let Some(digest) = &read.snapshot {
            read.snapshot_seq = Some(row.seq);
            self.snapshots.insert((read.group, row.seq), digest.clone());
        }
        self.keep(read);
    }

    /// Stores a reading, and of its group's snapshots those that it names.
    fn keep(&mut self, read: Read) {
        let group = read.group;
        let kept = [read.snapshot_seq, read.planned_seq];
        let of_group = self.snapshots.range((group, 0)..=(group, u64::MAX));
        let seqs: Vec<u64> = of_group.map(|((_, seq), _)| *seq).collect();
        for seq in seqs.into_iter().filter(|seq| !kept.contains(&Some(*seq))) {
            self.snapshots.remove(&(group, seq));
        }
        self.reads.insert(group, read);
    }

    fn plan(&mut self, row: &HistoryRow, planned: Planned) -> Result<(), String> {
        for call in &planned.replaced {
            self.desk.calls.remove(&key(*call));
            self.epochs.remove(call);
            let members = self.desk.members.remove(&key(*call)).unwrap_or_default();
            members.first().map(|first| self.orders.remove(&first.id.0));
        }
        for PlannedCall { id, direction, form, first, last, digest } in planned.calls {
            let form: CallForm = form.parse().map_err(|error| format!("{error}"))?;
            let call = CallRow::planned(0, planned.group, direction, form);
            self.desk.calls.insert(key(id), call);
            let members = (first..=last).map(|one| MemberRow::planned(RevocationId(one)));
            self.desk.members.insert(key(id), members.collect());
            self.epochs.insert(id, row.epoch);
            self.orders.insert(first, Ordered { last, group: planned.group, digest });
            self.next_call = id + 1;
            self.next_revocation = last + 1;
        }
        if let Some(mut read) = self.reads.remove(&planned.group) {
            read.planned_seq = read.snapshot_seq;
            if read.reading == "seen" {
                read.known_ms = Some(read.at_ms);
            }
            self.keep(read);
        }
        Ok(())
    }

    fn tally(&mut self, tallied: Tallied) {
        for tally in tallied.tallies {
            let key = (tally.lane.clone(), tally.action.clone(), tally.code.clone());
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

    fn step(&mut self, call: u64, row: &HistoryRow) -> Result<(), String> {
        let event: Event = body(row)?;
        if event.kind().as_str() != row.kind {
            return Err(format!("it is of kind `{}` and holds another", row.kind));
        }
        let Some(before) = self.desk.calls.get(&key(call)) else {
            return Err(format!("there is no call {call}"));
        };
        let by = By::of(&event, before.status);
        let (run, call) = (RunId::from("checked"), super::CallId(call));
        let step = Step { run, run_no: 0, call, event, at_ms: row.at_ms, by };
        let stepped = self.desk.apply(&step, &mut self.next_call);
        let (status, split) = stepped.map_err(|error| error.to_string())?;
        let Split { split: told } = body(row)?;
        if !split.iter().map(|call| call.0).eq(told.iter().copied()) {
            return Err("the calls that were split off are others".to_owned());
        }
        let changed = split.iter().map(|call| call.0).chain([call.0]);
        self.epochs.extend(changed.map(|call| (call, row.epoch)));
        if let Some(begun) = attempt(&step, status, row.epoch) {
            self.attempts.insert((begun.1, begun.2, begun.3), (begun, None));
        }
        for ended in std::mem::take(&mut self.desk.ended) {
            if let Some(attempt) = self.attempts.get_mut(&(ended.1, ended.2, ended.3)) {
                attempt.1 = Some(ended);
            }
        }
        Ok(())
    }
}

fn body<'a, T: Deserialize<'a>>(row: &'a HistoryRow) -> Result<T, String> {
    serde_json::from_str(&row.body).map_err(|error| format!("its content cannot be read: {error}"))
}
