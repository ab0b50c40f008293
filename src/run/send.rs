//! One call's life: its turn, its age, intent, send, and what the answer means.

use super::active_call::{ActiveCall, LastAnswer};
use super::answer::conclude;
use super::planted::sent_too_early;
use super::request::Request;
use super::{CarryOut, RunError, Unrecorded};
use crate::cloud::CloudError;
use crate::exchange::{Account, Exchange, Permit};
use crate::failpoint::{during, hit};
use crate::journal::{Claim, Held, JournalError, Lane};
use crate::model::{Event, Status};

/// Sends `call` until it is answered. It comes back unsent, or waiting, when the command is to
/// end or the lane was left alone; and to be read back, when it waited for too long. Must not be
/// dropped: a send in flight would be unknown.
pub(super) async fn send(
    work: &CarryOut<'_>,
    held: &Held,
    account: &Account,
    mut call: ActiveCall,
) -> Result<ActiveCall, RunError> {
    let lane = &held.lane;
    let sender = Sender {
        work,
        exchange: work.exchange,
        held,
        lane,
        account,
        action: work.operation.action(call.record.direction).name(lane.key.cloud),
    };
    // What an earlier process was told to wait holds for the lane, not for this call alone.
    if let Some(left) = call.told_to_wait() {
        sender.exchange.pacer.hold_back(&lane.key, sender.action, left);
    }
    while let Some((permit, ready)) = sender.permit(&call).await {
        let now = sender.exchange.clock.now();
        if let Some(reason) = call.lapse(&now) {
            return Ok(sender.read_first(call, reason).await?);
        }
        sender.attempt(&mut call, permit, ready).await?;
        if !matches!(call.record.status, Status::Waiting { .. }) {
            break;
        }
    }
    Ok(call)
}

/// What all sends of one call have in common.
struct Sender<'a> {
    work: &'a CarryOut<'a>,
    exchange: &'a Exchange,
    held: &'a Held,
    lane: &'a Lane,
    account: &'a Account,
    action: &'static str,
}

impl<'a> Sender<'a> {
    /// The right to send `call` now, with credentials at hand or the reason why there are none;
    /// `None` once nothing more is to be sent. Every wait before a call is here, where a stop ends
    /// it: once the intent is stored, the call leaves at once.
    async fn permit(&self, call: &ActiveCall) -> Option<(Permit<'a>, Result<(), CloudError>)> {
        let lane = &self.lane.key;
        loop {
            let ready = async {
                tokio::time::sleep_until(call.due).await;
                self.work.pause.over(&*self.exchange.progress).await;
                let permit = self.exchange.permit(lane, self.action).await;
                let ready = self.account.client.ready(&lane.region).await;
                // The waits for quota and credentials may have been long.
                (!self.work.pause.is_on().await).then_some((permit, ready))
            };
            let permit = tokio::select! {
                biased;
                () = self.exchange.stop.cancelled() => return None,
                permit = ready => permit,
            };
            // The waits may have been long.
            if self.exchange.left_alone(lane).is_some() || self.work.is_stale(call.record.looked_ms)
            {
                return None;
            }
            if permit.is_some() {
                return permit;
            }
        }
    }

    /// Journals that `call` is to be read back before anything more is sent.
    async fn read_first(
        &self,
        mut call: ActiveCall,
        reason: String,
    ) -> Result<ActiveCall, JournalError> {
        tracing::debug!("{}: call {}: {reason}", self.lane.key, call.record.id.0);
        let (id, at_ms) = (call.record.id, self.exchange.clock.now_ms());
        let lapsed = Event::Lapsed { reason };
        let (status, _) = self.work.journal.append(self.held, id, &lapsed, at_ms).await?;
        call.record.status = status;
        call.last_answer = LastAnswer::Lapsed;
        call.polls = 0;
        Ok(call)
    }

    /// Sends `call` once: intent, request, what came of it.
    async fn attempt(
        &self,
        call: &mut ActiveCall,
        permit: Permit<'_>,
        ready: Result<(), CloudError>,
    ) -> Result<(), RunError> {
        let client = &*self.account.client;
        let request = match Request::new(self.work, self.lane, &call.record, client) {
            Ok(request) => request,
            Err(error) => {
                self.exchange.leave_alone(&self.lane.key, error);
                return Ok(());
            }
        };
        let early = match ready {
            Ok(()) => {
                sent_too_early(self.work.operation, client, &request.order(self.lane, &call.record))
                    .await
            }
            Err(error) => Some(Err(error)),
        };
        let claim = self.claim(call, &request).await?;
        let resent = matches!(claim.status, Status::InFlight { attempt: 2.., .. });
        let answer = if let Some(answer) = early {
            answer
        } else {
            let order = request.order(self.lane, &call.record);
            during("after-send", self.work.operation.send(client, &order)).await
        };
        let answer = self.exchange.own(answer);
        hit("after-reply");
        let error = answer.as_ref().err();
        let shut_for = self.exchange.answered(&self.lane.key, permit, error);
        self.exchange.count(&self.lane.key, self.action, error, resent);
        let event = conclude(self.work, self.lane, self.account, call, answer, shut_for).await;
        self.store(call, claim, event, request).await
    }

    /// Stores the intent, which gives the right to send.
    async fn claim(&self, call: &mut ActiveCall, request: &Request) -> Result<Claim, JournalError> {
        let intent = request.intent(&self.account.identity);
        let now = self.exchange.clock.now();
        hit("before-intent");
        let (held, id) = (self.held, call.record.id);
        let claim = self.work.journal.claim(held, id, &intent, now.wall_ms).await?;
        hit("after-intent");
        call.sent(claim.status, now);
        Ok(claim)
    }

    /// Stores what came of a send; what cannot be stored comes back with the error.
    async fn store(
        &self,
        call: &mut ActiveCall,
        claim: Claim,
        event: Event,
        request: Request,
    ) -> Result<(), RunError> {
        hit("before-outcome");
        let at_ms = self.exchange.clock.now_ms();
        match self.work.journal.conclude(self.held, claim, &event, at_ms).await {
            Ok(status) => call.record.status = status,
            Err(journal) => {
                let run = &self.work.run.new.id;
                let lost = Unrecorded::new(run, self.lane, call, request.token, event);
                return Err(RunError { journal, unrecorded: vec![lost] });
            }
        }
        hit("after-outcome");
        Ok(())
    }
}
