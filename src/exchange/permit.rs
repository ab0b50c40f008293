//! The permit to send one exchange, and what its answer means for those that follow.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::credential_gate::{CredentialGate, GatePermit};
use super::silence::Asked;
use super::state::Exchange;
use super::{Wait, Waiting};
use crate::cloud::CloudError;
use crate::model::{ErrorClass, LaneKey};
use crate::pace::{LimitSignal, Turn};

/// The permit to send one exchange. Dropped without an answer, it counts as one that got none.
#[must_use = "an exchange is in flight while this is held"]
pub struct Permit<'a> {
    turn: Turn<'a>,
    gate: Arc<CredentialGate>,
    untried: GatePermit,
}

impl Exchange {
    /// Waits until one exchange of `action` may be sent. Cancel safe.
    pub async fn permit(&self, lane: &LaneKey, action: &'static str) -> Permit<'_> {
        let state = self.lane(lane);
        self.permit_asked(lane, action, &mut state.silence.ask()).await
    }

    /// The same for what was `asked` already.
    pub(super) async fn permit_asked(
        &self,
        lane: &LaneKey,
        action: &'static str,
        asked: &mut Asked<'_>,
    ) -> Permit<'_> {
        let gate = self.gate(lane, action);
        let untried = gate.admit().await;
        let waiting = Waiting::begin(&*self.progress, Wait::Quota);
        let turn = asked.paced(self.pacer.turn(lane, action)).await;
        drop(waiting);
        Permit { turn, gate, untried }
    }

    /// Tells of an exchange that ended: the pace, the account's other lanes, and the lane, which
    /// is left alone if its endpoint failed too often. Returns how long no call of its action
    /// goes out.
    pub fn answered(
        &self,
        lane: &LaneKey,
        permit: Permit<'_>,
        error: Option<&CloudError>,
    ) -> Duration {
        let Permit { turn, gate, untried } = permit;
        if let Some(time) = self.time(lane) {
            turn.keep_time(time);
        }
        let answer = self.heard(error);
        if answer == LimitSignal::Passed {
            gate.open();
        }
        let fault = error.filter(|_| answer == LimitSignal::Fault);
        match fault {
            Some(error) => self.lane(lane).failed(error),
            None => self.lane(lane).silence.heard(),
        }
        let heard = turn.answered(answer);
        if let Some(error) = fault.filter(|_| heard.leaves_alone) {
            self.lane(lane).leave_failing_alone(error);
        }
        drop(untried);
        if matches!(answer, LimitSignal::Refused { .. }) {
            self.progress.throttled(lane, heard.shut_for);
        }
        heard.shut_for
    }

    /// The time of the provider of `lane`, as far as its answers told.
    fn time(&self, lane: &LaneKey) -> Option<SystemTime> {
        self.proven(lane)?.client.time(&lane.region)
    }

    /// What an answer tells of limit and endpoint.
    fn heard(&self, error: Option<&CloudError>) -> LimitSignal {
        let Some(error) = error else { return LimitSignal::Passed };
        match error.class {
            ErrorClass::Throttled => {
                let longest = self.policy.longest_wait;
                let retry_after = error.retry_after.map(|asked| asked.min(longest));
                LimitSignal::Refused { retry_after }
            }
            ErrorClass::RuleMissing
            | ErrorClass::GroupMissing
            | ErrorClass::PeerMissing
            | ErrorClass::TokenReused
            | ErrorClass::PageExpired
            | ErrorClass::Managed
            | ErrorClass::Refused => LimitSignal::Passed,
            ErrorClass::Lost | ErrorClass::Transient | ErrorClass::Unreached => LimitSignal::Fault,
            ErrorClass::Resign
            | ErrorClass::Scarce
            | ErrorClass::Expired
            | ErrorClass::ClockSkew
            | ErrorClass::Credential
            | ErrorClass::Denied
            | ErrorClass::NotOurs
            | ErrorClass::Config => LimitSignal::Silent,
        }
    }
}
