//! A run's history folded: what the journal must hold if its history is true.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::HistoryRow;
use crate::model::{Event, Outcome, Status};

/// What a history says of its run.
#[derive(Default)]
pub(super) struct Folded {
    /// The columns of the run's head that were set.
    pub(super) head: BTreeMap<String, Value>,
    /// Every call that was not replaced.
    pub(super) calls: BTreeMap<u64, Status>,
    /// Every revocation that was not replaced: its call and how it stands.
    pub(super) members: BTreeMap<u64, (u64, Outcome)>,
    /// By its first revocation: the last one and the digest of a call as it was planned.
    pub(super) planned: BTreeMap<u64, (u64, String)>,
    /// The last reading of each group.
    pub(super) reads: BTreeMap<u32, Read>,
    /// The digest of each group's last snapshot.
    pub(super) snapshots: BTreeMap<u32, String>,
    of_call: BTreeMap<u64, Vec<u64>>,
    ranges: BTreeMap<u64, u64>,
}

/// What a row of kind `read` says, as far as it is compared.
#[derive(Deserialize)]
pub(super) struct Read {
    group: u32,
    pub(super) reading: String,
    pub(super) elsewhere: u32,
    pub(super) findings: String,
    snapshot: Option<String>,
}

#[derive(Deserialize)]
struct Planned {
    calls: Vec<PlannedCall>,
    replaced: Vec<u64>,
}

#[derive(Deserialize)]
struct PlannedCall {
    id: u64,
    first: u64,
    last: u64,
    digest: String,
}

#[derive(Deserialize)]
struct Split {
    #[serde(default)]
    split: Vec<u64>,
}

impl Folded {
    /// Takes one row in; an error says what makes it impossible.
    pub(super) fn take(&mut self, row: &HistoryRow) -> Result<(), String> {
        match (row.kind.as_str(), row.call) {
            ("begun", None) => {
                let body: BTreeMap<String, Value> = body(row)?;
                self.head.extend(body.into_iter().filter(|(name, _)| name == "content"));
                Ok(())
            }
            ("updated", None) => {
                let body: BTreeMap<String, Value> = body(row)?;
                let set = body.into_iter().filter(|(name, _)| name != "add_elapsed_ms");
                self.head.extend(set);
                Ok(())
            }
            ("read", None) => {
                let read: Read = body(row)?;
                self.snapshots.extend(read.snapshot.clone().map(|digest| (read.group, digest)));
                self.reads.insert(read.group, read);
                Ok(())
            }
            ("planned", None) => {
                self.plan(body(row)?);
                Ok(())
            }
            (_, Some(call)) => self.step(call.0, row),
            (kind, None) => Err(format!("`{kind}` is not a kind of row")),
        }
    }

    fn plan(&mut self, planned: Planned) {
        for call in planned.replaced {
            self.calls.remove(&call);
            for id in self.of_call.remove(&call).unwrap_or_default() {
                self.members.remove(&id);
            }
            self.ranges.remove(&call).map(|first| self.planned.remove(&first));
        }
        for PlannedCall { id, first, last, digest } in planned.calls {
            self.calls.insert(id, Status::NEW);
            self.members.extend((first..=last).map(|one| (one, (id, Outcome::Pending))));
            self.of_call.insert(id, (first..=last).collect());
            self.planned.insert(first, (last, digest));
            self.ranges.insert(id, first);
        }
    }

    fn step(&mut self, call: u64, row: &HistoryRow) -> Result<(), String> {
        let event: Event = body(row)?;
        if event.kind().as_str() != row.kind {
            return Err(format!("it is of kind `{}` and holds another", row.kind));
        }
        let status = self.calls.get(&call).ok_or_else(|| format!("there is no call {call}"))?;
        let next = status.next(&event).map_err(|error| error.to_string())?;
        self.calls.insert(call, next);
        match event {
            Event::Refused { .. } => self.fail(call),
            Event::Verified { settled, retry } => {
                for one in settled {
                    self.judge(one.id.0, one.outcome);
                }
                let Split { split } = body(row)?;
                for (new, ids) in split.into_iter().zip(retry.iter().skip(1)) {
                    self.split(new, ids.iter().map(|id| id.0).collect());
                }
            }
            Event::Reopened { members } => {
                for id in members {
                    self.judge(id.0, Outcome::Pending);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn judge(&mut self, id: u64, outcome: Outcome) {
        if let Some(member) = self.members.get_mut(&id) {
            member.1 = outcome;
        }
    }

    fn fail(&mut self, call: u64) {
        for id in self.of_call.get(&call).into_iter().flatten() {
            if let Some(member) = self.members.get_mut(id)
                && *member == (call, Outcome::Pending)
            {
                member.1 = Outcome::Failed;
            }
        }
    }

    fn split(&mut self, new: u64, ids: Vec<u64>) {
        self.calls.insert(new, Status::NEW);
        for id in &ids {
            if let Some(member) = self.members.get_mut(id) {
                member.0 = new;
            }
        }
        self.of_call.insert(new, ids);
    }
}

fn body<'a, T: Deserialize<'a>>(row: &'a HistoryRow) -> Result<T, String> {
    serde_json::from_str(&row.body).map_err(|error| format!("its content cannot be read: {error}"))
}
