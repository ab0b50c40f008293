//! Roles assumed at a server on loopback.

use std::sync::Arc;
use std::time::Duration;

use super::fake::{Fake, answer};
use super::{ACCEPTED, IDENTITY, http, region, revoke, settings, signed_again};
use crate::cloud::alibaba::{AlibabaClient, connect};
use crate::cloud::{AccountSource, AlibabaSettings, Cloud, ErrorClass, StaticKey};
use crate::model::CallForm;

/// A client that assumes the role of the template with a key of the environment.
fn role_client(url: &str) -> AlibabaClient {
    let template = Some("acs:ram::{account}:role/unpair".to_owned());
    let settings = AlibabaSettings { role_arn: template, ..settings(url) };
    let env = |name: &str| match name {
        "ALIBABA_CLOUD_ACCESS_KEY_ID" => Some("HUB".to_owned()),
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET" => Some("hub-secret".to_owned()),
        _ => None,
    };
    let (account, source) = ("42".into(), AccountSource::Inherit);
    connect(http(), &settings, &source, &account, "run", Arc::new(env)).expect("a valid role")
}

fn session(ends: jiff::Timestamp) -> String {
    let ends = ends.strftime("%Y-%m-%dT%H:%M:%SZ");
    format!(
        r#"{{"RequestId":"R","Credentials":{{"AccessKeyId":"STS.1","AccessKeySecret":"x","SecurityToken":"T","Expiration":"{ends}"}}}}"#
    )
}

fn in_minutes(minutes: u64) -> jiff::Timestamp {
    jiff::Timestamp::now() + Duration::from_secs(minutes * 60)
}

#[tokio::test]
async fn a_role_is_assumed_once_and_its_session_signs() {
    let fake = Fake::serve(|seen| match seen.action() {
        "AssumeRole" => answer(200, &session(in_minutes(60))),
        _ => answer(200, IDENTITY),
    })
    .await;
    let (client, region) = (role_client(&fake.url), region());
    let (one, other) = tokio::join!(client.identify(&region), client.identify(&region));
    one.and(other).expect("both share the session");
    assert_eq!(fake.actions(), ["AssumeRole", "GetCallerIdentity", "GetCallerIdentity"]);
    let [assume, identify, _] = &fake.seen()[..] else { unreachable!("three requests") };
    assert_eq!(assume.body, "RoleArn=acs%3Aram%3A%3A42%3Arole%2Funpair&RoleSessionName=unpair-run");
    assert_eq!(identify.headers["x-acs-security-token"], "T");
    let session = StaticKey { id: "STS.1".into(), secret: "x".to_owned().into(), token: None };
    assert_eq!(identify.headers["authorization"], signed_again(identify, &session));
    client.refresh().await.expect("never fails");
    client.identify(&region).await.expect("assumed again");
    assert_eq!(fake.actions()[3..], ["AssumeRole", "GetCallerIdentity"]);
}

#[tokio::test]
async fn callers_that_wait_for_a_role_share_its_refusal() {
    let refusal = answer(403, r#"{"RequestId":"R","Code":"NoPermission"}"#);
    let fake = Fake::serve(move |_| refusal.clone()).await;
    let (client, region) = (role_client(&fake.url), region());
    let (one, other) = tokio::join!(client.identify(&region), client.identify(&region));
    assert_eq!(one.expect_err("refused"), other.expect_err("refused as well"));
    assert_eq!(fake.actions(), ["AssumeRole"]);
    client.identify(&region).await.expect_err("refused again");
    assert_eq!(fake.actions().len(), 2, "who comes later asks again");
}

#[tokio::test]
async fn a_session_is_replaced_five_minutes_before_its_end() {
    let fake = Fake::serve(|seen| match seen.action() {
        "AssumeRole" => answer(200, &session(in_minutes(4))),
        _ => answer(200, IDENTITY),
    })
    .await;
    let client = role_client(&fake.url);
    for _ in 0..2 {
        client.identify(&region()).await.expect("told");
    }
    assert_eq!(fake.actions().concat(), "AssumeRoleGetCallerIdentity".repeat(2));
}

#[tokio::test]
async fn a_revocation_whose_role_cannot_be_assumed_was_not_sent() {
    for (reply, expected) in [
        (vec![], ErrorClass::Unreached),
        (answer(200, "{}"), ErrorClass::Unreached),
        (answer(200, ACCEPTED), ErrorClass::Unreached),
        (answer(503, ""), ErrorClass::Unreached),
        (answer(403, r#"{"RequestId":"R","Code":"NoPermission"}"#), ErrorClass::Denied),
        (answer(404, r#"{"RequestId":"R","Code":"EntityNotExist.Role"}"#), ErrorClass::Credential),
        (
            answer(400, r#"{"RequestId":"R","Code":"InvalidParameter.RoleArn"}"#),
            ErrorClass::Credential,
        ),
        (answer(400, r#"{"RequestId":"R","Code":"Throttling.User"}"#), ErrorClass::Throttled),
    ] {
        let fake = Fake::serve(move |_| reply.clone()).await;
        let client = role_client(&fake.url);
        let error = revoke(&client, CallForm::RuleId).await.expect_err("no role");
        assert_eq!(error.class, expected, "{error}");
        assert!(error.message.contains("acs:ram::42:role/unpair"), "{error}");
        assert_eq!(fake.actions(), ["AssumeRole"]);
    }
}

#[tokio::test]
async fn nothing_but_the_question_is_sent_with_a_renewed_session_of_another_account() {
    let assumed = std::sync::Mutex::new(0);
    let fake = Fake::serve(move |seen| {
        let mut count = assumed.lock().expect("not poisoned");
        match seen.action() {
            "AssumeRole" => {
                *count += 1;
                let text = session(in_minutes(4));
                answer(200, &text.replace("STS.1", &format!("STS.{count}")))
            }
            "GetCallerIdentity" if *count > 1 => answer(200, &IDENTITY.replace("\"42\"", "\"43\"")),
            "GetCallerIdentity" => answer(200, IDENTITY),
            _ => answer(200, ACCEPTED),
        }
    })
    .await;
    let client = role_client(&fake.url);
    assert_eq!(client.identify(&region()).await.expect("told").value.account.as_str(), "42");
    for _ in 0..2 {
        let error = client.ready(&region()).await.expect_err("another account's");
        assert_eq!((error.class, error.code.as_str()), (ErrorClass::Credential, "WrongIdentity"));
        client.groups(&region(), None, None).await.expect_err("another account's");
    }
    let sent = fake.actions();
    let asked = |action: &String| action == "AssumeRole" || action == "GetCallerIdentity";
    assert!(sent.iter().all(asked), "{sent:?}");
}
