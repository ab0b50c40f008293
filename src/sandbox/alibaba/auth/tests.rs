use std::collections::BTreeMap;

use super::*;
use crate::sandbox::SandboxOptions;
use crate::sandbox::world::{Account, World};

/// Requests signed by the official SDKs, and the ones that the manuals print.
fn vectors(kind: &str) -> Vec<serde_json::Value> {
    let all: serde_json::Value =
        serde_json::from_str(include_str!("vectors.json")).expect("the file is JSON");
    all[kind].as_array().expect("a list").clone()
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn pairs(value: &serde_json::Value) -> Vec<(String, String)> {
    let fields = value.as_object().expect("an object");
    fields.iter().map(|(name, value)| (name.clone(), text(value))).collect()
}

fn acs3_request(vector: &serde_json::Value) -> HttpRequest {
    let mut headers: BTreeMap<_, _> = pairs(&vector["headers"])
        .into_iter()
        .map(|(name, value)| (name.to_lowercase(), value))
        .collect();
    headers.insert("authorization".to_owned(), text(&vector["authorization"]));
    HttpRequest {
        method: text(&vector["method"]),
        path: "/".to_owned(),
        query: pairs(&vector["query"]),
        headers,
        body: text(&vector["body"]).into_bytes(),
    }
}

fn rpc_request(vector: &serde_json::Value) -> HttpRequest {
    let mut query = pairs(&vector["params"]);
    query.push(("Signature".to_owned(), text(&vector["signature"])));
    let (method, path) = (text(&vector["method"]), "/".to_owned());
    HttpRequest { method, path, query, headers: BTreeMap::new(), body: Vec::new() }
}

/// A sandbox in which this one key exists, and the moment at which `date` is now.
fn sandbox(key: &str, secret: &str) -> Live {
    let account = Account {
        cloud: Provider::Alibaba,
        id: "1".into(),
        name: None,
        access_key_id: Some(key.to_owned()),
        access_key_secret: Some(secret.to_owned()),
        external_id: None,
    };
    let world = World { accounts: vec![account], ..World::default() };
    Live::open(SandboxOptions::new(world)).expect("a sandbox in memory")
}

#[test]
fn the_signatures_of_the_official_sdks_are_accepted() {
    for vector in vectors("acs3") {
        let request = acs3_request(&vector);
        let claim = acs3(&request, request.header("authorization").expect("it is signed"));
        let claim = claim.unwrap_or_else(|refusal| panic!("{}: {refusal:?}", vector["name"]));
        assert_eq!(claim.key, text(&vector["access_key_id"]));
        let made = acs3_sign(&text(&vector["access_key_secret"]), &claim.signed);
        assert_eq!(made, claim.signature, "{}", vector["name"]);
    }
}

#[test]
fn the_older_signature_is_accepted() {
    for vector in vectors("rpc") {
        let claim = rpc(&rpc_request(&vector)).expect("a complete request");
        let made = rpc_sign(&text(&vector["access_key_secret"]), &claim.signed);
        assert_eq!(made, claim.signature, "{}", vector["name"]);
    }
}

#[test]
fn a_request_is_good_once_and_only_for_a_quarter_of_an_hour() {
    let vector = vectors("acs3").remove(1);
    let request = acs3_request(&vector);
    let (key, secret) = (text(&vector["access_key_id"]), text(&vector["access_key_secret"]));
    let at: Timestamp = text(&vector["headers"]["x-acs-date"]).parse().expect("a date");
    let mut live = sandbox(&key, &secret);
    let mut code_at = |seconds| {
        let now = at.checked_add(SignedDuration::from_secs(seconds)).expect("in range");
        open(&mut live, &request, now).map(|call| call.action).map_err(|refusal| refusal.code)
    };
    assert_eq!(code_at(901), Err("InvalidTimeStamp.Expired".to_owned()));
    assert_eq!(code_at(-901), Err("InvalidTimeStamp.Expired".to_owned()));
    assert_eq!(code_at(899), Ok("RevokeSecurityGroup".to_owned()));
    assert_eq!(code_at(899), Err("SignatureNonceUsed".to_owned()));
}

#[test]
fn whatever_is_changed_on_the_way_is_noticed() {
    let vector = vectors("acs3").remove(1);
    let (key, secret) = (text(&vector["access_key_id"]), text(&vector["access_key_secret"]));
    let now: Timestamp = text(&vector["headers"]["x-acs-date"]).parse().expect("a date");
    let code = |change: fn(&mut HttpRequest)| {
        let mut request = acs3_request(&vector);
        change(&mut request);
        let refusal = open(&mut sandbox(&key, &secret), &request, now).expect_err("a refusal");
        (refusal.status, refusal.code)
    };
    let mismatch = (400, "SignatureDoesNotMatch".to_owned());
    assert_eq!(code(|request| request.query[0].1.push('x')), mismatch);
    assert_eq!(code(|request| request.method = "GET".to_owned()), mismatch);
    assert_eq!(code(|request| request.body.push(b'x')), mismatch);
    let unsigned = code(|request| {
        request.headers.insert("x-acs-other".to_owned(), "1".to_owned());
    });
    assert_eq!(unsigned, (400, "IncompleteSignature".to_owned()));
    let mut nobody = sandbox("another", &secret);
    let refusal = open(&mut nobody, &acs3_request(&vector), now).expect_err("no such key");
    assert_eq!((refusal.status, refusal.code.as_str()), (404, "InvalidAccessKeyId.NotFound"));
}
