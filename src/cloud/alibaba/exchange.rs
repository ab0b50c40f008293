//! One signed exchange: a call in, the answer's tree or a classified error out.

use std::time::SystemTime;

use reqwest::Url;
use secrecy::ExposeSecret;

use super::answer;
use super::node::{Node, Unreadable};
use super::sign::{Unsigned, authorization, form, payload_hash};
use crate::cloud::hide::hide;
use crate::cloud::{
    Answer, CloudError, ErrorClass, Http, HttpReply, MAX_READ_BODY, MAX_WRITE_BODY, StaticKey,
};
use crate::model::RequestId;

const CONTENT_TYPE: &str = "application/x-www-form-urlencoded";

/// Which service is called, by the version of its API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    /// Elastic Compute Service.
    Ecs,
    /// Security Token Service.
    Sts,
}

impl Service {
    const fn version(self) -> &'static str {
        match self {
            Self::Ecs => "2014-05-26",
            Self::Sts => "2015-04-01",
        }
    }
}

/// One call to be made.
#[derive(Clone, Debug)]
pub(super) struct Request<'a> {
    /// The service.
    pub service: Service,
    /// Where it is served: scheme, host, port.
    pub endpoint: &'a str,
    /// The action.
    pub action: &'a str,
    /// The parameters, not encoded.
    pub parameters: Vec<(String, String)>,
}

/// What makes a signature unique.
#[derive(Clone, Debug)]
pub(super) struct Stamp {
    /// `YYYY-MM-DDTHH:MM:SSZ`.
    pub date: String,
    /// Never used before.
    pub nonce: String,
}

impl Stamp {
    /// A stamp of this time.
    fn of(time: SystemTime) -> Self {
        let time = jiff::Timestamp::try_from(time).unwrap_or_else(|_| jiff::Timestamp::now());
        Self {
            date: time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            nonce: uuid::Uuid::now_v7().simple().to_string(),
        }
    }
}

/// Sends `request` once and decodes a success with `decode`.
pub(super) async fn exchange<T>(
    http: &Http,
    key: &StaticKey,
    request: Request<'_>,
    decode: impl FnOnce(&Node) -> Result<T, Unreadable> + Send,
) -> Result<Answer<T>, CloudError> {
    let body = form(&request.parameters).into_bytes();
    let stamp = http.stamp(request.endpoint);
    let headers = signed_headers(&request, key, &body, &Stamp::of(stamp.time))?;
    let reads = request.action.starts_with("Describe");
    let max_body = if reads { MAX_READ_BODY } else { MAX_WRITE_BODY };
    let reply = http.post(request.endpoint, headers, body, max_body).await?;
    let secrets =
        [Some(key.secret.expose_secret()), key.token.as_ref().map(ExposeSecret::expose_secret)];
    let (node, request_id) = answer::success(&reply)
        .map_err(|error| hide(http.judge_time(request.endpoint, stamp, error), secrets))?;
    let value = decode(&node).map_err(|why| lost(&reply, &request_id, &why))?;
    Ok(Answer { value, request_id, http: reply.status })
}

/// Sends `request` without a signature, once, and decodes a success with `decode`. The parameters
/// prove who asks: `secret`, which is one of them, is told by no error.
pub(super) async fn exchange_unsigned<T>(
    http: &Http,
    request: Request<'_>,
    secret: &str,
    decode: impl FnOnce(&Node) -> Result<T, Unreadable> + Send,
) -> Result<T, CloudError> {
    let Stamp { date, nonce } = Stamp::of(http.stamp(request.endpoint).time);
    let query = form(
        &[
            ("Action", request.action),
            ("Format", "JSON"),
            ("SignatureNonce", &nonce),
            ("Timestamp", &date),
            ("Version", request.service.version()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    let url = format!("{}/?{query}", request.endpoint.trim_end_matches('/'));
    let headers = [("accept", "application/json"), ("content-type", CONTENT_TYPE)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let body = form(&request.parameters).into_bytes();
    let reply = http.send_as_asked("POST", &url, headers.into(), body, MAX_WRITE_BODY).await?;
    let (node, request_id) =
        answer::success(&reply).map_err(|error| hide(error, [Some(secret)]))?;
    decode(&node).map_err(|why| lost(&reply, &request_id, &why))
}

/// Every header to send, signed: no parameter and no secret stands in the URL.
fn signed_headers(
    request: &Request<'_>,
    key: &StaticKey,
    body: &[u8],
    stamp: &Stamp,
) -> Result<Vec<(String, String)>, CloudError> {
    let hash = payload_hash(body);
    let mut headers: Vec<(String, String)> = [
        ("accept", "application/json"),
        ("content-type", CONTENT_TYPE),
        ("host", &host(request.endpoint)?),
        ("x-acs-action", request.action),
        ("x-acs-content-sha256", &hash),
        ("x-acs-date", &stamp.date),
        ("x-acs-signature-nonce", &stamp.nonce),
        ("x-acs-version", request.service.version()),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    if let Some(token) = &key.token {
        headers.push(("x-acs-accesskey-id".to_owned(), key.id.clone()));
        headers.push(("x-acs-security-token".to_owned(), token.expose_secret().to_owned()));
    }
    let unsigned = Unsigned { method: "POST", query: &[], headers: &headers, payload_hash: &hash };
    let value = authorization(&unsigned, &key.id, key.secret.expose_secret());
    headers.push(("authorization".to_owned(), value));
    Ok(headers)
}

/// Host and port as the `host` header has them: no port where it is the scheme's own.
fn host(endpoint: &str) -> Result<String, CloudError> {
    let url = Url::parse(endpoint)
        .map_err(|why| CloudError::config("endpoint", format!("`{endpoint}`: {why}")))?;
    let host = url.host_str().unwrap_or_default();
    Ok(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// A success that does not say what it should: it may be of another exchange.
fn lost(reply: &HttpReply, request_id: &RequestId, why: &Unreadable) -> CloudError {
    CloudError {
        http: Some(reply.status),
        request_id: Some(request_id.clone()),
        ..CloudError::local(ErrorClass::Lost, "unreadable", answer::clean(&why.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(token: Option<&str>) -> StaticKey {
        StaticKey {
            id: "LTAI5tUNPAIRTESTKEYID".into(),
            secret: "unpairTestSecret0123456789abcd".to_owned().into(),
            token: token.map(|text| text.to_owned().into()),
        }
    }

    fn headers(endpoint: &str, key: &StaticKey) -> Vec<(String, String)> {
        let parameters = vec![("RegionId".to_owned(), "cn-beijing".to_owned())];
        let service = Service::Ecs;
        let request = Request { service, endpoint, action: "RevokeSecurityGroup", parameters };
        let stamp = Stamp { date: "2026-11-20T08:00:00Z".into(), nonce: "n".into() };
        signed_headers(&request, key, b"RegionId=cn-beijing", &stamp).expect("a valid endpoint")
    }

    fn value<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
        headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn every_header_but_the_signature_is_signed() {
        let headers = headers("https://ecs.cn-beijing.aliyuncs.com", &key(Some("token")));
        let signed = value(&headers, "authorization").expect("signed");
        for (name, _) in headers.iter().filter(|(name, _)| name != "authorization") {
            assert!(signed.contains(name.as_str()), "{name}");
        }
        assert_eq!(value(&headers, "x-acs-security-token"), Some("token"));
        assert!(!signed.contains("unpairTestSecret"));
    }

    #[test]
    fn a_key_without_a_token_sends_none() {
        let headers = headers("https://ecs.cn-beijing.aliyuncs.com:443/", &key(None));
        assert_eq!(value(&headers, "x-acs-security-token"), None);
        assert_eq!(value(&headers, "host"), Some("ecs.cn-beijing.aliyuncs.com"));
    }

    #[test]
    fn a_port_of_its_own_stands_in_the_signed_host() {
        let headers = headers("http://127.0.0.1:4010", &key(None));
        assert_eq!(value(&headers, "host"), Some("127.0.0.1:4010"));
    }

    #[test]
    fn a_stamp_is_never_used_twice() {
        let (one, other) = (Stamp::of(SystemTime::now()), Stamp::of(SystemTime::now()));
        assert_ne!(one.nonce, other.nonce);
        assert_eq!(one.date.len(), "2026-11-20T08:00:00Z".len());
    }
}
