use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use super::*;
use crate::cloud::aws::endpoints::Endpoints;
use crate::cloud::aws::testing::{Loopback, assumed as assumed_answer, refused};
use crate::cloud::{AwsSettings, Http};

/// Gives credentials that expire an hour after they were asked for, numbered in order.
#[derive(Default)]
struct Hourly {
    asked: AtomicU64,
    forgotten: AtomicU64,
}

#[async_trait]
impl Identities for Hourly {
    async fn credentials(&self, now: SystemTime) -> Result<Credentials, CloudError> {
        let n = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let expiry = now + Duration::from_hours(1);
        Ok(Credentials::new(format!("AKID{n}"), "s", None, Some(expiry), NAME))
    }

    async fn forget(&self) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
    }
}

async fn key_at(source: &impl Identities, minute: u64) -> String {
    let now = UNIX_EPOCH + Duration::from_mins(minute);
    source.credentials(now).await.expect("credentials").access_key_id().to_owned()
}

#[tokio::test]
async fn credentials_are_kept_until_shortly_before_they_expire() {
    let cached = Cached::new(Hourly::default());
    assert_eq!(key_at(&cached, 0).await, "AKID1");
    assert_eq!(key_at(&cached, 54).await, "AKID1");
    assert_eq!(key_at(&cached, 55).await, "AKID2");
    assert_eq!(key_at(&cached, 56).await, "AKID2");
}

#[tokio::test]
async fn what_is_forgotten_is_asked_for_again() {
    let cached = Cached::new(Hourly::default());
    assert_eq!(key_at(&cached, 0).await, "AKID1");
    cached.forget().await;
    assert_eq!(key_at(&cached, 1).await, "AKID2");
    assert_eq!(cached.source.forgotten.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn callers_at_one_time_share_one_answer() {
    let cached = Cached::new(Hourly::default());
    let calls = (0..20).map(|_| key_at(&cached, 0));
    let keys = futures_util::future::join_all(calls).await;
    assert!(keys.iter().all(|key| key == "AKID1"), "{keys:?}");
}

fn static_key() -> StaticKey {
    StaticKey { id: "AKIDBASE".to_owned(), secret: "base-secret".into(), token: None }
}

fn role(sts: &Loopback) -> Role {
    let settings = AwsSettings { sts_endpoint: Some(sts.url.clone()), ..AwsSettings::default() };
    let endpoints = Endpoints::new(&settings).expect("loopback");
    Role {
        base: Arc::new(Fixed::new(&static_key())),
        exchange: Exchange { http: Http::new().expect("a client"), endpoints },
        region: RegionId::new("eu-west-1"),
        arn: "arn:aws:iam::222222222222:role/unpair".to_owned(),
        session: "unpair-7".to_owned(),
        external_id: Some("e:x/1".to_owned()),
    }
}

#[tokio::test]
async fn a_role_is_assumed_with_session_name_and_external_id() {
    let sts = Loopback::start(|_| assumed_answer("AssumeRole", "B", "1970-01-01T01:00:00Z")).await;
    let credentials = role(&sts).credentials(UNIX_EPOCH).await.expect("a session");
    assert_eq!(credentials.access_key_id(), "AKIDB");
    assert_eq!(credentials.secret_access_key(), "secret-B");
    assert_eq!(credentials.session_token(), Some("token-B"));
    assert_eq!(credentials.expiry(), Some(UNIX_EPOCH + Duration::from_hours(1)));
    let received = sts.received();
    let [request] = received.as_slice() else { panic!("one request: {received:?}") };
    assert_eq!(
        request.body,
        "Action=AssumeRole&Version=2011-06-15\
         &RoleArn=arn%3Aaws%3Aiam%3A%3A222222222222%3Arole%2Funpair\
         &RoleSessionName=unpair-7&ExternalId=e%3Ax%2F1"
    );
    let authorization = request.headers.get("authorization").and_then(|v| v.to_str().ok());
    assert!(
        authorization.is_some_and(
            |v| v.contains("Credential=AKIDBASE/") && v.contains("/eu-west-1/sts/aws4_request")
        ),
        "{authorization:?}"
    );
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed_is_named() {
    let sts = Loopback::start(|_| refused(403, "AccessDenied")).await;
    let error = role(&sts).credentials(UNIX_EPOCH).await.expect_err("denied");
    assert_eq!(error.class, ErrorClass::Denied);
    assert_eq!(error.message, "assume arn:aws:iam::222222222222:role/unpair: told");
}

#[tokio::test]
async fn what_sts_says_is_told_as_what_it_means_for_the_call_that_was_not_sent() {
    for (status, code, expected) in [
        (400, "Throttling", ErrorClass::Throttled),
        (500, "InternalFailure", ErrorClass::Unreached),
        (400, "ValidationError", ErrorClass::Credential),
        (403, "ExpiredToken", ErrorClass::Expired),
    ] {
        let sts = Loopback::start(move |_| refused(status, code)).await;
        let error = role(&sts).credentials(UNIX_EPOCH).await.expect_err(code);
        assert_eq!((error.class, error.code.as_str()), (expected, code));
    }
}

#[tokio::test]
async fn a_session_that_does_not_come_whole_leaves_the_call_unsent_and_tells_no_secret() {
    let sts = Loopback::start(|_| assumed_answer("AssumeRole", "B", "soon")).await;
    let error = role(&sts).credentials(UNIX_EPOCH).await.expect_err("unreadable");
    assert_eq!(error.class, ErrorClass::Unreached);
    let told = format!("{error} {error:?}");
    assert!(!told.contains("secret-B") && !told.contains("token-B"), "{told}");
}
