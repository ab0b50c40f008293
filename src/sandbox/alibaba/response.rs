//! Answers of the RPC gateway: JSON or XML, errors with their `Recommend` page.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::auth::action;
use crate::sandbox::call::Refusal;
use crate::sandbox::http::{HttpRequest, HttpResponse, encode, xml_text};

/// Writes an answer in the format that the request asks for.
pub(super) fn write(
    request: &HttpRequest,
    outcome: &Result<Value, Refusal>,
    request_id: Option<&str>,
) -> HttpResponse {
    let action = action(request);
    let (status, root, mut body) = match outcome {
        Ok(body) => (200, format!("{action}Response"), body.clone()),
        Err(refusal) => {
            (refusal.status, "Error".to_owned(), error_body(request, refusal, request_id))
        }
    };
    let mut headers = Vec::new();
    if let Some(id) = request_id {
        headers.push(("x-acs-request-id", id.to_owned()));
        body["RequestId"] = json!(id);
    }
    if let Some(wait) = outcome.as_ref().err().and_then(|refusal| refusal.retry_after_ms) {
        headers.push(("x-acs-retry-after", wait.to_string()));
    }
    let body = if wants_json(request) {
        headers.push(("content-type", "application/json;charset=utf-8".to_owned()));
        body.to_string()
    } else {
        headers.push(("content-type", "text/xml;charset=utf-8".to_owned()));
        let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>".to_owned();
        element(&mut text, &root, &body);
        text
    };
    HttpResponse { status, headers, body }
}

fn error_body(request: &HttpRequest, refusal: &Refusal, request_id: Option<&str>) -> Value {
    let recommend = format!(
        "https://api.aliyun.com/troubleshoot?q={}&product=Ecs&requestId={}",
        encode(&refusal.code),
        request_id.unwrap_or_default()
    );
    json!({
        "HostId": request.header("host").unwrap_or_default(),
        "Code": refusal.code,
        "Message": refusal.message,
        "Recommend": recommend,
    })
}

/// Whether the answer is JSON: `Format` says so, else `accept`; ACS3 answers JSON, the older
/// RPC signature XML, unless told otherwise.
fn wants_json(request: &HttpRequest) -> bool {
    match request.params().get("Format").map(|format| format.to_ascii_uppercase()) {
        Some(format) if format == "JSON" => true,
        Some(format) if format == "XML" => false,
        _ => request
            .header("x-acs-action")
            .is_some_and(|_| request.header("accept").is_none_or(|accept| !accept.contains("xml"))),
    }
}

/// Writes `value` as an element; a list is the same element again and again.
fn element(text: &mut String, name: &str, value: &Value) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| element(text, name, item)),
        Value::Object(fields) => {
            // Writing to a String cannot fail.
            let _ = write!(text, "<{name}>");
            fields.iter().for_each(|(field, value)| element(text, field, value));
            let _ = write!(text, "</{name}>");
        }
        Value::String(content) => {
            let _ = write!(text, "<{name}>{}</{name}>", xml_text(content));
        }
        other => {
            let _ = write!(text, "<{name}>{other}</{name}>");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_repeat_their_element() {
        let mut text = String::new();
        element(&mut text, "R", &json!({"A": {"B": [{"C": "<1>"}, {"C": true}]}}));
        assert_eq!(text, "<R><A><B><C>&lt;1&gt;</C></B><B><C>true</C></B></A></R>");
    }
}
