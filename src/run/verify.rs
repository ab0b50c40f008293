//! What a reading of its group says of a call that was answered, or may have been.

use std::time::Duration;

use tokio::time::Instant;

use super::active_call::{ActiveCall, LastAnswer};
use super::operation::{Operation, Shown};
use super::patience::Patience;
use crate::audit::{CONTRADICTORY, LISTING_CHANGED};
use crate::journal::Reading;
use crate::model::{Outcome, Revocation, RevocationId, Rule, Settled};

/// Requests after which what is still owed is told as asked for in vain.
const MAX_ROUNDS: u32 = 3;

/// What a read-back says of one call.
pub(super) enum ReadBackVerdict {
    /// To be read again at [`ActiveCall::due`].
    Later(ActiveCall),
    /// To be journalled: its members that are settled, and the calls that go for the others.
    Decided { call: ActiveCall, settled: Vec<Settled>, retry: Vec<Vec<RevocationId>> },
}

/// What one reading of its group says of a call.
pub(super) fn judge(
    operation: Operation,
    mut call: ActiveCall,
    reading: &Reading,
    patience: &Patience,
) -> ReadBackVerdict {
    match reading {
        Reading::Seen(snapshot) => {
            call.missing = false;
            judge_rules(operation, call, &snapshot.rules, patience)
        }
        Reading::Missing { .. } if !call.missing => {
            call.missing = true;
            call.due = Instant::now() + patience.second_look;
            ReadBackVerdict::Later(call)
        }
        Reading::Missing { code } => settle_all(call, Outcome::GroupGone, code),
        Reading::Failed { code, message } => match patience.look_again(&call) {
            // Some of its answers may show what others do not show any more.
            Some(delay) if code == LISTING_CHANGED || code == CONTRADICTORY => later(call, delay),
            _ => unread(call, code, message),
        },
        Reading::NotOurs { .. } => unread(call, "NotOurs", "the group is not ours to read"),
    }
}

fn later(mut call: ActiveCall, delay: Duration) -> ReadBackVerdict {
    call.polls += 1;
    call.due = Instant::now() + delay;
    ReadBackVerdict::Later(call)
}

fn judge_rules(
    operation: Operation,
    mut call: ActiveCall,
    rules: &[Rule],
    patience: &Patience,
) -> ReadBackVerdict {
    let (mut settled, mut owed, mut doubtful) = (Vec::new(), Vec::new(), Vec::new());
    for (id, member) in &call.record.members {
        match fate(operation, &call, member, rules) {
            Fate::Settled(outcome, reply_lost) => {
                settled.push(Settled { id: *id, outcome, reply_lost, reason: None });
            }
            Fate::Owed => owed.push(*id),
            Fate::Doubtful(reason) => {
                let reason = Some(reason);
                let outcome = Outcome::Unknown;
                doubtful.push(Settled { id: *id, outcome, reply_lost: false, reason });
            }
        }
    }
    if owed.is_empty() && doubtful.is_empty() {
        return ReadBackVerdict::Decided { call, settled, retry: Vec::new() };
    }
    let whole_batch = settled.is_empty() && doubtful.is_empty();
    if let Some(delay) = patience.next(&call, whole_batch && owed.len() == 1) {
        return later(call, delay);
    }
    settled.extend(doubtful);
    if owed.is_empty() {
        return ReadBackVerdict::Decided { call, settled, retry: Vec::new() };
    }
    let refused = matches!(call.last_answer, LastAnswer::Missing | LastAnswer::Refused);
    let retry = if refused && whole_batch && owed.len() > 1 {
        let (left, right) = owed.split_at(owed.len() / 2);
        vec![left.to_vec(), right.to_vec()]
    } else {
        // What was never carried out is no request after which anything could stand.
        call.rounds += u32::from(call.last_answer != LastAnswer::Lapsed);
        vec![owed.clone()]
    };
    if call.rounds >= MAX_ROUNDS {
        let (outcome, reason) = operation.in_vain(MAX_ROUNDS, call.refusal.as_deref());
        settled.extend(owed.into_iter().map(|id| Settled {
            id,
            outcome,
            reply_lost: false,
            reason: Some(reason.clone()),
        }));
        return ReadBackVerdict::Decided { call, settled, retry: Vec::new() };
    }
    ReadBackVerdict::Decided { call, settled, retry }
}

/// What became of one member.
enum Fate {
    /// It came out so, and whether our answer got lost.
    Settled(Outcome, bool),
    /// It is still to be done.
    Owed,
    /// It may still be to be done, for this reason.
    Doubtful(String),
}

fn fate(operation: Operation, call: &ActiveCall, member: &Revocation, rules: &[Rule]) -> Fate {
    match operation.shown(member, rules) {
        Shown::Wanted => {
            let (is_ours, reply_lost) = whose(operation, call, member);
            Fate::Settled(operation.outcome(is_ours), reply_lost)
        }
        Shown::Conflict => Fate::Settled(Outcome::Conflict, false),
        Shown::Owed => Fate::Owed,
        Shown::Doubtful(reason) => Fate::Doubtful(reason),
    }
}

/// Whether a member that shows what was wanted does so by a call of ours, and whether our answer got
/// lost.
fn whose(operation: Operation, call: &ActiveCall, member: &Revocation) -> (bool, bool) {
    let listed = call.listed.as_ref().map(|listed| operation.lists(listed, member));
    match (listed, call.record.accepted, call.record.reply_lost) {
        (Some(false), _, false) | (_, false, false) => (false, false),
        (_, true, _) => (true, false),
        (_, false, true) => (true, true),
    }
}

/// A call whose group could not be read: without a plan that was read before, an accepted call is
/// all that can be told.
fn unread(call: ActiveCall, code: &str, message: &str) -> ReadBackVerdict {
    let blind = call.record.members.iter().all(|(_, member)| member.is_blind());
    let untouched = !call.record.accepted && !call.record.reply_lost;
    if blind && untouched && call.last_answer == LastAnswer::Lapsed {
        // Nothing of it was ever carried out, and its next request has a token of its own.
        let all = call.record.members.iter().map(|(id, _)| *id).collect();
        return ReadBackVerdict::Decided { call, settled: Vec::new(), retry: vec![all] };
    }
    let outcome =
        if blind && call.record.accepted { Outcome::Unverified } else { Outcome::Unknown };
    settle_all(call, outcome, &format!("not read back: {code}: {message}"))
}

/// Every member of a call comes out the same.
pub(super) fn settle_all(call: ActiveCall, outcome: Outcome, reason: &str) -> ReadBackVerdict {
    let settle = |id: RevocationId| Settled {
        id,
        outcome,
        reply_lost: false,
        reason: Some(reason.to_owned()),
    };
    let settled = call.record.members.iter().map(|(id, _)| settle(*id)).collect();
    ReadBackVerdict::Decided { call, settled, retry: Vec::new() }
}
