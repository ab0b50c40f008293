//! What is stored, and how a commit changes it.

use std::collections::BTreeMap;

use crate::journal::ledger::{
    Begun, CallRow, Commit, Ended, EventRow, Known, LaneHead, MemberRow, ReadingRow, RevocationRow,
    RunHead,
};
use crate::journal::table::Table;
use crate::journal::{
    CallId, Chain, HistoryRow, Invoker, JournalError, Lane, PeerEntry, RunRecord, Tally,
};
use crate::model::{Outcome, PairSet, RevocationId, RunId};
use serde_json::Value;

/// All runs, in the order in which they began.
#[derive(Default)]
pub(super) struct State {
    pub(super) epoch: u64,
    pub(super) runs: Vec<Run>,
}

impl State {
    /// The place of a run.
    pub(super) fn number(&self, run: &RunId) -> Result<usize, JournalError> {
        let found = self.runs.iter().position(|one| one.record.new.id == *run);
        found.ok_or_else(|| JournalError::NoSuchRun(format!("there is no run {run}")))
    }

    /// The run of this number, for who has the right to write since `epoch`.
    pub(super) fn held_by(&mut self, run_no: i64, epoch: u64) -> Option<&mut Run> {
        let is_now = epoch == self.epoch;
        let place = usize::try_from(run_no).ok().filter(|_| is_now)?;
        self.runs.get_mut(place)
    }

    /// Applies a commit if it follows what is stored of its lane; on an error nothing is changed.
    pub(super) fn commit(&mut self, commit: Commit) -> Result<(), JournalError> {
        let lost = JournalError::Lost(format!("lane {}", commit.lane));
        let Some(run) = self.held_by(commit.run_no, commit.epoch) else { return Err(lost) };
        let lane = run.lanes.get(commit.lane as usize);
        if lane.is_none_or(|lane| lane.head.seq != commit.was) {
            return Err(lost);
        }
        run.apply(commit);
        Ok(())
    }
}

/// A run with all that is stored of it.
pub(super) struct Run {
    /// Its head; who worked on it, and how its rules came out, are told apart.
    pub(super) record: RunRecord,
    pub(super) pairs: PairSet,
    /// The rows that it began with.
    pub(super) frame: Vec<(Table, Value)>,
    pub(super) head: RunHead,
    /// When the last row of its own history was written.
    pub(super) last_ms: i64,
    /// By epoch.
    pub(super) invocations: BTreeMap<u64, Invoked>,
    pub(super) history: BTreeMap<Chain, Vec<HistoryRow>>,
    /// By number.
    pub(super) lanes: Vec<LaneRow>,
    /// By number.
    pub(super) groups: Vec<GroupRow>,
    /// The call with the epoch of its last change.
    pub(super) calls: BTreeMap<CallId, (CallRow, u64)>,
    pub(super) revocations: BTreeMap<RevocationId, RevocationRow>,
    pub(super) members: BTreeMap<RevocationId, (CallId, MemberRow)>,
    /// By call, generation and number.
    pub(super) attempts: BTreeMap<(CallId, u32, u32), (Begun, Option<Ended>)>,
    /// By lane, action and code.
    pub(super) tallies: BTreeMap<(u32, String, String), Tally>,
}

/// A process that works on a run.
pub(super) struct Invoked {
    pub(super) by: Invoker,
    pub(super) began_ms: i64,
    pub(super) asked_ms: i64,
    pub(super) ended_ms: Option<i64>,
    pub(super) cut_ms: Option<i64>,
}

/// A lane with the end of its history.
pub(super) struct LaneRow {
    pub(super) lane: Lane,
    pub(super) head: LaneHead,
    /// The last row that the run's own history seals.
    pub(super) sealed: u64,
}

/// A group with its peers and its last reading.
#[derive(Default)]
pub(super) struct GroupRow {
    pub(super) peers: Vec<PeerEntry>,
    pub(super) known_ms: Option<i64>,
    /// With the epoch in which it was made.
    pub(super) reading: Option<(ReadingRow, u64)>,
    /// The JSON of the last snapshot.
    pub(super) snapshot: Option<String>,
}

impl GroupRow {
    /// When it was last read; absent if never, or if the last reading failed.
    pub(super) fn looked_ms(&self) -> Option<i64> {
        let told = self.reading.as_ref().filter(|(row, _)| row.known != Known::Unknown);
        told.map(|(row, _)| row.at_ms)
    }
}

impl Run {
    /// The members of a call with these outcomes, by number.
    pub(super) fn members_of(
        &self,
        call: CallId,
        of: impl Fn(Outcome) -> bool,
    ) -> impl Iterator<Item = &MemberRow> {
        let own = self.members.values().filter(move |(its, _)| *its == call);
        own.map(|(_, member)| member).filter(move |member| of(member.outcome))
    }

    /// Adds a row to a history.
    pub(super) fn record(&mut self, chain: Chain, epoch: u64, row: EventRow) {
        let EventRow { seq, at_ms, kind, call, body, hash } = row;
        let (kind, hash) = (kind.to_owned(), hash.to_string());
        let row = HistoryRow { chain, seq, at_ms, kind, call, epoch, body, hash };
        self.history.entry(chain).or_default().push(row);
    }

    fn apply(&mut self, commit: Commit) {
        let (lane, epoch) = (commit.lane, commit.epoch);
        for event in commit.events {
            self.record(Chain::Lane(lane), epoch, event);
        }
        for row in commit.readings {
            self.read(row, epoch);
        }
        for call in commit.dropped {
            self.calls.remove(&call);
            let gone = self.members.extract_if(.., |_, (its, _)| *its == call);
            for (id, _) in gone {
                self.revocations.remove(&id);
            }
        }
        self.calls.extend(commit.calls.into_iter().map(|(id, row)| (id, (row, epoch))));
        self.revocations.extend(commit.revocations.into_iter().map(|row| (row.id, row)));
        let joined = commit.joined.into_iter();
        self.members.extend(joined.map(|(id, call)| (id, (call, MemberRow::planned(id)))));
        for group in commit.planned {
            let group = &mut self.groups[group as usize];
            let seen = group.reading.as_ref().filter(|(row, _)| row.known == Known::AsBefore);
            group.known_ms = seen.map(|(row, _)| row.at_ms).or(group.known_ms);
        }
        let members = commit.members.into_iter();
        self.members.extend(members.map(|(call, row)| (row.id, (call, row))));
        for begun in commit.begun {
            let key = (begun.call, begun.generation, begun.attempt);
            self.attempts.insert(key, (begun, None));
        }
        for ended in commit.ended {
            let attempt = self.attempts.get_mut(&(ended.call, ended.generation, ended.attempt));
            attempt.expect("an attempt ends once it has begun").1 = Some(ended);
        }
        for tally in commit.tallies {
            let key = (lane, tally.action.clone(), tally.code.clone());
            add(self.tallies.entry(key), tally);
        }
        self.lanes[lane as usize].head = commit.head;
    }

    fn read(&mut self, row: ReadingRow, epoch: u64) {
        let group = &mut self.groups[row.group as usize];
        match row.known {
            Known::AsBefore => {}
            Known::Now => group.known_ms = Some(row.at_ms),
            Known::Unknown => group.known_ms = None,
        }
        if row.snapshot.is_some() {
            group.snapshot.clone_from(&row.snapshot);
        }
        group.reading = Some((row, epoch));
    }
}

/// Adds counts to those of the same key.
pub(super) fn add<K: Ord>(entry: std::collections::btree_map::Entry<'_, K, Tally>, tally: Tally) {
    let (count, retried, throttled, last_ms) =
        (tally.count, tally.retried, tally.throttled, tally.last_ms);
    let plus = |sum: &mut Tally| {
        sum.count += count;
        sum.retried += retried;
        sum.throttled += throttled;
        sum.last_ms = sum.last_ms.max(last_ms);
    };
    entry.and_modify(plus).or_insert(tally);
}
