//! Reading back: what became of the members of calls that were answered, or may have been.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::CarryOut;
use super::carry_out::{InHand, Told};
use crate::audit::{GroupRead, Observer, read_groups};
use crate::exchange::{Account, ReadError};
use crate::failpoint::{Bug, hit, planted};
use crate::journal::{JournalError, Lane, Reading};
use crate::model::{Event, GroupId, GroupIx, Outcome, Revocation, RevocationId, Rule, Settled};

/// Delays before a group is read once more while removed rules still show: both clouds are
/// eventually consistent.
const POLLS: [Duration; 6] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];
/// A group counts as gone only after two reads at least this far apart.
const SECOND_LOOK: Duration = Duration::from_secs(5);
/// Requests after which a rule that still stands is left standing.
const MAX_ROUNDS: u32 = 3;

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
    if planted(Bug::OkIsDone) && calls.iter().all(|call| call.record.accepted) {
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
    let reads: HashMap<GroupIx, GroupRead> = groups.iter().map(|(ix, _)| *ix).zip(reads).collect();
    let verdicts: Vec<Verdict> = calls
        .into_iter()
        .filter_map(|call| {
            let read = reads.get(&call.record.group)?;
            Some(judge(call, &read.reading))
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
    reads: HashMap<GroupIx, GroupRead>,
) -> Result<(), JournalError> {
    let run = &work.run.new.id;
    let mut readings = Vec::with_capacity(reads.len());
    for (ix, read) in reads {
        // A run planned without the right to read keeps what it knew.
        if work.run.new.blind && matches!(read.reading, Reading::Failed { .. }) {
            continue;
        }
        for group in work.journal.groups(run, ix, 1).await? {
            readings.push(observer.observe(&group, read.clone(), account.client.batch()).await?);
        }
    }
    let readings: Vec<_> = readings.into_iter().map(|seen| seen.reading).collect();
    work.journal.record_readings(run, &readings).await
}

/// What one reading of its group says of a call.
fn judge(mut call: InHand, reading: &Reading) -> Verdict {
    match reading {
        Reading::Seen(snapshot) => {
            call.missing = false;
            judge_rules(call, &snapshot.rules)
        }
        Reading::Missing { .. } if !call.missing => {
            call.missing = true;
            call.due = Instant::now() + SECOND_LOOK;
            Verdict::Later(call)
        }
        Reading::Missing { code } => {
            let event = settle_all(&call, Outcome::GroupGone, code);
            Verdict::Decided(call, event)
        }
        Reading::Failed { code, message } => {
            let event = unread(&call, code, message);
            Verdict::Decided(call, event)
        }
        Reading::NotOurs { .. } => {
            let event = unread(&call, "NotOurs", "the group is not ours to read");
            Verdict::Decided(call, event)
        }
    }
}

fn judge_rules(mut call: InHand, rules: &[Rule]) -> Verdict {
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
    let patience = patience(call.told, whole_batch && standing.len() == 1);
    if let Some(delay) = POLLS[..patience].get(call.polls as usize) {
        call.polls += 1;
        call.due = Instant::now() + *delay;
        return Verdict::Later(call);
    }
    let refused = matches!(call.told, Told::Missing | Told::Refused);
    let retry = if refused && whole_batch && standing.len() > 1 {
        let (left, right) = standing.split_at(standing.len() / 2);
        vec![left.to_vec(), right.to_vec()]
    } else {
        call.rounds += 1;
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

/// How many of [`POLLS`] to wait before what still shows counts as standing.
const fn patience(told: Told, alone: bool) -> usize {
    match told {
        // Nothing is to be sent again while the effect may only not show yet.
        Told::Accepted => POLLS.len(),
        // Sending again does no harm: a rule id names one rule for ever.
        Told::Unknown => 3,
        // One rule that the provider does not know is gone: the read lags. Of several, those that
        // stand are sent again at once.
        Told::Missing if alone => POLLS.len(),
        Told::Missing | Told::Refused => 0,
    }
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
