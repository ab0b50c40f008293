//! One call's life: intent, send, answer, and what the answer means.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::Instant;

use super::token::{client_token, request_hash};
use super::{CarryOut, RunError, Unrecorded};
use crate::cloud::{Action, Answer, CloudError, RevokeOrder, RevokeReply};
use crate::exchange::{Account, now_ms};
use crate::failpoint::{Bug, during, hit, planted};
use crate::journal::{CallRecord, Lane};
use crate::model::{ErrorClass, Event, Provider, Rule, RuleId, Status};
use crate::pace::{Tries, Verdict};

/// How often a paused run looks whether its pause file is gone.
const PAUSE_POLL: Duration = Duration::from_millis(200);

/// A call with what this process knows of it beyond the journal.
#[derive(Debug)]
pub(super) struct InHand {
    pub(super) record: CallRecord,
    /// What the last answer was.
    pub(super) told: Told,
    /// What the provider said when it refused.
    pub(super) refusal: Option<String>,
    /// The rules that the last answer lists as removed, where the provider lists any.
    pub(super) revoked: Option<HashSet<RuleId>>,
    /// Requests of this process after which members still stood.
    pub(super) rounds: u32,
    /// Read-backs since the last answer.
    pub(super) polls: u32,
    /// Not to be read back before.
    pub(super) due: Instant,
    /// The last read-back did not find the group.
    pub(super) missing: bool,
}

/// What the last answer to a call was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Success, which proves nothing.
    Accepted,
    /// Nothing, or nothing that this process knows of.
    Unknown,
    /// That a member is not there: nothing was carried out.
    Missing,
    /// A refusal: nothing was carried out.
    Refused,
}

impl InHand {
    pub(super) fn new(record: CallRecord) -> Self {
        Self {
            record,
            told: Told::Unknown,
            refusal: None,
            revoked: None,
            rounds: 0,
            polls: 0,
            due: Instant::now(),
            missing: false,
        }
    }
}

/// Sends `call` until it is answered. It comes back unsent, or waiting, when the command is to
/// end or the lane was parked. Must not be dropped: a send in the air would be unknown.
pub(super) async fn send(
    work: &CarryOut<'_>,
    lane: &Lane,
    account: &Account,
    mut call: InHand,
) -> Result<InHand, RunError> {
    let exchange = work.exchange;
    let action = Action::Revoke(call.record.direction).name(lane.key.cloud);
    let mut tries = Tries::default();
    // What an earlier process was told to wait holds for the lane, not for this call alone.
    if let Some(left) = delay_left(call.record.status) {
        exchange.pacer.hold_back(&lane.key, action, left);
    }
    loop {
        let ready = async {
            wait_until(call.record.status).await;
            wait_while_paused(work).await;
            exchange.pacer.turn(&lane.key, action).await
        };
        let turn = tokio::select! {
            biased;
            () = exchange.stop.cancelled() => return Ok(call),
            turn = ready => turn,
        };
        if exchange.parked(&lane.key).is_some() {
            return Ok(call);
        }
        // The wait for quota may have been long.
        if is_paused(work).await {
            continue;
        }
        let rules: Vec<Rule> =
            call.record.members.iter().map(|(_, member)| member.rule.clone()).collect();
        let mut order = RevokeOrder {
            region: &lane.key.region,
            group: &call.record.group_id,
            direction: call.record.direction,
            form: call.record.form,
            rules: &rules,
            token: None,
        };
        let request = match account.client.revoke_parameters(&order) {
            Ok(parameters) => request_hash(&parameters),
            Err(error) => {
                exchange.park(&lane.key, &error);
                return Ok(call);
            }
        };
        // EC2 takes no token here; there the rule ids make a repeated call harmless.
        let token = (lane.key.cloud == Provider::Alibaba).then(|| {
            let generation = call.record.status.generation();
            let salt = if planted(Bug::NewTokenOnResume) { std::process::id() } else { 0 };
            client_token(&work.run.new.id, call.record.id, generation + salt, &request)
        });
        order.token = token.as_ref();
        let intent =
            Event::Started { token: token.clone(), request, identity: account.identity.clone() };
        let mut early = None;
        if planted(Bug::CallBeforeIntent) {
            early = Some(account.client.revoke(&order).await);
        }
        hit("before-intent");
        let claim = work.journal.claim(&work.run.new.id, call.record.id, &intent, now_ms()).await?;
        hit("after-intent");
        let resent = matches!(claim.status, Status::InFlight { attempt: 2.., .. });
        let answer = match early {
            Some(answer) => answer,
            None => during("after-send", account.client.revoke(&order)).await,
        };
        hit("after-reply");
        let shut_for = exchange.answered(turn, answer.as_ref().err());
        exchange.count(&lane.key, action, answer.as_ref().err(), resent);
        let event = conclude(work, lane, account, &mut call, answer, &mut tries, shut_for).await;
        call.record.reply_lost |= matches!(event, Event::Ambiguous { .. });
        call.record.accepted |= matches!(event, Event::Accepted { .. });
        hit("before-outcome");
        call.record.status = match work.journal.conclude(claim, &event, now_ms()).await {
            Ok(status) => status,
            Err(journal) => {
                let lost = Unrecorded::new(&work.run.new.id, lane, &call, token, event);
                return Err(RunError { journal, unrecorded: vec![lost] });
            }
        };
        hit("after-outcome");
        if !matches!(call.record.status, Status::Waiting { .. }) {
            return Ok(call);
        }
    }
}

/// The fact that an answer makes. `shut_for` is how long no call of this kind goes out.
async fn conclude(
    work: &CarryOut<'_>,
    lane: &Lane,
    account: &Account,
    call: &mut InHand,
    answer: Result<Answer<RevokeReply>, CloudError>,
    tries: &mut Tries,
    shut_for: Duration,
) -> Event {
    call.told = Told::Unknown;
    call.refusal = None;
    call.polls = 0;
    call.revoked = None;
    let error = match answer {
        Ok(answer) => return accepted(call, answer),
        Err(error) => error,
    };
    let exchange = work.exchange;
    let verdict =
        exchange.policy.after_call(error.class, *tries, error.retry_after, fastrand::f64());
    tries.count(error.class);
    match verdict {
        Verdict::Again(delay) => deferred(&error, delay),
        Verdict::Throttled => deferred(&error, shut_for),
        Verdict::Refresh => {
            if let Err(error) = exchange.refresh(&lane.key, &*account.client).await {
                // The account is parked now, or the command is to end: the call comes back unsent.
                tracing::debug!("{}: no fresh credentials: {error}", lane.key);
            }
            deferred(&error, Duration::ZERO)
        }
        Verdict::Park => {
            exchange.park(&lane.key, &error);
            deferred(&error, Duration::ZERO)
        }
        Verdict::Ambiguous => {
            Event::Ambiguous { reason: error.to_string(), request_id: error.request_id }
        }
        Verdict::ReadFirst => member_missing(call, error),
        // One refused member must not take its batch along: read, then split.
        Verdict::GiveUp if call.record.members.len() > 1 && error.class == ErrorClass::Refused => {
            member_missing(call, error)
        }
        Verdict::GiveUp => Event::Refused {
            code: error.code,
            message: error.message,
            request_id: error.request_id,
            http: error.http.unwrap_or(0),
        },
    }
}

fn accepted(call: &mut InHand, answer: Answer<RevokeReply>) -> Event {
    let reply = answer.value;
    let none_matched = reply.unmatched == Some(call.record.members.len());
    if !reply.returned || none_matched {
        call.told = Told::Missing;
        return Event::MemberMissing {
            code: "unknownIpPermissionSet".to_owned(),
            message: "the provider accepted the call and says that no rule matched".to_owned(),
            request_id: Some(answer.request_id),
        };
    }
    if !reply.revoked.is_empty() {
        call.revoked = Some(reply.revoked.into_iter().collect());
    }
    call.told = Told::Accepted;
    Event::Accepted { request_id: Some(answer.request_id), http: answer.http }
}

fn member_missing(call: &mut InHand, error: CloudError) -> Event {
    call.told = if error.class == ErrorClass::Refused { Told::Refused } else { Told::Missing };
    call.refusal = Some(error.to_string());
    Event::MemberMissing { code: error.code, message: error.message, request_id: error.request_id }
}

fn deferred(error: &CloudError, delay: Duration) -> Event {
    let delay_ms = i64::try_from(delay.as_millis()).unwrap_or(i64::MAX);
    Event::Deferred {
        not_before_ms: now_ms().saturating_add(delay_ms),
        code: error.code.clone(),
        request_id: error.request_id.clone(),
        throttled: error.class == ErrorClass::Throttled,
    }
}

/// The longest stored delay that is waited for: a little above what a retry policy gives, so that
/// a wall clock that jumped back costs little.
const LONGEST_DELAY_MS: u64 = 150_000;

/// Waits for a stored delay.
async fn wait_until(status: Status) {
    if let Some(left) = delay_left(status) {
        tokio::time::sleep(left).await;
    }
}

/// What is left of a stored delay.
fn delay_left(status: Status) -> Option<Duration> {
    let Status::Waiting { not_before_ms, .. } = status else { return None };
    let left = u64::try_from(not_before_ms.saturating_sub(now_ms())).unwrap_or(0);
    Some(Duration::from_millis(left.min(LONGEST_DELAY_MS)))
}

async fn wait_while_paused(work: &CarryOut<'_>) {
    while is_paused(work).await {
        tokio::time::sleep(PAUSE_POLL).await;
    }
}

async fn is_paused(work: &CarryOut<'_>) -> bool {
    match &work.pause_file {
        // A file that cannot be looked at may be there.
        Some(file) => tokio::fs::try_exists(file).await.unwrap_or(true),
        None => false,
    }
}
