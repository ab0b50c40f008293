//! Keys that come from elsewhere than a file: each source at a stand-in on loopback.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use super::fake::{Fake, Seen, answer};
use super::{ACCEPTED, IDENTITY, http, region, revoke, settings};
use crate::cloud::alibaba::{AlibabaClient, connect};
use crate::cloud::{AccountSource, AlibabaSettings, Cloud, CloudError, ErrorClass};
use crate::model::CallForm;

const SECRET: &str = "s3cret-s3cret";

/// A client of the profile `it` in a folder of its own, whose fields may name the stand-in as URL.
fn of(folder: &Path, url: &str, fields: &str) -> Result<AlibabaClient, CloudError> {
    let file = folder.join("config.json");
    let fields = fields.replace("URL", url).replace("FOLDER", &folder.display().to_string());
    let text = format!(r#"{{"profiles":[{{"name":"it",{fields}}}]}}"#);
    std::fs::write(&file, text).expect("writable");
    let settings = AlibabaSettings {
        config_file: Some(file),
        allow_external: true,
        metadata_endpoint: Some(url.to_owned()),
        ..settings(url)
    };
    let source = AccountSource::Profile("it".into());
    connect(http(), &settings, &source, &"42".into(), "run", Arc::new(|_| None))
}

fn ends_in(minutes: u64) -> String {
    let end = jiff::Timestamp::now() + Duration::from_secs(minutes * 60);
    end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// What a service answers that gives keys; the number is part of the key.
fn given(number: u64, minutes: u64) -> Vec<u8> {
    let end = ends_in(minutes);
    answer(
        200,
        &format!(
            r#"{{"Code":"Success","AccessKeyId":"STS.{number}","AccessKeySecret":"{SECRET}",
                "SecurityToken":"T{number}","Expiration":"{end}"}}"#
        ),
    )
}

/// What STS answers.
fn session(number: u64, minutes: u64) -> Vec<u8> {
    let end = ends_in(minutes);
    answer(
        200,
        &format!(
            r#"{{"RequestId":"R","Credentials":{{"AccessKeyId":"STS.{number}",
                "AccessKeySecret":"{SECRET}","SecurityToken":"T{number}","Expiration":"{end}"}}}}"#
        ),
    )
}

/// A stand-in for every service, whose keys last so many minutes.
async fn stand_in(minutes: u64) -> Fake {
    let renewed = AtomicU64::new(0);
    let next = move || renewed.fetch_add(1, SeqCst);
    Fake::serve(move |seen| match what(seen).as_str() {
        "GetCallerIdentity" => answer(200, IDENTITY),
        "AssumeRole" | "AssumeRoleWithOIDC" => session(next(), minutes),
        "PUT /latest/api/token" => answer(200, "metadata-token"),
        "GET /latest/meta-data/ram/security-credentials/" => answer(200, "role-of-it\n"),
        "GET /latest/meta-data/ram/security-credentials/role-of-it"
        | "GET /keys?code=s3cret-s3cret" => given(next(), minutes),
        _ => answer(404, SECRET),
    })
    .await
}

/// What was asked: the action, or method and path.
fn what(seen: &Seen) -> String {
    let action = |text: &str| Some(text.split_once("Action=")?.1.split('&').next()?.to_owned());
    let named = seen.headers.get("x-acs-action").cloned();
    let line = || seen.line.trim_end_matches(" HTTP/1.1").to_owned();
    named.or_else(|| action(&seen.line)).unwrap_or_else(line)
}

fn asked(fake: &Fake) -> Vec<String> {
    fake.seen().iter().map(what).collect()
}

/// The key that the last request was signed with.
fn signer(fake: &Fake) -> String {
    let seen = fake.seen();
    let authorization = &seen.last().expect("a request").headers["authorization"];
    let (_, key) = authorization.split_once("Credential=").expect("a key");
    key.split(',').next().unwrap_or_default().to_owned()
}

const MACHINE: &str = r#""mode":"EcsRamRole""#;
const NAMED: &str = r#""mode":"EcsRamRole","ram_role_name":"role-of-it""#;
const TWO_STEPS: &str = r#""mode":"RamRoleArnWithRoleName","ram_role_name":"role-of-it",
    "ram_role_arn":"acs:ram::42:role/r""#;
const OIDC: &str = r#""mode":"OIDC","oidc_provider_arn":"acs:ram::42:oidc-provider/p",
    "oidc_token_file":"FOLDER/token","ram_role_arn":"acs:ram::42:role/r","expired_seconds":900"#;
const URI: &str = r#""mode":"CredentialsURI","credentials_uri":"URL/keys?code=s3cret-s3cret""#;
const EXTERNAL: &str =
    r#""mode":"External","process_command":"cat 'FOLDER/key' FOLDER/none-s3cret-s3cret""#;

#[tokio::test]
async fn the_metadata_service_is_asked_with_a_token_for_the_role_that_is_named_or_there() {
    let roles = "GET /latest/meta-data/ram/security-credentials/";
    let key = "GET /latest/meta-data/ram/security-credentials/role-of-it";
    let token = "PUT /latest/api/token";
    for (fields, expected) in [
        (MACHINE, vec![token, roles, key, "GetCallerIdentity"]),
        (NAMED, vec![token, key, "GetCallerIdentity"]),
        (TWO_STEPS, vec![token, key, "AssumeRole", "GetCallerIdentity"]),
    ] {
        let (folder, fake) = (tempfile::tempdir().expect("a folder"), stand_in(60).await);
        let client = of(folder.path(), &fake.url, fields).expect("a profile");
        client.identify(&region()).await.expect("told");
        client.identify(&region()).await.expect("told");
        assert_eq!(asked(&fake)[..expected.len()], expected, "{fields}");
        assert_eq!(asked(&fake).len(), expected.len() + 1, "the key is kept");
        let seen = fake.seen();
        assert!(seen[0].headers.contains_key("x-aliyun-ecs-metadata-token-ttl-seconds"));
        assert_eq!(seen[1].headers["x-aliyun-ecs-metadata-token"], "metadata-token");
    }
}

#[tokio::test]
async fn a_role_is_assumed_with_a_token_that_is_read_anew_and_no_signature() {
    let (folder, fake) = (tempfile::tempdir().expect("a folder"), stand_in(4).await);
    let client = of(folder.path(), &fake.url, OIDC).expect("a profile");
    for token in ["first-token", "second-token"] {
        std::fs::write(folder.path().join("token"), format!("{token}\n")).expect("writable");
        client.identify(&region()).await.expect("told");
    }
    assert_eq!(asked(&fake), ["AssumeRoleWithOIDC", "GetCallerIdentity"].repeat(2));
    let seen = fake.seen();
    assert!(!seen[0].headers.contains_key("authorization"));
    for part in
        ["POST /?Action=AssumeRoleWithOIDC&Format=JSON", "&Timestamp=", "&Version=2015-04-01"]
    {
        assert!(seen[0].line.contains(part), "{part} in {}", seen[0].line);
    }
    let told = |at: usize, name: &str| seen[at].parameter(name).unwrap_or_default();
    assert_eq!(told(0, "RoleArn"), "acs:ram::42:role/r");
    assert_eq!(told(0, "OIDCProviderArn"), "acs:ram::42:oidc-provider/p");
    assert_eq!(
        (told(0, "RoleSessionName"), told(0, "DurationSeconds")),
        ("unpair-run".into(), "900".into())
    );
    assert_eq!(
        (told(0, "OIDCToken"), told(2, "OIDCToken")),
        ("first-token".into(), "second-token".into())
    );
}

#[tokio::test]
async fn every_source_is_asked_again_before_its_key_ends_and_the_new_key_is_used() {
    for (fields, calls) in [(NAMED, 3), (OIDC, 2), (URI, 2), (TWO_STEPS, 4)] {
        let (folder, fake) = (tempfile::tempdir().expect("a folder"), stand_in(4).await);
        std::fs::write(folder.path().join("token"), "a-token").expect("writable");
        let client = of(folder.path(), &fake.url, fields).expect("a profile");
        client.identify(&region()).await.expect("told");
        let first = signer(&fake);
        client.identify(&region()).await.expect("told");
        assert_ne!(signer(&fake), first, "{fields}");
        assert_eq!(asked(&fake).len(), 2 * calls, "{fields}");
    }
}

#[tokio::test]
async fn a_command_is_run_again_before_its_key_ends_and_else_once() {
    let (folder, fake) = (tempfile::tempdir().expect("a folder"), stand_in(60).await);
    let fields = r#""mode":"External","process_command":"cat FOLDER/key""#;
    let client = of(folder.path(), &fake.url, fields).expect("a profile");
    let write = |id: &str, end: &str| {
        let key = format!(
            r#"{{"mode":"StsToken","access_key_id":"{id}","access_key_secret":"{SECRET}",
                "sts_token":"T"{end}}}"#
        );
        std::fs::write(folder.path().join("key"), key).expect("writable");
    };
    write("FIRST", &format!(r#","expiration":"{}""#, ends_in(4)));
    client.identify(&region()).await.expect("told");
    assert_eq!(signer(&fake), "FIRST");
    write("SECOND", "");
    client.identify(&region()).await.expect("told");
    assert_eq!(signer(&fake), "SECOND");
    write("THIRD", "");
    client.identify(&region()).await.expect("told");
    assert_eq!(signer(&fake), "SECOND", "it has no end");
    client.refresh().await.expect("never fails");
    client.identify(&region()).await.expect("told");
    assert_eq!(signer(&fake), "THIRD", "it was refused");
}

#[tokio::test]
async fn a_revocation_whose_key_does_not_come_was_not_sent_and_no_secret_is_told() {
    let refusal = format!(
        r#"{{"RequestId":"R","Code":"AuthenticationFail.OIDCToken","Message":"bad {SECRET}"}}"#
    );
    let endless =
        String::from_utf8(given(1, 60)).expect("text").replace("Expiration", "Expiratiom");
    let replies = [
        (vec![], ErrorClass::Unreached, true),
        (answer(200, SECRET), ErrorClass::Credential, false),
        (answer(200, ""), ErrorClass::Credential, false),
        (endless.into_bytes(), ErrorClass::Credential, false),
        (answer(200, ACCEPTED), ErrorClass::Credential, false),
        (answer(503, SECRET), ErrorClass::Unreached, true),
        (answer(404, SECRET), ErrorClass::Credential, false),
        (answer(400, &refusal), ErrorClass::Credential, false),
        (answer(302, SECRET), ErrorClass::Unreached, true),
    ];
    for (reply, expected, is_for_all) in replies {
        for (fields, named) in
            [(NAMED, "metadata service"), (URI, "profile `it`"), (OIDC, "role/r")]
        {
            let reply = reply.clone();
            let fake = Fake::serve(move |seen| match what(seen).as_str() {
                "PUT /latest/api/token" if !is_for_all => answer(200, "metadata-token"),
                _ => reply.clone(),
            })
            .await;
            let folder = tempfile::tempdir().expect("a folder");
            std::fs::write(folder.path().join("token"), SECRET).expect("writable");
            let client = of(folder.path(), &fake.url, fields).expect("a profile");
            let error = revoke(&client, CallForm::RuleId).await.expect_err("no key");
            // STS tells its refusals by code; what is no answer of it may be a gateway's.
            if fields != OIDC {
                assert_eq!(error.class, expected, "{fields}: {error}");
            }
            assert!(
                matches!(error.class, ErrorClass::Unreached | ErrorClass::Credential),
                "{fields}: {error}"
            );
            assert!(!error.to_string().contains(SECRET), "{error}");
            let is_told = error.message.contains(named) || expected == ErrorClass::Unreached;
            assert!(is_told, "{named}: {error}");
            assert!(!asked(&fake).iter().any(|what| what.contains("Revoke")));
        }
    }
}

#[tokio::test]
async fn files_and_commands_that_give_nothing_are_told_with_file_and_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let fake = stand_in(60).await;
    for (fields, token, expected) in [
        (OIDC, None, "config.json:1: profile `it`: `oidc_token_file`: "),
        (OIDC, Some("s3cret-s3cret blank"), "the token has a blank"),
        (OIDC, Some(""), "the token is empty"),
        (
            EXTERNAL,
            None,
            "config.json:1: profile `it`: `process_command`: `cat` ended with exit code 1",
        ),
        (&URI.replace("URL", "http://keys.example"), None, "`credentials_uri` is no address"),
    ] {
        let _ = std::fs::remove_file(folder.path().join("token"));
        if let Some(token) = token {
            std::fs::write(folder.path().join("token"), token).expect("writable");
        }
        let client = of(folder.path(), &fake.url, fields).expect("a profile");
        let error = client.identify(&region()).await.expect_err("no key");
        assert!(error.message.contains(expected), "{error}");
        assert!(!error.to_string().contains(SECRET), "{error}");
    }
    assert!(asked(&fake).is_empty());
}

#[tokio::test]
async fn the_account_of_a_key_from_elsewhere_is_proven_before_anything_is_sent() {
    for fields in [NAMED, OIDC, URI, TWO_STEPS] {
        let renewed = AtomicU64::new(0);
        let fake = Fake::serve(move |seen| match what(seen).as_str() {
            "GetCallerIdentity" => answer(200, &IDENTITY.replace("\"42\"", "\"43\"")),
            "AssumeRole" | "AssumeRoleWithOIDC" => session(renewed.fetch_add(1, SeqCst), 60),
            "PUT /latest/api/token" => answer(200, "metadata-token"),
            _ => given(renewed.fetch_add(1, SeqCst), 60),
        })
        .await;
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("token"), "a-token").expect("writable");
        let client = of(folder.path(), &fake.url, fields).expect("a profile");
        let error = revoke(&client, CallForm::RuleId).await.expect_err("another account's");
        assert_eq!(error.code, "WrongIdentity", "{fields}: {error}");
        assert_eq!(asked(&fake).last().map(String::as_str), Some("GetCallerIdentity"), "{fields}");
    }
}
