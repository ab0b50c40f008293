//! What an answer to a call means: the fact that is journalled.

use std::time::Duration;

use tokio::time::Instant;

use super::CarryOut;
use super::active_call::{ActiveCall, LastAnswer};
use super::operation::{Operation, Told};
use crate::cloud::{Answer, CloudError, RevokeReply};
use crate::exchange::{Account, EVENT};
use crate::journal::Lane;
use crate::model::{ErrorClass, Event, RequestId};
use crate::pace::Verdict;

/// The fact that an answer makes, and what it does to `call`. `shut_for` is how long no call of
/// this kind goes out.
pub(super) async fn conclude(
    work: &CarryOut<'_>,
    lane: &Lane,
    account: &Account,
    call: &mut ActiveCall,
    answer: Result<Answer<RevokeReply>, CloudError>,
    shut_for: Duration,
) -> Event {
    call.last_answer = LastAnswer::Unknown;
    call.refusal = None;
    call.polls = 0;
    call.listed = None;
    call.due = Instant::now();
    let event = match answer {
        Ok(answer) => accepted(work.operation, call, answer),
        Err(error) => failed(work, lane, account, call, error, shut_for).await,
    };
    call.record.reply_lost |= matches!(event, Event::Ambiguous { .. });
    call.record.accepted |= matches!(event, Event::Accepted { .. });
    event
}

fn accepted(operation: Operation, call: &mut ActiveCall, answer: Answer<RevokeReply>) -> Event {
    call.tries.throttled_since = None;
    let listed = match operation.told(answer.value, call.record.members.len()) {
        Told::Done(listed) => listed,
        Told::Nothing(code) => {
            call.last_answer = LastAnswer::Missing;
            return Event::MemberMissing {
                code: code.to_owned(),
                message: operation.did_nothing().to_owned(),
                request_id: Some(answer.request_id),
            };
        }
    };
    // Once an earlier request was accepted, what this one did not do may be that one's work: a
    // listing that lagged made it go out again.
    if !call.record.accepted {
        call.listed = listed;
    }
    call.last_answer = LastAnswer::Accepted;
    Event::Accepted { request_id: Some(answer.request_id), http: answer.http }
}

async fn failed(
    work: &CarryOut<'_>,
    lane: &Lane,
    account: &Account,
    call: &mut ActiveCall,
    error: CloudError,
    shut_for: Duration,
) -> Event {
    let exchange = work.exchange;
    let (now, random) = (Instant::now(), fastrand::f64());
    let verdict =
        exchange.policy.after_call(error.class, call.tries, error.retry_after, random, now);
    call.tries.count(error.class, now);
    match verdict {
        Verdict::Again(delay) => deferred(work, call, &error, delay),
        Verdict::Throttled => deferred(work, call, &error, shut_for),
        Verdict::Refresh => {
            if let Err(error) = exchange.refresh(&lane.key, &*account.client).await {
                // The account is left alone now, or the command is to end: the call comes back
                // unsent.
                tracing::debug!("{}: no fresh credentials: {error}", lane.key);
            }
            deferred(work, call, &error, Duration::ZERO)
        }
        // This call is refused for good; what the account may not do, it is not asked again.
        Verdict::LeaveAlone if error.class == ErrorClass::Denied => {
            refused(lane, call, exchange.leave_alone(&lane.key, error))
        }
        Verdict::LeaveAlone => {
            let error = exchange.leave_alone(&lane.key, error);
            deferred(work, call, &error, Duration::ZERO)
        }
        Verdict::Ambiguous => {
            Event::Ambiguous { reason: error.to_string(), request_id: error.request_id }
        }
        Verdict::ReadFirst => member_missing(call, error),
        // One refused member must not take its batch along: read, then split.
        Verdict::GiveUp if call.record.members.len() > 1 && error.class == ErrorClass::Refused => {
            member_missing(call, error)
        }
        Verdict::GiveUp => refused(lane, call, error),
    }
}

fn refused(lane: &Lane, call: &ActiveCall, error: CloudError) -> Event {
    tracing::info!(
        target: EVENT,
        event = "refusal",
        by = "cloud",
        lane = %lane.key,
        group = %call.record.group_id,
        direction = %call.record.direction,
        rules = call.record.members.len() as u64,
        code = error.code,
        request_id = error.request_id.as_ref().map(RequestId::as_str),
        "{}: {}: {error}",
        lane.key,
        call.record.group_id,
    );
    Event::Refused {
        code: error.code,
        message: error.message,
        request_id: error.request_id,
        http: error.http.unwrap_or(0),
    }
}

fn member_missing(call: &mut ActiveCall, error: CloudError) -> Event {
    call.last_answer =
        if error.class == ErrorClass::Refused { LastAnswer::Refused } else { LastAnswer::Missing };
    call.refusal = Some(error.to_string());
    Event::MemberMissing { code: error.code, message: error.message, request_id: error.request_id }
}

/// To be sent again after `delay`: the journal has it by the wall clock, for the next process.
fn deferred(
    work: &CarryOut<'_>,
    call: &mut ActiveCall,
    error: &CloudError,
    delay: Duration,
) -> Event {
    call.due = Instant::now() + delay;
    let delay_ms = i64::try_from(delay.as_millis()).unwrap_or(i64::MAX);
    Event::Deferred {
        not_before_ms: work.exchange.clock.now_ms().saturating_add(delay_ms),
        code: error.code.clone(),
        request_id: error.request_id.clone(),
        throttled: error.class == ErrorClass::Throttled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::active_call::testing::call;

    fn removed(rule: &str) -> Answer<RevokeReply> {
        let value = RevokeReply { unmatched: None, revoked: vec![rule.into()], returned: true };
        Answer { value, request_id: "r".into(), http: 200 }
    }

    #[test]
    fn what_a_later_request_lists_says_nothing_of_an_earlier_one_that_was_accepted() {
        let mut first = call(1);
        accepted(Operation::Revoke, &mut first, removed("sgr-1"));
        assert_eq!(first.listed.map(|listed| listed.len()), Some(1));
        let mut again = call(1);
        again.record.accepted = true;
        accepted(Operation::Revoke, &mut again, removed("sgr-1"));
        assert_eq!(again.listed, None);
    }
}
