//! Answers told apart: a success, an error with its class, or nothing that can be trusted.

use super::codes;
use super::node::{Node, Unreadable};
use crate::cloud::{CloudError, ErrorClass, HttpReply};
use crate::model::{RequestId, escape_control};

/// Longest message kept of an answer, in characters.
const MAX_MESSAGE: usize = 500;

/// Where the provider asks to wait, in milliseconds.
const RETRY_AFTER: &str = "x-acs-retry-after";

/// The code whose message echoes what was signed.
const ECHOES_REQUEST: &str = "SignatureDoesNotMatch";

/// The tree and request id of a success: status 200, a whole body, a request id and no code.
pub(super) fn success(reply: &HttpReply) -> Result<(Node, RequestId), CloudError> {
    let node = Node::parse(&reply.body).map_err(|why| unreadable(reply, &why))?;
    if reply.status != 200 || !either(&node, "Code", "code").is_empty() {
        return Err(told(reply, &node));
    }
    match request_id(&node) {
        Some(id) => Ok((node, id)),
        None => Err(unreadable(reply, &Unreadable("`RequestId` is missing".into()))),
    }
}

/// An error that the provider explains.
fn told(reply: &HttpReply, node: &Node) -> CloudError {
    let code = either(node, "Code", "code");
    if code.is_empty() {
        return unreadable(reply, &Unreadable("an error without a `Code`".into()));
    }
    let message = either(node, "Message", "message");
    let class = match reply.status {
        // A refusal that comes as a success: only a code that is known can be trusted.
        200 => codes::known(code).unwrap_or(ErrorClass::Lost),
        status => codes::class(code, status, message),
    };
    CloudError {
        class,
        code: clean(code),
        message: explain(code, message, node),
        http: Some(reply.status),
        request_id: request_id(node).or_else(|| header_id(reply)),
        retry_after: reply.retry_after(RETRY_AFTER),
    }
}

/// What was said, without what was signed; with the right that is missing.
fn explain(code: &str, message: &str, node: &Node) -> String {
    if code == ECHOES_REQUEST {
        return "the signature is not the one that the access key's secret makes: \
                check the secret"
            .to_owned();
    }
    let mut text = clean(message);
    let right = node.get("AccessDeniedDetail").map_or("", |detail| detail.text("AuthAction"));
    if !right.is_empty() {
        text.push_str(" (needs ");
        text.push_str(&clean(right));
        text.push(')');
    }
    text
}

/// An answer from which nothing can be learnt but its status.
fn unreadable(reply: &HttpReply, why: &Unreadable) -> CloudError {
    let class = reply.class_by_status();
    let code = match class {
        ErrorClass::Lost => "unreadable".to_owned(),
        _ => format!("http_{}", reply.status),
    };
    CloudError {
        class,
        code,
        message: format!("status {}: {why}", reply.status),
        http: Some(reply.status),
        request_id: header_id(reply),
        retry_after: reply.retry_after(RETRY_AFTER),
    }
}

fn either<'a>(node: &'a Node, name: &str, other: &str) -> &'a str {
    match node.text(name) {
        "" => node.text(other),
        text => text,
    }
}

fn request_id(node: &Node) -> Option<RequestId> {
    let id = either(node, "RequestId", "requestId");
    (!id.is_empty()).then(|| RequestId::from(clean(id)))
}

fn header_id(reply: &HttpReply) -> Option<RequestId> {
    reply.header("x-acs-request-id").map(|id| RequestId::from(clean(id)))
}

/// Text of a provider, short and without what drives a terminal.
pub(super) fn clean(text: &str) -> String {
    escape_control(text.trim()).chars().take(MAX_MESSAGE).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    fn reply(status: u16, body: &str, headers: &[(&'static str, &'static str)]) -> HttpReply {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        HttpReply { status, headers: headers.collect::<HeaderMap>(), body: body.into() }
    }

    fn error(status: u16, body: &str) -> CloudError {
        success(&reply(status, body, &[])).expect_err("not a success")
    }

    #[test]
    fn a_success_needs_a_whole_body_and_a_request_id() {
        let whole = r#"{"RequestId":"R"}"#;
        let (_, id) = success(&reply(200, whole, &[])).expect("whole");
        assert_eq!(id.as_str(), "R");
        let xml =
            "<RevokeSecurityGroupResponse><RequestId>R</RequestId></RevokeSecurityGroupResponse>";
        assert!(success(&reply(200, xml, &[])).is_ok());
        for cut in 0..whole.len() {
            assert_eq!(error(200, &whole[..cut]).class, ErrorClass::Lost, "cut at {cut}");
        }
        for bad in ["{}", r#"{"RequestId":""}"#, r#"{"RequestId":null}"#, "<html></html>", "OK"] {
            assert_eq!(error(200, bad).class, ErrorClass::Lost, "{bad}");
        }
        assert_eq!(error(204, "").class, ErrorClass::Lost);
    }

    #[test]
    fn an_error_says_code_message_and_request_id() {
        let json = r#"{"RequestId":"R","HostId":"h","Code":"Throttling.User","Message":"Slow."}"#;
        let xml = "<Error><RequestId>R</RequestId><HostId>h</HostId><Code>Throttling.User</Code>\
                   <Message>Slow.</Message></Error>";
        for body in [json, xml] {
            let error = error(400, body);
            assert_eq!(error.to_string(), "Throttling.User: Slow.");
            assert_eq!((error.class, error.http), (ErrorClass::Throttled, Some(400)));
            assert_eq!(error.request_id, Some("R".into()));
        }
    }

    #[test]
    fn a_status_of_200_with_a_code_is_an_error() {
        let body = r#"{"RequestId":"R","Code":"InvalidSecurityGroupId.NotFound","Message":""}"#;
        assert_eq!(error(200, body).class, ErrorClass::GroupMissing);
        let novel = r#"{"RequestId":"R","Code":"Novel","Message":""}"#;
        assert_eq!(error(200, novel).class, ErrorClass::Lost);
    }

    #[test]
    fn bodies_of_other_servers_are_classed_by_status_alone() {
        assert_eq!(error(502, "<html>Bad Gateway<br></html>").class, ErrorClass::Transient);
        assert_eq!(error(503, "").code, "http_503");
        assert_eq!(error(429, "slow down").class, ErrorClass::Throttled);
        assert_eq!(error(400, "<html>").class, ErrorClass::Lost);
        assert_eq!(error(403, r#"{"RequestId":"R"}"#).class, ErrorClass::Lost);
    }

    #[test]
    fn waiting_times_are_milliseconds_or_a_gateways_seconds() {
        let wait = |headers: &[(&'static str, &'static str)]| {
            success(&reply(503, "", headers)).expect_err("busy").retry_after
        };
        assert_eq!(wait(&[("x-acs-retry-after", "1500")]), Some(Duration::from_millis(1500)));
        assert_eq!(wait(&[("retry-after", "2")]), Some(Duration::from_secs(2)));
        for bad in ["-1", "soon", "", "Fri, 20 Nov 2026 08:00:00 GMT"] {
            assert_eq!(wait(&[("x-acs-retry-after", bad)]), None, "{bad}");
        }
    }

    #[test]
    fn what_was_signed_is_not_repeated_and_terminals_are_not_driven() {
        let echo = r#"{"RequestId":"R","Code":"SignatureDoesNotMatch",
            "Message":"server string to sign is:POST%2F&ClientToken=abc"}"#;
        let told = error(400, echo);
        assert_eq!(told.class, ErrorClass::Credential);
        assert!(!told.message.contains("ClientToken"), "{told}");
        let hostile = r#"{"RequestId":"R","Code":"Forbidden.RAM","Message":"no\u001b[31m",
            "AccessDeniedDetail":{"AuthAction":"ecs:RevokeSecurityGroup"}}"#;
        let told = error(403, hostile).message;
        assert_eq!(told, "no\\u{1b}[31m (needs ecs:RevokeSecurityGroup)");
    }
}
