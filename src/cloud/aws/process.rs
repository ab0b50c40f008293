//! `credential_process` of a profile, run by us: `aws-config` would leave it running when nobody
//! waits for it any more.

use std::time::SystemTime;

use aws_config::profile::{Profile, ProfileSet};
use aws_credential_types::Credentials;
use serde_json::{Map, Value};

use crate::cloud::{CloudError, ErrorClass, child};

/// Most hops from a profile to its source.
const MAX_HOPS: usize = 16;
/// Keys of a profile that name a source which comes before a command.
const BEFORE: [&str; 5] = [
    "credential_source",
    "web_identity_token_file",
    "sso_account_id",
    "sso_role_name",
    "login_session",
];

/// A command that gives credentials, and the roles to assume with them one after the other.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Process {
    /// The profile that names it.
    profile: String,
    command: String,
    pub(super) roles: Vec<ProfileRole>,
}

/// A role of a profile.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ProfileRole {
    pub(super) arn: String,
    pub(super) external_id: Option<String>,
    pub(super) session: Option<String>,
}

/// The command at the end of the chain of the selected profile, in the order in which `aws-config`
/// looks; `None` if something else is there.
pub(super) fn process_of(profiles: &ProfileSet) -> Option<Process> {
    let mut profile = profiles.get_profile(profiles.selected_profile())?;
    let mut roles = Vec::new();
    for hop in 0..MAX_HOPS {
        if hop > 0 && has_keys(profile) {
            return None;
        }
        let source = profile.get("source_profile");
        match (role(profile), source) {
            (Some(role), Some(next)) => {
                roles.insert(0, role);
                if next == profile.name() {
                    return last(profile, roles);
                }
                profile = profiles.get_profile(next)?;
            }
            (Some(_), None) => return None,
            (None, _) => return last(profile, roles),
        }
    }
    None
}

fn last(profile: &Profile, roles: Vec<ProfileRole>) -> Option<Process> {
    if BEFORE.iter().any(|key| profile.get(key).is_some()) {
        return None;
    }
    let command = profile.get("credential_process")?.to_owned();
    Some(Process { profile: profile.name().to_owned(), command, roles })
}

fn has_keys(profile: &Profile) -> bool {
    profile.get("aws_access_key_id").is_some() && profile.get("aws_secret_access_key").is_some()
}

/// A web identity is no role that another profile assumes.
fn role(profile: &Profile) -> Option<ProfileRole> {
    let arn = profile.get("role_arn").filter(|_| profile.get("web_identity_token_file").is_none());
    let text = |key| profile.get(key).map(str::to_owned);
    Some(ProfileRole {
        arn: arn?.to_owned(),
        external_id: text("external_id"),
        session: text("role_session_name"),
    })
}

impl Process {
    /// Runs the command.
    pub(super) async fn credentials(&self) -> Result<Credentials, CloudError> {
        let failed = |why: String| {
            let message = format!("profile `{}`: its credential_process {why}", self.profile);
            CloudError::local(ErrorClass::Credential, "credential_process", message)
        };
        let ran = child::run(&self.command).await;
        let (status, written) = ran.map_err(|error| failed(format!("does not run: {error}")))?;
        if !status.success() {
            return Err(failed(format!(
                "failed ({status}): run it by hand to see why, its own words are not repeated here"
            )));
        }
        parse(&written).map_err(|why| failed(format!("gives no credentials: {why}")))
    }
}

/// Reads what a command wrote: nothing of it is in the error.
fn parse(written: &[u8]) -> Result<Credentials, String> {
    let object: Map<String, Value> = serde_json::from_slice(written)
        .map_err(|_| "expected one JSON object on standard output".to_owned())?;
    let field = |name: &str| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    let text = |name| field(name).and_then(|(_, value)| value.as_str()).map(str::to_owned);
    if field("Version").and_then(|(_, value)| value.as_u64()) != Some(1) {
        return Err("`Version` is not 1".to_owned());
    }
    let required = |name: &'static str| text(name).ok_or_else(|| format!("no `{name}`"));
    let ends = text("Expiration").map(|ends| ends.parse::<jiff::Timestamp>()).transpose();
    let ends = ends.map_err(|_| "`Expiration` is no time (ISO 8601)".to_owned())?;
    Ok(Credentials::new(
        required("AccessKeyId")?,
        required("SecretAccessKey")?,
        text("SessionToken"),
        ends.map(SystemTime::from),
        "credential_process",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_command_writes_is_read_as_the_official_tools_read_it() {
        let read = |text: &str| parse(text.as_bytes());
        let whole = r#"{"Version":1,"AccessKeyId":"A","SecretAccessKey":"S","SessionToken":"T",
            "Expiration":"2030-05-02T18:36:00+00:00"}"#;
        let found = read(whole).expect("credentials");
        assert_eq!((found.access_key_id(), found.session_token()), ("A", Some("T")));
        assert!(found.expiry().is_some());
        let plain = read(r#"{"version":1,"accesskeyid":"A","secretaccesskey":"S"}"#);
        assert_eq!(plain.expect("no matter of case").expiry(), None);
        for (text, expected) in [
            ("", "JSON"),
            ("secret", "JSON"),
            (r#"{"AccessKeyId":"A","SecretAccessKey":"S"}"#, "Version"),
            (r#"{"Version":1,"AccessKeyId":"A"}"#, "SecretAccessKey"),
            (r#"{"Version":1,"AccessKeyId":"A","SecretAccessKey":"S","Expiration":"soon"}"#, "ISO"),
        ] {
            let why = read(text).expect_err(expected);
            assert!(why.contains(expected) && !why.contains("secret"), "{why}");
        }
    }
}
