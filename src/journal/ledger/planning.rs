//! Planning: a group's calls that were never sent are replaced by new ones.

use std::collections::HashSet;

use serde::Serialize;

use super::chain::CallDigest;
use super::commit::Commit;
use super::rows::{CallRow, RevocationRow};
use crate::journal::{CallId, JournalError};
use crate::model::{CallForm, Direction, GroupIx, PlannedCall, Revocation};

/// A group's new calls, spelled out.
pub(in crate::journal) struct Planned {
    pub(in crate::journal) group: u32,
    calls: Vec<SpelledCall>,
}

struct SpelledCall {
    direction: Direction,
    form: CallForm,
    revocations: Vec<Spelled>,
}

struct Spelled {
    peer: u32,
    line: u32,
    rule_id: String,
    /// The rule without its fields, and its fields: JSON.
    rule: String,
    fields: String,
}

/// What is stored of the orders of a group that is planned again.
#[derive(Default)]
pub(in crate::journal) struct PlannedBefore {
    /// Calls that were never sent, with the number of their members.
    pub(in crate::journal) unsent: Vec<(CallId, u64)>,
    /// Rules that other calls of the group carry and that are not done with.
    pub(in crate::journal) ordered: HashSet<String>,
}

/// What a history row of kind `planned` says.
#[derive(Serialize)]
struct PlannedBody {
    group: u32,
    calls: Vec<CallBody>,
    replaced: Vec<u64>,
}

#[derive(Serialize)]
struct CallBody {
    id: u64,
    direction: Direction,
    form: &'static str,
    first: u64,
    last: u64,
    digest: String,
}

impl Planned {
    pub(in crate::journal) fn new(
        group: GroupIx,
        calls: &[PlannedCall],
    ) -> Result<Self, JournalError> {
        let calls = calls.iter().map(SpelledCall::new).collect::<Result<_, _>>()?;
        Ok(Self { group: group.0, calls })
    }
}

impl SpelledCall {
    fn new(call: &PlannedCall) -> Result<Self, JournalError> {
        let revocations = call.revocations.iter().map(Spelled::new).collect::<Result<_, _>>()?;
        Ok(Self { direction: call.direction, form: call.form, revocations })
    }
}

impl Spelled {
    fn new(from: &Revocation) -> Result<Self, JournalError> {
        let mut rule = from.rule.clone();
        let fields = std::mem::take(&mut rule.fields);
        Ok(Self {
            peer: from.peer.0,
            line: from.line,
            rule_id: rule.id.to_string(),
            rule: super::json(&rule)?,
            fields: super::json(&fields)?,
        })
    }
}

/// Adds the plan of a group to a commit of a lane whose groups end before `end`; returns the calls
/// that it replaces.
pub(super) fn add(
    commit: &mut Commit,
    plan: Planned,
    before: &PlannedBefore,
    (end, at_ms): (u32, i64),
) -> Result<Vec<CallId>, JournalError> {
    let group = plan.group;
    let replaced: Vec<CallId> = before.unsent.iter().map(|(call, _)| *call).collect();
    commit.head.counts.forget(before.unsent.iter().map(|(_, members)| members).sum());
    commit.dropped.extend(&replaced);
    let mut body = PlannedBody {
        group,
        calls: Vec::new(),
        replaced: replaced.iter().map(|id| id.0).collect(),
    };
    for mut call in plan.calls {
        // A rule that another call carries is not ordered twice.
        call.revocations.retain(|one| !before.ordered.contains(&one.rule_id));
        if !call.revocations.is_empty() {
            body.calls.push(add_call(commit, group, call));
        }
    }
    let sizes = body.calls.iter().map(|call| (call.direction, call.last + 1 - call.first));
    commit.head.plan_group(group, sizes, end)?;
    commit.record(at_ms, "planned", None, super::json(&body)?);
    commit.planned.push(group);
    Ok(replaced)
}

/// Gives a call and its revocations their numbers.
fn add_call(commit: &mut Commit, group: u32, call: SpelledCall) -> CallBody {
    let (id, first) = (commit.head.next_call, commit.head.next_revocation.0);
    commit.head.next_call.0 += 1;
    let mut digest = CallDigest::new();
    for one in call.revocations {
        let Spelled { peer, line, rule, fields, .. } = one;
        digest.add(peer, line, &rule, &fields);
        let number = commit.head.next_revocation;
        commit.head.next_revocation.0 += 1;
        commit.joined.push((number, id));
        let row = RevocationRow { id: number, group, peer, line, rule, fields };
        commit.revocations.push(row);
    }
    let last = commit.head.next_revocation.0 - 1;
    commit.calls.push((id, CallRow::planned(group, call.direction, call.form)));
    let (direction, form) = (call.direction, call.form.as_str());
    CallBody { id: id.0, direction, form, first, last, digest: digest.finish() }
}
