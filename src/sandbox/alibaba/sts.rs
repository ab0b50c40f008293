//! Alibaba Cloud's STS: who am I, and who may I become.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::refusal::{missing, refuse};
use crate::model::Provider;
use crate::sandbox::call::{Call, Refusal};
use crate::sandbox::live::Live;
use crate::sandbox::sessions::{read_role, session_end};

/// `GetCallerIdentity`.
pub(super) fn identity(call: &Call) -> Value {
    let is_role = call.arn.contains(":assumed-role/");
    let kind = if is_role { "AssumedRoleUser" } else { "RAMUser" };
    json!({
        "AccountId": call.account,
        "Arn": call.arn,
        "IdentityType": kind,
        "PrincipalId": format!("2{}", call.account),
        "UserId": if is_role { String::new() } else { format!("2{}", call.account) },
        "RoleId": if is_role { format!("3{}", call.account) } else { String::new() },
    })
}

/// `AssumeRole` into an account of the world whose keys the sandbox holds.
pub(super) fn assume_role(live: &mut Live, call: &Call, now: Timestamp) -> Result<Value, Refusal> {
    let arn = call.param("RoleArn").ok_or_else(|| missing("MissingRoleArn", "RoleArn"))?;
    let session = call
        .param("RoleSessionName")
        .ok_or_else(|| missing("MissingRoleSessionName", "RoleSessionName"))?;
    if !is_session_name(session) {
        return Err(refuse(
            "InvalidParameter.RoleSessionName",
            "The parameter RoleSessionName is wrongly formed.",
        ));
    }
    let end = session_end(call.param("DurationSeconds"), now).ok_or_else(|| {
        refuse(
            "InvalidParameter.DurationSeconds",
            "The Min/Max value of DurationSeconds is 15min/12hr.",
        )
    })?;
    let unknown = || refuse("EntityNotExist.Role", "The role not exists.");
    let (id, role) = read_role(arn, "acs:ram::").ok_or_else(unknown)?;
    let target = live.world().account(Provider::Alibaba, id).ok_or_else(unknown)?;
    let denied = || {
        refuse(
            "NoPermission",
            "You are not authorized to do this action. You should be authorized by RAM.",
        )
    };
    if target.access_key_id.is_none() {
        return Err(denied());
    }
    if target.external_id.is_some() && target.external_id.as_deref() != call.param("ExternalId") {
        return Err(denied());
    }
    let account = target.id.clone();
    let session_arn = format!("acs:ram::{account}:assumed-role/{role}/{session}");
    let (key, caller) =
        live.sessions.issue(Provider::Alibaba, account.clone(), session_arn.clone(), end);
    Ok(json!({
        "AssumedRoleUser": { "Arn": session_arn, "AssumedRoleId": format!("3{account}:{session}") },
        "Credentials": {
            "AccessKeyId": key,
            "AccessKeySecret": caller.secret,
            "SecurityToken": caller.token,
            "Expiration": format!("{end:.0}"),
        },
    }))
}

/// 2 to 64 letters, digits and `.@-_`.
fn is_session_name(text: &str) -> bool {
    (2..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".@-_".contains(&b))
}
