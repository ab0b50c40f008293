use std::time::UNIX_EPOCH;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::*;

/// 2026-01-02T03:04:05Z.
const NOW: Duration = Duration::from_secs(1_767_323_045);

fn reply(status: u16, body: &str) -> HttpReply {
    HttpReply { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() }
}

fn with_header(mut reply: HttpReply, name: &'static str, value: &'static str) -> HttpReply {
    reply.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    reply
}

fn read(reply: &HttpReply) -> Result<Document<'_>, CloudError> {
    Document::read(reply, "DescribeSecurityGroups", UNIX_EPOCH + NOW)
}

fn error(reply: &HttpReply) -> CloudError {
    read(reply).expect_err("an error")
}

fn ec2_error(code: &str, message: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{code}</Code>\
         <Message>{message}</Message></Error></Errors><RequestID>req-1</RequestID></Response>"
    )
}

#[test]
fn only_a_whole_answer_to_the_action_counts() {
    let whole = "<DescribeSecurityGroupsResponse><requestId>request-id</requestId>\
        <securityGroupInfo/></DescribeSecurityGroupsResponse>";
    let whole_reply = reply(200, whole);
    let document = read(&whole_reply).expect("an answer");
    assert_eq!((document.request_id.as_str(), document.http), ("request-id", 200));
    for bad in [
        &whole[..whole.len() - 5],
        "<DescribeSecurityGroupsResponse><securityGroupInfo/></DescribeSecurityGroupsResponse>",
        "<DescribeSecurityGroupsResponse><requestId/></DescribeSecurityGroupsResponse>",
        "<DescribeRegionsResponse><requestId>r</requestId></DescribeRegionsResponse>",
        "<!DOCTYPE html><html></html>",
        "",
    ] {
        assert_eq!(error(&reply(200, bad)).class, ErrorClass::Lost, "{bad}");
    }
    assert_eq!(error(&reply(206, whole)).class, ErrorClass::Lost);
    assert_eq!(error(&reply(500, whole)).class, ErrorClass::Transient);
}

#[test]
fn an_error_document_is_never_an_empty_answer_whatever_its_status() {
    let body = ec2_error("InvalidGroup.NotFound", "The security group 'sg-1' does not exist");
    for status in [400, 200] {
        let error = error(&reply(status, &body));
        assert_eq!((error.class, error.http), (ErrorClass::GroupMissing, Some(status)));
        assert_eq!(error.code, "InvalidGroup.NotFound");
        assert_eq!(error.message, "The security group 'sg-1' does not exist");
        assert_eq!(error.request_id, Some(RequestId::new("req-1")));
    }
    assert_eq!(error(&reply(200, "<Response/>")).class, ErrorClass::Lost);
    assert_eq!(error(&reply(400, "<Response/>")).class, ErrorClass::Lost);
}

#[test]
fn the_error_shape_of_sts_is_read_too() {
    let body = "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>\
        <Type>Sender</Type><Code>AccessDenied</Code><Message>not authorized</Message></Error>\
        <RequestId>req-2</RequestId></ErrorResponse>";
    let error = error(&reply(403, body));
    assert_eq!((error.class, error.code.as_str()), (ErrorClass::Denied, "AccessDenied"));
    assert_eq!(error.request_id, Some(RequestId::new("req-2")));
}

#[test]
fn a_gateways_page_is_classed_by_its_status() {
    let html = "<!doctype html>\n<html><head><title>500</title></head></html>";
    assert_eq!(error(&reply(500, html)).class, ErrorClass::Transient);
    assert_eq!(error(&reply(503, "try later")).class, ErrorClass::Transient);
    assert_eq!(error(&reply(429, html)).class, ErrorClass::Throttled);
    assert_eq!(error(&reply(403, html)).class, ErrorClass::Lost);
    assert_eq!(error(&reply(200, html)).class, ErrorClass::Lost);
    assert_eq!(error(&reply(500, html)).code, "http_500");
}

#[test]
fn how_long_to_wait_is_taken_from_the_headers() {
    let throttled = || reply(503, &ec2_error("RequestLimitExceeded", "Request limit exceeded."));
    let seconds = error(&with_header(throttled(), "retry-after", "7"));
    assert_eq!(seconds.class, ErrorClass::Throttled);
    assert_eq!(seconds.retry_after, Some(Duration::from_secs(7)));
    let millis = error(&with_header(throttled(), "x-amz-retry-after", "1500"));
    assert_eq!(millis.retry_after, Some(Duration::from_millis(1500)));
    assert_eq!(error(&throttled()).retry_after, None);
}

#[test]
fn a_refused_signature_far_from_the_servers_clock_is_the_clocks_fault() {
    for (code, otherwise) in [
        ("AuthFailure", ErrorClass::Credential),
        ("SignatureDoesNotMatch", ErrorClass::Credential),
        ("RequestExpired", ErrorClass::Expired),
    ] {
        let refused = || reply(400, &ec2_error(code, "x"));
        let same = with_header(refused(), "date", "Fri, 02 Jan 2026 03:08:05 GMT");
        assert_eq!(error(&same).class, otherwise);
        for far in ["Fri, 02 Jan 2026 03:20:05 GMT", "Fri, 02 Jan 2026 02:20:05 GMT"] {
            assert_eq!(error(&with_header(refused(), "date", far)).class, ErrorClass::ClockSkew);
        }
    }
    let denied = reply(403, &ec2_error("UnauthorizedOperation", "x"));
    let far = with_header(denied, "date", "Fri, 02 Jan 2026 09:20:05 GMT");
    assert_eq!(error(&far).class, ErrorClass::Denied);
}

#[test]
fn strings_to_sign_and_encoded_messages_are_cut_off() {
    let long =
        "The request signature does not match.\n\nThe Canonical String should have been\nPOST";
    let told = error(&reply(403, &ec2_error("SignatureDoesNotMatch", long)));
    assert_eq!(told.message, "The request signature does not match.");
    let encoded = "You are not authorized. Encoded authorization failure message: AbCdEf";
    let told = error(&reply(403, &ec2_error("UnauthorizedOperation", encoded)));
    assert_eq!(told.message, "You are not authorized.");
    let endless = "x".repeat(10_000);
    assert_eq!(error(&reply(400, &ec2_error("A", &endless))).message.len(), MESSAGE);
}
