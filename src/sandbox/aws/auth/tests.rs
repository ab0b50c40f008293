use std::collections::BTreeMap;

use super::*;
use crate::sandbox::SandboxOptions;
use crate::sandbox::world::{Account, World};

/// Requests signed by botocore.
fn vectors() -> serde_json::Value {
    serde_json::from_str(include_str!("vectors.json")).expect("the file is JSON")
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn request(all: &serde_json::Value, case: &serde_json::Value, with_token: bool) -> HttpRequest {
    let mut headers = BTreeMap::from([
        ("host", text(&case["host"])),
        ("x-amz-date", text(&case["x_amz_date"])),
        ("content-type", "application/x-www-form-urlencoded; charset=utf-8".to_owned()),
    ]);
    let signed = if with_token { "authorization_with_token" } else { "authorization" };
    headers.insert("authorization", text(&case[signed]));
    if with_token {
        headers.insert("x-amz-security-token", text(&all["session_token"]));
    }
    HttpRequest {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        query: Vec::new(),
        headers: headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        body: text(&case["body"]).into_bytes(),
    }
}

fn sandbox(all: &serde_json::Value) -> Live {
    let account = Account {
        cloud: Provider::Aws,
        id: "111111111111".into(),
        name: None,
        access_key_id: Some(text(&all["access_key"])),
        access_key_secret: Some(text(&all["secret_key"])),
        external_id: None,
    };
    let world = World { accounts: vec![account], ..World::default() };
    Live::open(SandboxOptions::new(world)).expect("a sandbox in memory")
}

/// The moment at which botocore signed.
fn then() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().expect("a date")
}

#[test]
fn the_signatures_of_botocore_are_accepted() {
    let all = vectors();
    for case in all["cases"].as_array().expect("a list") {
        for with_token in [false, true] {
            let request = request(&all, case, with_token);
            let claim = read(&request).expect("a complete header");
            let made =
                signature(&request, &claim, &text(&case["x_amz_date"]), &text(&all["secret_key"]));
            assert_eq!(made, claim.signature, "{} {with_token}", case["action"]);
        }
        let call = open(&mut sandbox(&all), &request(&all, case, false), then());
        assert_eq!(call.expect("a proven call").action, text(&case["action"]));
    }
}

#[test]
fn whatever_is_changed_on_the_way_is_noticed() {
    let all = vectors();
    let code = |change: fn(&mut HttpRequest), later: i64| {
        let mut request = request(&all, &all["cases"][0], false);
        change(&mut request);
        let now = then().checked_add(SignedDuration::from_secs(later)).expect("in range");
        let refusal = open(&mut sandbox(&all), &request, now).expect_err("a refusal");
        (refusal.status, refusal.code)
    };
    let failure = (401, "AuthFailure".to_owned());
    assert_eq!(code(|request| request.body.extend(b"&DryRun=true"), 0), failure);
    assert_eq!(code(|request| request.method = "GET".to_owned(), 0), failure);
    let with_token = |request: &mut HttpRequest| {
        request.headers.insert("x-amz-security-token".to_owned(), "t".to_owned());
    };
    assert_eq!(code(with_token, 0), failure);
    assert_eq!(code(|_| (), 901), (400, "RequestExpired".to_owned()));
}
