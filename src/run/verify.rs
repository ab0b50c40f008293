//! What a reading of its group says of a call that was answered, or may have been.

use std::time::Duration;

use tokio::time::Instant;

use super::active_call::{ActiveCall, LastAnswer};
use super::patience::Patience;
use crate::audit::{CONTRADICTORY, LISTING_CHANGED};
use crate::journal::Reading;
use crate::model::{Outcome, Revocation, RevocationId, Rule, Settled};

/// Requests after which a rule that still stands is left standing.
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
    mut call: ActiveCall,
    reading: &Reading,
    patience: &Patience,
) -> ReadBackVerdict {
    match reading {
        Reading::Seen(snapshot) => {
            call.missing = false;
            judge_rules(call, &snapshot.rules, patience)
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

fn judge_rules(mut call: ActiveCall, rules: &[Rule], patience: &Patience) -> ReadBackVerdict {
    let (mut settled, mut standing, mut doubtful) = (Vec::new(), Vec::new(), Vec::new());
    for (id, member) in &call.record.members {
        match fate(&call, member, rules) {
            Fate::Settled(outcome, reply_lost) => {
                settled.push(Settled { id: *id, outcome, reply_lost, reason: None });
            }
            Fate::Stands => standing.push(*id),
            Fate::MayStand(reason) => {
                let reason = Some(reason);
                let outcome = Outcome::Unknown;
                doubtful.push(Settled { id: *id, outcome, reply_lost: false, reason });
            }
        }
    }
    if standing.is_empty() && doubtful.is_empty() {
        return ReadBackVerdict::Decided { call, settled, retry: Vec::new() };
    }
    let whole_batch = settled.is_empty() && doubtful.is_empty();
    if let Some(delay) = patience.next(&call, whole_batch && standing.len() == 1) {
        return later(call, delay);
    }
    settled.extend(doubtful);
    if standing.is_empty() {
        return ReadBackVerdict::Decided { call, settled, retry: Vec::new() };
    }
    let refused = matches!(call.last_answer, LastAnswer::Missing | LastAnswer::Refused);
    let retry = if refused && whole_batch && standing.len() > 1 {
        let (left, right) = standing.split_at(standing.len() / 2);
        vec![left.to_vec(), right.to_vec()]
    } else {
        // What was never carried out is no request after which anything could stand.
        call.rounds += u32::from(call.last_answer != LastAnswer::Lapsed);
        vec![standing.clone()]
    };
    if call.rounds >= MAX_ROUNDS {
        settled.extend(standing.into_iter().map(|id| Settled {
            id,
            outcome: Outcome::StillPresent,
            reply_lost: false,
            reason: Some(why_standing(call.refusal.as_deref())),
        }));
        return ReadBackVerdict::Decided { call, settled, retry: Vec::new() };
    }
    ReadBackVerdict::Decided { call, settled, retry }
}

fn why_standing(refusal: Option<&str>) -> String {
    let last = refusal.map(|said| format!(", the last was refused: {said}")).unwrap_or_default();
    format!("still there after {MAX_ROUNDS} requests{last}")
}

/// What became of one member.
enum Fate {
    /// It came out so, and whether our answer got lost.
    Settled(Outcome, bool),
    /// It stands.
    Stands,
    /// A rule stands that may be the one, for this reason.
    MayStand(String),
}

fn fate(call: &ActiveCall, member: &Revocation, rules: &[Rule]) -> Fate {
    let ordered = &member.rule;
    if member.is_blind() {
        if let Some(stands) = stands_blind(ordered, rules) {
            return stands;
        }
    } else if rules.iter().any(|rule| rule.id == ordered.id) {
        return Fate::Stands;
    } else if rules.iter().any(|rule| rule.same_traffic(ordered)) {
        return Fate::Settled(Outcome::Conflict, false);
    } else if rules.iter().any(|rule| rule.id.as_str().is_empty() && rule.may_be(ordered)) {
        return Fate::MayStand("a rule without an id may be the one".to_owned());
    }
    let (outcome, reply_lost) = gone(call, member);
    Fate::Settled(outcome, reply_lost)
}

/// Whether a rule stands that was ordered by its values alone; `None` if none can be the one.
///
/// Whose the other group is does not tell two rules apart, for its id names one group. But only a
/// rule under the ordered owner is certainly the one that the request names.
fn stands_blind(ordered: &Rule, rules: &[Rule]) -> Option<Fate> {
    let mut doubt = None;
    for rule in rules.iter().filter(|rule| rule.may_be(ordered)) {
        let owner = |rule: &Rule| rule.peer.groups().next().and_then(|(_, owner)| owner.cloned());
        match (owner(rule), owner(ordered)) {
            (Some(told), Some(wanted)) if !told.is_same(&wanted) => {
                doubt.get_or_insert_with(|| {
                    format!(
                        "a rule with these values stands under the owner {told}, not {wanted}: \
                         write {told} in the manifest if that is the account"
                    )
                });
            }
            _ if rule.same_traffic(ordered) => return Some(Fate::Stands),
            _ => {
                doubt.get_or_insert_with(|| {
                    "a rule stands that does not tell all of these values".to_owned()
                });
            }
        }
    }
    doubt.map(Fate::MayStand)
}

/// How a member came out that is gone, and whether our answer got lost.
fn gone(call: &ActiveCall, member: &Revocation) -> (Outcome, bool) {
    let listed =
        call.revoked.as_ref().map(|revoked| member.is_blind() || revoked.contains(&member.rule.id));
    match (listed, call.record.accepted, call.record.reply_lost) {
        (Some(false), _, false) => (Outcome::AlreadyAbsent, false),
        (_, true, _) => (Outcome::Removed, false),
        (_, false, true) => (Outcome::Removed, true),
        (_, false, false) => (Outcome::AlreadyAbsent, false),
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
