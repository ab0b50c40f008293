//! An HTTP reply → the document of the expected action, or the error that it stands for.

use std::time::{Duration, SystemTime};

use super::codes::classify;
use super::wire::{Element, Unreadable};
use crate::cloud::{Answer, CloudError, ErrorClass, HttpReply};
use crate::model::RequestId;

#[cfg(test)]
mod tests;

/// Longest message of a provider that is kept, in characters.
const MESSAGE: usize = 300;
/// How far the clocks may differ before a refused signature is blamed on that.
const SKEW: Duration = Duration::from_mins(5);

/// The answer to an action: its root element and what the provider calls the exchange.
#[derive(Debug)]
pub(super) struct Document<'r> {
    /// The element `<Action>Response`.
    root: Element<'r>,
    /// The request's id, which every answer has.
    request_id: RequestId,
    /// The HTTP status.
    http: u16,
}

impl<'r> Document<'r> {
    /// Reads the reply to `action`. Only a whole `<Action>Response` with a request id that came
    /// with status 200 is an answer. `now` tells a skewed clock from wrong credentials.
    pub(super) fn read(
        reply: &'r HttpReply,
        action: &str,
        now: SystemTime,
    ) -> Result<Self, CloudError> {
        let root = match Element::parse(&reply.body) {
            Ok(root) => root,
            Err(why) => return Err(no_document(reply, &why.to_string())),
        };
        if let Some(error) = error_document(&root, reply, now) {
            return Err(error);
        }
        if reply.status != 200 || root.name != format!("{action}Response") {
            let message = format!("`{}` for an answer to {action}", shorten(root.name));
            return Err(unreadable(reply.status, None, &message));
        }
        let Some(inside) = request_id(&root) else {
            return Err(unreadable(reply.status, None, "no requestId"));
        };
        // The header's is what the provider's support asks for; stand-ins for EC2 have been seen to
        // put the same text into every body.
        let request_id = header_id(reply).unwrap_or(inside);
        Ok(Self { root, request_id, http: reply.status })
    }

    /// The answer that `read` makes of it; one that does not say what it must is an error.
    pub(super) fn answer<T>(
        self,
        read: impl FnOnce(&Element<'_>) -> Result<T, Unreadable>,
    ) -> Result<Answer<T>, CloudError> {
        match read(&self.root) {
            Ok(value) => Ok(Answer { value, request_id: self.request_id, http: self.http }),
            Err(why) => Err(unreadable(self.http, Some(self.request_id), &why)),
        }
    }
}

/// EC2 has `requestId` at the top, STS has `RequestId` inside `ResponseMetadata`.
fn request_id(root: &Element<'_>) -> Option<RequestId> {
    let names = ["requestId", "RequestId", "RequestID"];
    let metadata = root.child("ResponseMetadata").unwrap_or(root);
    let text = names.iter().find_map(|name| root.text_of(name).or(metadata.text_of(name)))?;
    Some(RequestId::from(shorten(text)))
}

fn header_id(reply: &HttpReply) -> Option<RequestId> {
    let id = reply.header("x-amzn-requestid").filter(|id| !id.is_empty())?;
    Some(RequestId::from(shorten(id)))
}

/// Both shapes: `<Response><Errors><Error>` of EC2, `<ErrorResponse><Error>` of STS.
fn error_document(root: &Element<'_>, reply: &HttpReply, now: SystemTime) -> Option<CloudError> {
    let error = match root.name {
        "Response" => root.child("Errors").and_then(|errors| errors.child("Error")),
        "ErrorResponse" => root.child("Error"),
        _ => return None,
    };
    let text = |name| error.and_then(|error| error.text_of(name));
    let Some(code) = text("Code").map(shorten) else {
        return Some(CloudError { request_id: request_id(root), ..no_document(reply, "no Code") });
    };
    Some(CloudError {
        class: blame(classify(&code, reply.status), reply, now),
        message: shorten(text("Message").unwrap_or_default()),
        code,
        http: Some(reply.status),
        request_id: header_id(reply).or_else(|| request_id(root)),
        retry_after: retry_after(reply),
    })
}

/// A refused signature whose answer is dated far from our clock is the clock's fault.
fn blame(class: ErrorClass, reply: &HttpReply, now: SystemTime) -> ErrorClass {
    let suspect = matches!(class, ErrorClass::Expired | ErrorClass::Credential);
    if suspect && skewed(reply, now) { ErrorClass::ClockSkew } else { class }
}

fn skewed(reply: &HttpReply, now: SystemTime) -> bool {
    let date = reply.header("date").and_then(|text| jiff::fmt::rfc2822::parse(text).ok());
    date.is_some_and(|date| {
        let theirs = SystemTime::from(date.timestamp());
        let apart = theirs.duration_since(now).unwrap_or_else(|error| error.duration());
        apart > SKEW
    })
}

/// An answer from which nothing can be learnt but its status: below 500 not even whether the
/// provider's service has seen the request.
fn no_document(reply: &HttpReply, why: &str) -> CloudError {
    let class = match reply.status {
        429 => ErrorClass::Throttled,
        500.. => ErrorClass::Transient,
        _ => ErrorClass::Lost,
    };
    CloudError {
        class,
        code: http_code(reply.status),
        message: format!("the answer is unreadable: {why}"),
        http: Some(reply.status),
        request_id: None,
        retry_after: retry_after(reply),
    }
}

fn unreadable(status: u16, request_id: Option<RequestId>, why: &str) -> CloudError {
    let class = if status < 500 { ErrorClass::Lost } else { ErrorClass::Transient };
    let message = format!("the answer is unreadable: {why}");
    CloudError { http: Some(status), request_id, ..CloudError::local(class, "unreadable", message) }
}

fn http_code(status: u16) -> String {
    format!("http_{status}")
}

/// `x-amz-retry-after` in milliseconds, or `retry-after` in seconds.
fn retry_after(reply: &HttpReply) -> Option<Duration> {
    let number = |name| reply.header(name).and_then(|text| text.trim().parse::<u64>().ok());
    number("x-amz-retry-after")
        .map(Duration::from_millis)
        .or_else(|| number("retry-after").map(Duration::from_secs))
}

/// The first line of a provider's text: what follows may be a string-to-sign or an encoded
/// authorization message.
pub(super) fn shorten(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    let line = line.split("Encoded authorization failure message").next().unwrap_or_default();
    line.trim_end().chars().take(MESSAGE).collect()
}
