//! AWS's STS: who am I, and who may I become.

use jiff::Timestamp;

use super::partition;
use super::response::refuse;
use super::xml::{leaf, node};
use crate::model::Provider;
use crate::sandbox::call::{Call, Refusal};
use crate::sandbox::live::Live;
use crate::sandbox::sessions::{read_role, session_end};

/// `GetCallerIdentity`.
pub(super) fn identity(call: &Call) -> String {
    let user = if call.arn.contains(":assumed-role/") { "AROA" } else { "AIDA" };
    leaf("Arn", &call.arn)
        + &leaf("UserId", format!("{user}{}", call.account))
        + &leaf("Account", call.account.as_str())
}

/// `AssumeRole` into an account of the world whose keys the sandbox holds.
pub(super) fn assume_role(live: &mut Live, call: &Call, now: Timestamp) -> Result<String, Refusal> {
    let arn = required(call, "RoleArn")?;
    let session = required(call, "RoleSessionName")?;
    if !is_session_name(session) {
        return Err(invalid("roleSessionName", session));
    }
    let end = session_end(call.param("DurationSeconds"), now).ok_or_else(|| {
        invalid("durationSeconds", call.param("DurationSeconds").unwrap_or_default())
    })?;
    let partition = partition::of(&call.region);
    let (id, role) =
        read_role(arn, &format!("arn:{partition}:iam::")).ok_or_else(|| invalid("roleArn", arn))?;
    let denied = || {
        let message = format!(
            "User: {} is not authorized to perform: sts:AssumeRole on resource: {arn}",
            call.arn
        );
        refuse("AccessDenied", message)
    };
    let target = live.world().account(Provider::Aws, id).ok_or_else(denied)?;
    let has_id =
        target.external_id.is_none() || target.external_id.as_deref() == call.param("ExternalId");
    if target.access_key_id.is_none() || !has_id {
        return Err(denied());
    }
    let account = target.id.clone();
    let session_arn = format!("arn:{partition}:sts::{account}:assumed-role/{role}/{session}");
    let (key, caller) =
        live.sessions.issue(Provider::Aws, account.clone(), session_arn.clone(), end);
    let user =
        leaf("AssumedRoleId", format!("AROA{account}:{session}")) + &leaf("Arn", session_arn);
    let credentials = leaf("AccessKeyId", key)
        + &leaf("SecretAccessKey", caller.secret)
        + &leaf("SessionToken", caller.token.unwrap_or_default())
        + &leaf("Expiration", format!("{end:.0}"));
    Ok(node("AssumedRoleUser", user) + &node("Credentials", credentials))
}

fn required<'a>(call: &'a Call, name: &str) -> Result<&'a str, Refusal> {
    call.param(name).ok_or_else(|| {
        refuse("ValidationError", format!("1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null"))
    })
}

fn invalid(name: &str, value: &str) -> Refusal {
    let message = format!(
        "1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint"
    );
    refuse("ValidationError", message)
}

/// 2 to 64 letters, digits and `_+=,.@-`.
fn is_session_name(text: &str) -> bool {
    (2..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b))
}
