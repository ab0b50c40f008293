//! Reading back: what became of the members of calls that were answered, or may have been.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::CarryOut;
use super::in_hand::{InHand, Told};
use super::patience::Patience;
use super::planted::success_is_proof;
use crate::audit::{GroupRead, LISTING_CHANGED, Observer, read_groups};
use crate::exchange::{Account, ReadError};
use crate::failpoint::hit;
use crate::journal::{GroupWork, JournalError, Lane, Reading};
use crate::model::{Event, GroupId, GroupIx, Outcome, Revocation, RevocationId, Rule, Settled};

/// Requests after which a rule that still stands is left standing.
const MAX_ROUNDS: u32 = 3;

/// Groups this far apart are fetched with what lies between them.
const NEIGHBOURS: u32 = 8;

/// What a read-back says of one call.
pub(super) enum Verdict {
    /// To be read again at [`InHand::due`].
    Later(InHand),
    /// To be journalled.
    Decided(InHand, Event),
}

/// Reads back the groups of `calls` once and judges each call.
pub(super) async fn read_back(
    work: &CarryOut<'_>,
    observer: &Observer<'_>,
    lane: &Lane,
    account: &Account,
    calls: Vec<InHand>,
) -> Result<Result<Vec<Verdict>, ReadError>, JournalError> {
    let mut groups: Vec<(GroupIx, GroupId)> =
        calls.iter().map(|call| (call.record.group, call.record.group_id.clone())).collect();
    groups.sort_unstable();
    groups.dedup();
    if success_is_proof() && calls.iter().all(|call| call.record.accepted) {
        let decided = calls.into_iter().map(|call| {
            let event = settle_all(&call, Outcome::Removed, "answered with success");
            Verdict::Decided(call, event)
        });
        return Ok(Ok(decided.collect()));
    }
    let ids: Vec<GroupId> = groups.iter().map(|(_, id)| id.clone()).collect();
    hit("before-read-back");
    let reads = match read_groups(work.exchange, &lane.key, account, &ids).await {
        Ok(reads) => reads,
        Err(error) => return Ok(Err(error)),
    };
    hit("after-read-back");
    let reads: BTreeMap<GroupIx, GroupRead> = groups.iter().map(|(ix, _)| *ix).zip(reads).collect();
    let verdicts: Vec<Verdict> = calls
        .into_iter()
        .filter_map(|call| {
            let read = reads.get(&call.record.group)?;
            Some(judge(call, &read.reading, &work.patience))
        })
        .collect();
    record(work, observer, account, reads).await?;
    hit("after-readings");
    Ok(Ok(verdicts))
}

/// Journals what was read, with its findings: the report is made from them.
async fn record(
    work: &CarryOut<'_>,
    observer: &Observer<'_>,
    account: &Account,
    mut reads: BTreeMap<GroupIx, GroupRead>,
) -> Result<(), JournalError> {
    let run = &work.run.new.id;
    // A run planned without the right to read keeps what it knew.
    reads.retain(|_, read| !(work.run.new.blind && matches!(read.reading, Reading::Failed { .. })));
    let groups = groups_of(work, reads.keys().copied().collect()).await?;
    let peers = observer.peers(&groups).await?;
    let batch = account.client.batch();
    let observe = |group: &GroupWork| {
        let read = reads.remove(&group.ix)?;
        Some(observer.observe(group, &peers, read, batch).reading)
    };
    let readings: Vec<_> = groups.iter().filter_map(observe).collect();
    work.journal.record_readings(run, &readings).await
}

/// Groups by their numbers, which are in order; neighbours come by one query.
async fn groups_of(
    work: &CarryOut<'_>,
    numbers: Vec<GroupIx>,
) -> Result<Vec<GroupWork>, JournalError> {
    let mut groups = Vec::with_capacity(numbers.len());
    for near in numbers.chunk_by(|x, y| y.0 - x.0 <= NEIGHBOURS) {
        let (Some(first), Some(last)) = (near.first(), near.last()) else { continue };
        let page = work.journal.groups(&work.run.new.id, *first, last.0 - first.0 + 1).await?;
        groups.extend(page.into_iter().filter(|group| near.contains(&group.ix)));
    }
    Ok(groups)
}

/// What one reading of its group says of a call.
fn judge(mut call: InHand, reading: &Reading, patience: &Patience) -> Verdict {
    match reading {
        Reading::Seen(snapshot) => {
            call.missing = false;
            judge_rules(call, &snapshot.rules, patience)
        }
        Reading::Missing { .. } if !call.missing => {
            call.missing = true;
            call.due = Instant::now() + patience.second_look;
            Verdict::Later(call)
        }
        Reading::Missing { code } => {
            let event = settle_all(&call, Outcome::GroupGone, code);
            Verdict::Decided(call, event)
        }
        Reading::Failed { code, message } => match patience.look_again(&call) {
            // Some of its pages may show what others do not show any more.
            Some(delay) if code == LISTING_CHANGED => later(call, delay),
            _ => {
                let event = unread(&call, code, message);
                Verdict::Decided(call, event)
            }
        },
        Reading::NotOurs { .. } => {
            let event = unread(&call, "NotOurs", "the group is not ours to read");
            Verdict::Decided(call, event)
        }
    }
}

fn later(mut call: InHand, delay: Duration) -> Verdict {
    call.polls += 1;
    call.due = Instant::now() + delay;
    Verdict::Later(call)
}

fn judge_rules(mut call: InHand, rules: &[Rule], patience: &Patience) -> Verdict {
    let (mut settled, mut standing) = (Vec::new(), Vec::new());
    for (id, member) in &call.record.members {
        match fate(&call, member, rules) {
            Some((outcome, reply_lost)) => {
                settled.push(Settled { id: *id, outcome, reply_lost, reason: None });
            }
            None => standing.push(*id),
        }
    }
    if standing.is_empty() {
        return Verdict::Decided(call, Event::Verified { settled, retry: Vec::new() });
    }
    let whole_batch = settled.is_empty();
    if let Some(delay) = patience.next(&call, whole_batch && standing.len() == 1) {
        return later(call, delay);
    }
    let refused = matches!(call.told, Told::Missing | Told::Refused);
    let retry = if refused && whole_batch && standing.len() > 1 {
        let (left, right) = standing.split_at(standing.len() / 2);
        vec![left.to_vec(), right.to_vec()]
    } else {
        // What was never carried out is no request after which anything could stand.
        call.rounds += u32::from(call.told != Told::Lapsed);
        vec![standing.clone()]
    };
    if call.rounds >= MAX_ROUNDS {
        settled.extend(standing.into_iter().map(|id| Settled {
            id,
            outcome: Outcome::StillPresent,
            reply_lost: false,
            reason: Some(why_standing(call.refusal.as_deref())),
        }));
        return Verdict::Decided(call, Event::Verified { settled, retry: Vec::new() });
    }
    Verdict::Decided(call, Event::Verified { settled, retry })
}

fn why_standing(refusal: Option<&str>) -> String {
    let last = refusal.map(|said| format!(", the last was refused: {said}")).unwrap_or_default();
    format!("still there after {MAX_ROUNDS} requests{last}")
}

/// What became of one member, with whether our answer got lost; `None` if it stands.
fn fate(call: &InHand, member: &Revocation, rules: &[Rule]) -> Option<(Outcome, bool)> {
    let same = |rule: &&Rule| rule.same_traffic(&member.rule);
    if member.is_blind() {
        if rules.iter().any(|rule| same(&rule)) {
            return None;
        }
    } else if rules.iter().any(|rule| rule.id == member.rule.id) {
        return None;
    } else if rules.iter().any(|rule| same(&rule)) {
        return Some((Outcome::Conflict, false));
    }
    let listed =
        call.revoked.as_ref().map(|revoked| member.is_blind() || revoked.contains(&member.rule.id));
    Some(match (listed, call.record.accepted, call.record.reply_lost) {
        (Some(false), _, false) => (Outcome::AlreadyAbsent, false),
        (_, true, _) => (Outcome::Removed, false),
        (_, false, true) => (Outcome::Removed, true),
        (_, false, false) => (Outcome::AlreadyAbsent, false),
    })
}

/// A call whose group could not be read: without a plan that was read before, an accepted call is
/// all that can be told.
fn unread(call: &InHand, code: &str, message: &str) -> Event {
    let blind = call.record.members.iter().all(|(_, member)| member.is_blind());
    let untouched = !call.record.accepted && !call.record.reply_lost;
    if blind && untouched && call.told == Told::Lapsed {
        // Nothing of it was ever carried out, and its next request has a token of its own.
        let all = call.record.members.iter().map(|(id, _)| *id).collect();
        return Event::Verified { settled: Vec::new(), retry: vec![all] };
    }
    let outcome =
        if blind && call.record.accepted { Outcome::Unverified } else { Outcome::Unknown };
    settle_all(call, outcome, &format!("not read back: {code}: {message}"))
}

fn settle_all(call: &InHand, outcome: Outcome, reason: &str) -> Event {
    let settle = |id: RevocationId| Settled {
        id,
        outcome,
        reply_lost: false,
        reason: Some(reason.to_owned()),
    };
    let settled = call.record.members.iter().map(|(id, _)| settle(*id)).collect();
    Event::Verified { settled, retry: Vec::new() }
}
