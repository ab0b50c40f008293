//! The life of one call: proven, struck by a fault or not, limited, carried out, kept, logged.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::call::{Call, Refusal};
use super::dialect::Dialect;
use super::faults::FaultKind;
use super::hold::{HeldCall, Moment};
use super::http::{HttpRequest, HttpResponse};
use super::live::{CallEffects, Live};
use super::log::LoggedCall;
use super::store::StoredLine;
use crate::model::{AccountId, RegionId, RuleId};

/// An answer and what becomes of it on the way.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) answer: HttpResponse,
    pub(super) delivery: Delivery,
    /// Delivered once this is cancelled, where the call is held.
    pub(super) held: Option<CancellationToken>,
}

/// What becomes of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// It arrives.
    Whole,
    /// It ends half way.
    Half,
    /// It comes this late.
    Late(Duration),
    /// It never comes; the connection stays open.
    Never,
    /// The connection is closed instead.
    Cut,
}

/// Answers one request.
pub(super) fn exchange<D: Dialect>(live: &mut Live, request: &HttpRequest) -> Outgoing {
    let now = Timestamp::now();
    let request_id = D::request_id(fastrand::u128(..));
    let opened = D::open(live, request, now);
    let held = opened.as_ref().ok().and_then(|call| live.hold.as_mut()?.held(call));
    let fault = opened.as_ref().ok().and_then(|call| match &held {
        Some(held) => fault_of(held),
        None => live.faults.strike(call),
    });
    let outcome = match &opened {
        Err(refusal) => Err(refusal.clone()),
        Ok(call) => carry_out::<D>(live, call, fault.as_ref(), now),
    };
    let outcome = match live.finish_call() {
        Ok(effects) => {
            let logged = log_entry::<D>(
                opened.as_ref().ok(),
                &outcome,
                &effects,
                fault.as_ref(),
                now,
                &request_id,
            );
            live.log.push(logged).map(|()| outcome)
        }
        Err(error) => Err(error),
    };
    let outcome = outcome.unwrap_or_else(|error| {
        tracing::error!(%error, "the sandbox cannot keep its state");
        Err(D::internal_error())
    });
    let (answer, delivery) = deliver::<D>(request, &outcome, fault.as_ref(), &request_id);
    Outgoing { answer, delivery, held: held.map(|held| held.release) }
}

/// What a hold does to the call itself.
fn fault_of(held: &HeldCall) -> Option<FaultKind> {
    match held.moment {
        Moment::BeforeEffect => Some(FaultKind::DropBefore),
        Moment::AfterEffect => None,
    }
}

/// The outcome of a proven call: a fault's, the limiter's, or that of the call itself.
fn carry_out<D: Dialect>(
    live: &mut Live,
    call: &Call,
    fault: Option<&FaultKind>,
    now: Timestamp,
) -> Result<D::Reply, Refusal> {
    if let Some(refusal) = fault.and_then(|fault| refusal_of::<D>(&call.action, fault)) {
        return Err(refusal);
    }
    let (account, region) = (call.account.as_str(), call.region.as_str());
    if !live.limiter.admits(account, region, &call.action, Instant::now()) {
        return Err(D::throttled(&call.action));
    }
    D::act(live, call, now)
}

/// What a fault answers instead of carrying the call out.
fn refusal_of<D: Dialect>(action: &str, fault: &FaultKind) -> Option<Refusal> {
    match fault {
        FaultKind::Throttle(wait) => {
            Some(Refusal { retry_after_ms: *wait, ..D::throttled(action) })
        }
        FaultKind::ExpiredCredentials => Some(D::expired_credentials(action)),
        FaultKind::ClockSkew => Some(D::clock_skew(action)),
        FaultKind::Code { code, status } => {
            let status = status.or_else(|| D::status(code)).unwrap_or(400);
            Some(Refusal::new(status, code, "The sandbox was asked for this code."))
        }
        fault if fault.lets_pass() => None,
        // Nothing happens; what is answered, if anything, is decided on delivery.
        _ => Some(D::internal_error()),
    }
}

fn deliver<D: Dialect>(
    request: &HttpRequest,
    outcome: &Result<D::Reply, Refusal>,
    fault: Option<&FaultKind>,
    request_id: &str,
) -> (HttpResponse, Delivery) {
    let shown_id = (fault != Some(&FaultKind::NoRequestId)).then_some(request_id);
    let mut answer = D::answer(request, outcome, shown_id);
    let delivery = match fault {
        Some(FaultKind::DropBefore | FaultKind::DropAfter) => Delivery::Cut,
        Some(FaultKind::Truncate) => Delivery::Half,
        Some(FaultKind::Slow(wait)) => Delivery::Late(*wait),
        Some(FaultKind::Hang) => Delivery::Never,
        Some(FaultKind::ErrorAfter) => {
            answer = D::answer(request, &Err(D::internal_error()), shown_id);
            Delivery::Whole
        }
        Some(FaultKind::Garbage) => {
            answer = proxy_page();
            Delivery::Whole
        }
        _ => Delivery::Whole,
    };
    (answer, delivery)
}

/// What a captive proxy answers to everything.
fn proxy_page() -> HttpResponse {
    HttpResponse {
        status: 200,
        headers: vec![("content-type", "text/html".to_owned())],
        body: "<!DOCTYPE html><html><body><h1>Please sign in</h1></body></html>".to_owned(),
    }
}

fn log_entry<D: Dialect>(
    call: Option<&Call>,
    outcome: &Result<D::Reply, Refusal>,
    effects: &CallEffects,
    fault: Option<&FaultKind>,
    at: Timestamp,
    request_id: &str,
) -> LoggedCall {
    let (removed, added) = rules_of(&effects.lines);
    let refusal = outcome.as_ref().err();
    LoggedCall {
        at,
        cloud: D::CLOUD,
        account: call.map(|call| AccountId::clone(&call.account)),
        region: call.map_or_else(|| RegionId::from(""), |call| call.region.clone()),
        action: call.map(|call| call.action.clone()).unwrap_or_default(),
        params: call.map(|call| call.params.clone()).unwrap_or_default(),
        removed,
        added,
        status: refusal.map_or(200, |refusal| refusal.status),
        code: refusal.map(|refusal| refusal.code.clone()),
        request_id: request_id.to_owned(),
        fault: fault.map(FaultKind::name),
        replayed: effects.replayed,
    }
}

fn rules_of(lines: &[StoredLine]) -> (Vec<RuleId>, Vec<RuleId>) {
    let (mut removed, mut added) = (Vec::new(), Vec::new());
    for line in lines {
        if let StoredLine::Change(change) = line {
            removed.extend(change.removed.iter().cloned());
            added.extend(change.added.iter().map(|rule| rule.id.clone()));
        }
    }
    (removed, added)
}
