//! `credential_process` of a profile, run by us: `aws-config` would leave it running when nobody
//! waits for it any more.

use aws_credential_types::Credentials;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::cloud::key_object::KeyObject;
use crate::cloud::{CloudError, ErrorClass, child, scarce};

/// A command that gives credentials, and the roles to assume with them one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Process {
    /// The profile that names it.
    profile: String,
    command: String,
    pub(super) roles: Vec<ProfileRole>,
}

/// A role of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProfileRole {
    pub(super) arn: String,
    pub(super) external_id: Option<String>,
    pub(super) session: Option<String>,
}

impl Process {
    /// The command of a profile.
    pub(super) fn new(profile: &str, command: &str, roles: Vec<ProfileRole>) -> Self {
        Self { profile: profile.to_owned(), command: command.to_owned(), roles }
    }

    /// Runs the command.
    pub(super) async fn credentials(&self) -> Result<Credentials, CloudError> {
        let failed = |why: String| {
            let program = child::program(&self.command);
            let message = format!("profile `{}`: credential_process {program} {why}", self.profile);
            CloudError::local(ErrorClass::Credential, "credential_process", message)
        };
        let ran = child::run(&child::by_shell(&self.command)).await;
        let (status, written) = ran.map_err(|error| {
            scarce::of_start(&error).unwrap_or_else(|| failed(format!("does not run: {error}")))
        })?;
        if !status.success() {
            return Err(failed(child::ended(status)));
        }
        parse(&written).map_err(|why| failed(format!("gives no credentials: {why}")))
    }
}

/// Reads what a command wrote: nothing of it is in the error.
fn parse(written: &[u8]) -> Result<Credentials, String> {
    let object = KeyObject::read(written).map_err(|why| format!("{why} on standard output"))?;
    if object.field("Version").and_then(Value::as_u64) != Some(1) {
        return Err("`Version` is not 1".to_owned());
    }
    let shown = |secret: SecretString| secret.expose_secret().to_owned();
    Ok(Credentials::new(
        shown(object.required("AccessKeyId")?),
        shown(object.required("SecretAccessKey")?),
        object.part("SessionToken")?.map(shown),
        object.end("Expiration")?,
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
        let dressed = "\u{feff}{\"Version\":1,\"AccessKeyId\":\"A\\n\",\"SecretAccessKey\":\" S\",
            \"SessionToken\":\"\",\"Expiration\":null,\"More\":{}}";
        let found = read(dressed).expect("credentials");
        assert_eq!((found.access_key_id(), found.secret_access_key()), ("A", "S"));
        assert_eq!((found.session_token(), found.expiry()), (None, None));
        for (text, expected) in [
            ("", "JSON"),
            (r#"{"Version":1,"AccessKeyId":"A","SecretAccessKey":"my secret"}"#, "a blank"),
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
