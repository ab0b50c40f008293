//! A key that is kept while it is good.

use std::time::{Duration, SystemTime};

use secrecy::ExposeSecret as _;

use crate::cloud::StaticKey;
use crate::cloud::alibaba::node::{Node, Unreadable};
use crate::cloud::key_object::KeyObject;

/// How long before its end a key is replaced: longer than a call and its signature last.
const MARGIN: Duration = Duration::from_mins(5);

/// A key and, if it has one, its end.
pub(super) struct Kept {
    pub(super) key: StaticKey,
    pub(super) expires: Option<SystemTime>,
}

impl Kept {
    pub(super) fn is_good(&self, now: SystemTime) -> bool {
        self.expires.is_none_or(|end| now + MARGIN < end)
    }

    /// Reads the session of an answer of STS.
    pub(super) fn of_session(node: &Node) -> Result<Self, Unreadable> {
        let missing = || Unreadable("`Credentials` is missing".into());
        let credentials = node.get("Credentials").ok_or_else(missing)?;
        let text = |name| credentials.required(name).map(str::to_owned);
        let end: jiff::Timestamp = text("Expiration")?
            .parse()
            .map_err(|_| Unreadable("`Expiration` is not a time".into()))?;
        let (secret, token) = (text("AccessKeySecret")?, text("SecurityToken")?);
        let id = text("AccessKeyId")?;
        let key = StaticKey { id, secret: secret.into(), token: Some(token.into()) };
        Ok(Self { key, expires: Some(end.into()) })
    }

    /// Reads what a service answers that gives keys: nothing of it is in the error.
    pub(super) fn of_service(body: &[u8]) -> Result<Self, String> {
        let object = KeyObject::read(body)?;
        if object.text("Code") != Some("Success") {
            return Err("`Code` is not Success".to_owned());
        }
        // Without its end a session would be used beyond it.
        let end = object.end("Expiration")?.ok_or("no `Expiration`")?;
        let id = object.required("AccessKeyId")?.expose_secret().to_owned();
        let secret = object.required("AccessKeySecret")?;
        let token = Some(object.required("SecurityToken")?);
        Ok(Self { key: StaticKey { id, secret, token }, expires: Some(end) })
    }

    /// Reads what a command writes, which is a profile: nothing of it is in the error.
    pub(super) fn of_command(written: &[u8]) -> Result<Self, String> {
        let object = KeyObject::read(written).map_err(|why| format!("{why} on standard output"))?;
        let mode = object.text("mode").unwrap_or_default().to_ascii_lowercase();
        let token = match mode.as_str() {
            "ak" => None,
            "ststoken" => Some(object.required("sts_token")?),
            _ => return Err("`mode` is neither AK nor StsToken".to_owned()),
        };
        let id = object.required("access_key_id")?.expose_secret().to_owned();
        let secret = object.required("access_key_secret")?;
        let expires = object.end("expiration")?;
        Ok(Self { key: StaticKey { id, secret, token }, expires })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_service_answers_is_a_session_with_its_end_or_nothing() {
        let whole = r#"{"Code":"Success","AccessKeyId":"STS.1","AccessKeySecret":"s3cret",
            "SecurityToken":"T","Expiration":"2030-01-01T00:00:00Z","LastUpdated":"x"}"#;
        let kept = Kept::of_service(whole.as_bytes()).expect("a session");
        assert_eq!((kept.key.id.as_str(), kept.expires.is_some()), ("STS.1", true));
        for (from, to, expected) in [
            ("\"Code\":\"Success\",", "", "Code"),
            ("Success", "Failed", "Code"),
            ("STS.1", "", "AccessKeyId"),
            ("s3cret", "", "AccessKeySecret"),
            ("s3cret", "s3cret\u{e9}", "U+00E9"),
            ("\"T\"", "null", "SecurityToken"),
            ("2030-01-01T00:00:00Z", "", "Expiration"),
            ("2030-01-01T00:00:00Z", "soon", "not a time"),
            ("{", "[{", "JSON"),
        ] {
            let why = Kept::of_service(whole.replace(from, to).as_bytes()).err().expect(to);
            assert!(why.contains(expected) && !why.contains("s3cret"), "{why}");
        }
    }

    #[test]
    fn what_a_command_writes_is_a_profile_with_a_key() {
        let read = |text: &str| Kept::of_command(text.as_bytes());
        let key = r#"{"mode":"AK","access_key_id":"A","access_key_secret":"s3cret","x":1}"#;
        let kept = read(key).expect("a key");
        assert_eq!(
            (kept.key.id.as_str(), kept.key.token.is_none(), kept.expires),
            ("A", true, None)
        );
        let session = r#"{"Mode":"StsToken","access_key_id":"A","access_key_secret":"s3cret",
            "sts_token":"T","expiration":"2030-01-01T00:00:00Z"}"#;
        let kept = read(session).expect("a session");
        assert!(kept.key.token.is_some() && kept.expires.is_some());
        for (text, expected) in [
            ("s3cret", "JSON object on standard output"),
            (r#"{"access_key_id":"A","access_key_secret":"s3cret"}"#, "`mode`"),
            (r#"{"mode":"RamRoleArn","access_key_secret":"s3cret"}"#, "`mode`"),
            (r#"{"mode":"AK","access_key_secret":"s3cret"}"#, "no `access_key_id`"),
            (
                r#"{"mode":"StsToken","access_key_id":"A","access_key_secret":"s3cret"}"#,
                "sts_token",
            ),
            (&session.replace("2030", "s3cret"), "`expiration` is not a time"),
        ] {
            let why = read(text).err().expect(expected);
            assert!(why.contains(expected) && !why.contains("s3cret"), "{why}");
        }
    }
}
