//! Answers of EC2 and of STS, whose shapes differ.

use super::xml::{leaf, leaf_if, node};
use crate::sandbox::call::Refusal;
use crate::sandbox::codes;
use crate::sandbox::http::{HttpRequest, HttpResponse};

/// The version of STS; every other call is EC2's.
pub(super) const STS_VERSION: &str = "2011-06-15";
/// The version of EC2.
pub(super) const EC2_VERSION: &str = "2016-11-15";

/// A refusal with the status that the provider documents for its code; EC2's usual one is 400.
pub(super) fn refuse(code: &str, message: impl Into<String>) -> Refusal {
    Refusal::new(codes::aws(code).unwrap_or(400), code, message)
}

/// Writes an answer in the shape of the service that was called.
pub(super) fn write(
    request: &HttpRequest,
    outcome: &Result<String, Refusal>,
    request_id: Option<&str>,
) -> HttpResponse {
    let params = request.params();
    let is_sts = params.get("Version").is_some_and(|version| version == STS_VERSION);
    let action = params.get("Action").map_or("", String::as_str);
    let id = request_id.unwrap_or_default();
    let body = match (outcome, is_sts) {
        (Ok(body), false) => {
            let names =
                format!("{action}Response xmlns=\"http://ec2.amazonaws.com/doc/{EC2_VERSION}/\"");
            format!("<{names}>{}{body}</{action}Response>", leaf_if("requestId", id))
        }
        (Ok(body), true) => {
            let names =
                format!("{action}Response xmlns=\"https://sts.amazonaws.com/doc/{STS_VERSION}/\"");
            let metadata = node("ResponseMetadata", leaf_if("RequestId", id));
            format!(
                "<{names}>{}{metadata}</{action}Response>",
                node(&format!("{action}Result"), body)
            )
        }
        (Err(refusal), false) => {
            let error = node("Errors", node("Error", code_and_message(refusal)));
            node("Response", error + &leaf_if("RequestID", id))
        }
        (Err(refusal), true) => {
            let kind = leaf("Type", if refusal.status < 500 { "Sender" } else { "Receiver" });
            let error = node("Error", kind + &code_and_message(refusal));
            node("ErrorResponse", error + &leaf_if("RequestId", id))
        }
    };
    let mut headers = vec![("content-type", "text/xml;charset=UTF-8".to_owned())];
    if let Some(id) = request_id {
        headers.push(("x-amzn-requestid", id.to_owned()));
    }
    let status = outcome.as_ref().err().map_or(200, |refusal| refusal.status);
    HttpResponse {
        status,
        headers,
        body: format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{body}"),
    }
}

fn code_and_message(refusal: &Refusal) -> String {
    leaf("Code", &refusal.code) + &leaf("Message", &refusal.message)
}
