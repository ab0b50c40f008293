//! Which action does what, and what a client token makes of it.

use jiff::Timestamp;
use serde_json::Value;

use super::refusal::refuse;
use super::{attribute, describe, revoke, sts};
use crate::model::Direction;
use crate::sandbox::call::{Call, Refusal};
use crate::sandbox::live::Live;
use crate::sandbox::tokens::{Novelty, Remembered};

/// Longest client token, in ASCII characters.
const TOKEN_LENGTH: usize = 64;

/// Carries out a call.
pub(super) fn act(live: &mut Live, call: &Call, now: Timestamp) -> Result<Value, Refusal> {
    match call.action.as_str() {
        "RevokeSecurityGroup" => {
            once(live, call, |live| revoke::revoke(live, call, Direction::Ingress))
        }
        "RevokeSecurityGroupEgress" => {
            once(live, call, |live| revoke::revoke(live, call, Direction::Egress))
        }
        "AuthorizeSecurityGroup" => {
            once(live, call, |live| revoke::authorize(live, call, Direction::Ingress, now))
        }
        "AuthorizeSecurityGroupEgress" => {
            once(live, call, |live| revoke::authorize(live, call, Direction::Egress, now))
        }
        "DescribeSecurityGroupAttribute" => attribute::attribute(live, call),
        "DescribeSecurityGroups" => describe::groups(live, call),
        "DescribeSecurityGroupReferences" => describe::references(live, call),
        "DescribeRegions" => Ok(describe::regions(live)),
        "GetCallerIdentity" => Ok(sts::identity(call)),
        "AssumeRole" => sts::assume_role(live, call, now),
        _ => Err(refuse(
            "InvalidAction.NotFound",
            "Specified api is not found, please check your url and method.",
        )),
    }
}

/// Carries out a change at most once for each client token; the first answer is given again.
fn once(
    live: &mut Live,
    call: &Call,
    change: impl FnOnce(&mut Live) -> Result<Value, Refusal>,
) -> Result<Value, Refusal> {
    let Some(token) = call.param("ClientToken") else { return change(live) };
    if token.len() > TOKEN_LENGTH || !token.is_ascii() {
        return Err(refuse(
            "InvalidClientToken.ValueNotSupported",
            "The ClientToken provided is invalid: expected at most 64 ASCII characters.",
        ));
    }
    match live.state.tokens.novelty(call, token) {
        Novelty::Replayed(outcome) => {
            live.effects.replayed = true;
            outcome
        }
        Novelty::Mismatch => Err(refuse(
            "IdempotentParameterMismatch",
            "Request uses a client token in a previous request but is not identical to that request.",
        )),
        Novelty::New => {
            let outcome = change(live);
            live.remember(Remembered::new(call, token, outcome.clone()));
            outcome
        }
    }
}
