//! The client against a server on loopback.

mod fake;
mod origins;
mod roles;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use secrecy::ExposeSecret as _;

use super::sign::{Unsigned, authorization, payload_hash};
use super::{AlibabaClient, connect};
use crate::cloud::{
    AccountSource, AlibabaSettings, Cloud, CloudError, ErrorClass, Http, RevokeOrder, StaticKey,
};
use crate::model::{
    CallForm, ClientToken, Direction, Fields, GroupId, Peer, Policy, PortRange, Protocol, RegionId,
    Rule,
};
use fake::{Fake, Seen, answer, unframed};

const ATTRIBUTE: &str = r#"{"RequestId":"R","RegionId":"cn-beijing","SecurityGroupId":"sg-1","NextToken":"",
"Permissions":{"Permission":[{"SecurityGroupRuleId":"sgr-1","Direction":"ingress","IpProtocol":"ALL","PortRange":"-1/-1","Policy":"Accept","Priority":"1","NicType":"intranet","SourceGroupId":"sg-2","SourceGroupOwnerAccount":"42"}]}}"#;
const ACCEPTED: &str = r#"{"RequestId":"R"}"#;
const IDENTITY: &str = r#"{"RequestId":"R","AccountId":"42","Arn":"acs:ram::42:user/u"}"#;

fn key() -> StaticKey {
    StaticKey { id: "ID".into(), secret: "s3cret".to_owned().into(), token: None }
}

fn settings(url: &str) -> AlibabaSettings {
    AlibabaSettings {
        ecs_endpoint: Some(url.to_owned()),
        sts_endpoint: Some(url.to_owned()),
        ..AlibabaSettings::default()
    }
}

fn client(url: &str) -> AlibabaClient {
    let source = AccountSource::Static(key());
    connect(http(), &settings(url), &source, &"42".into(), "run", Arc::new(|_| None))
        .expect("a static key needs nothing")
}

fn http() -> Http {
    Http::new().expect("TLS sets up")
}

fn region() -> RegionId {
    "cn-beijing".into()
}

fn rule() -> Rule {
    Rule {
        id: "sgr-1".into(),
        direction: Direction::Ingress,
        protocol: Protocol::all(),
        ports: Some(PortRange::ALL),
        source_ports: None,
        peer: Peer::Group { id: "sg-2".into(), owner: Some("42".into()) },
        policy: Some(Policy::Accept),
        priority: Some(1),
        nic_type: None,
        description: "a b*c~d+e/f=g&h%i_j 安全组".into(),
        fields: Fields::default(),
    }
}

async fn revoke(client: &AlibabaClient, form: CallForm) -> Result<(), CloudError> {
    let (region, group, token) = (region(), GroupId::from("sg-1"), ClientToken::from("token"));
    let rules = [rule()];
    let order = RevokeOrder {
        region: &region,
        group: &group,
        direction: Direction::Ingress,
        form,
        rules: &rules,
        token: Some(&token),
    };
    client.revoke(&order).await.map(|answer| assert!(answer.value.returned))
}

async fn read_rules(client: &AlibabaClient) -> Result<usize, CloudError> {
    let answer = client.rules(&region(), &["sg-1".into()], None).await?;
    Ok(answer.value.rules.len())
}

async fn class_of(reply: Vec<u8>) -> ErrorClass {
    let fake = Fake::serve(move |_| reply.clone()).await;
    revoke(&client(&fake.url), CallForm::RuleId).await.expect_err("not a success").class
}

/// Signs what arrived again, from nothing but what arrived.
fn signed_again(seen: &Seen, key: &StaticKey) -> String {
    let told = &seen.headers["authorization"];
    let names = told.split("SignedHeaders=").nth(1).and_then(|rest| rest.split(',').next());
    let headers: Vec<_> = names
        .expect("names of signed headers")
        .split(';')
        .map(|name| (name.to_owned(), seen.headers[name].clone()))
        .collect();
    let hash = payload_hash(seen.body.as_bytes());
    let request = Unsigned { method: "POST", query: &[], headers: &headers, payload_hash: &hash };
    authorization(&request, &key.id, key.secret.expose_secret())
}

#[tokio::test]
async fn a_revocation_is_one_signed_post_with_all_parameters_in_its_body() {
    let fake = Fake::serve(|_| answer(200, ACCEPTED)).await;
    let client = client(&fake.url);
    revoke(&client, CallForm::Permissions).await.expect("accepted");
    let [seen] = &fake.seen()[..] else { unreachable!("one request") };
    assert_eq!(seen.line, "POST / HTTP/1.1");
    assert_eq!(seen.action(), "RevokeSecurityGroup");
    assert_eq!(seen.headers["x-acs-version"], "2014-05-26");
    assert_eq!(seen.headers["authorization"], signed_again(seen, &key()));
    assert_eq!(seen.headers["x-acs-content-sha256"], payload_hash(seen.body.as_bytes()));
    assert_eq!(seen.parameter("Permissions.1.Description"), Some(rule().description));
    let last = seen.parameters().pop();
    assert_eq!(last, Some(("ClientToken".to_owned(), "token".to_owned())));
}

#[tokio::test]
async fn what_is_hashed_is_what_is_sent_but_for_the_token() {
    let fake = Fake::serve(|_| answer(200, ACCEPTED)).await;
    let client = client(&fake.url);
    for form in [CallForm::RuleId, CallForm::Permissions, CallForm::Flat] {
        revoke(&client, form).await.expect("accepted");
        let (region, group, rules) = (region(), GroupId::from("sg-1"), [rule()]);
        let order = RevokeOrder {
            region: &region,
            group: &group,
            direction: Direction::Ingress,
            form,
            rules: &rules,
            token: None,
        };
        let mut sent = fake.seen().pop().expect("a request").parameters();
        sent.pop();
        assert_eq!(client.revoke_parameters(&order).expect("valid"), sent);
    }
}

/// A server that sends only so many bytes of `whole`.
async fn cutting(whole: Vec<u8>) -> (Fake, Arc<AtomicUsize>) {
    let cut = Arc::new(AtomicUsize::new(0));
    let at = Arc::clone(&cut);
    (Fake::serve(move |_| whole[..at.load(SeqCst)].to_vec()).await, cut)
}

#[tokio::test]
async fn no_revocation_whose_answer_is_cut_anywhere_is_ever_a_success() {
    for whole in [answer(200, ACCEPTED), unframed(ACCEPTED)] {
        let (fake, cut) = cutting(whole.clone()).await;
        let client = client(&fake.url);
        for end in 0..whole.len() {
            cut.store(end, SeqCst);
            let error = revoke(&client, CallForm::RuleId).await.expect_err("the answer is cut");
            assert_eq!(error.class, ErrorClass::Lost, "cut at {end}");
            assert_eq!(fake.seen().len(), end + 1, "it arrived, and only once");
        }
        cut.store(whole.len(), SeqCst);
        assert_eq!(revoke(&client, CallForm::RuleId).await, Ok(()));
    }
}

#[tokio::test]
async fn no_rules_cut_anywhere_are_ever_read() {
    let whole = unframed(ATTRIBUTE);
    let (fake, cut) = cutting(whole.clone()).await;
    let client = client(&fake.url);
    for end in 0..whole.len() {
        cut.store(end, SeqCst);
        let error = read_rules(&client).await.expect_err("the answer is cut");
        assert_eq!(error.class, ErrorClass::Lost, "cut at {end}");
    }
    cut.store(whole.len(), SeqCst);
    assert_eq!(read_rules(&client).await, Ok(1));
}

#[tokio::test]
async fn answers_that_prove_nothing_are_lost() {
    let redirect = b"HTTP/1.1 302 X\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    for reply in [
        answer(200, "<html>Welcome to the hotel</html>"),
        answer(200, ""),
        answer(200, "{}"),
        answer(200, "<!DOCTYPE a><a><RequestId>R</RequestId></a>"),
        answer(204, ""),
        answer(400, "Bad Request"),
        redirect.to_vec(),
        vec![],
    ] {
        assert_eq!(class_of(reply.clone()).await, ErrorClass::Lost, "{reply:?}");
    }
}

#[tokio::test]
async fn a_refused_connection_is_unreached() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback binds");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    drop(listener);
    let error = revoke(&client(&url), CallForm::RuleId).await.expect_err("nobody listens");
    assert_eq!(error.class, ErrorClass::Unreached);
}

#[tokio::test]
async fn throttling_comes_with_the_wait_that_is_asked_for() {
    let body = r#"{"RequestId":"R","Code":"Throttling.User","Message":"Slow down."}"#;
    let reply = format!(
        "HTTP/1.1 400 X\r\nx-acs-retry-after: 2500\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let fake = Fake::serve(move |_| reply.clone().into_bytes()).await;
    let error = revoke(&client(&fake.url), CallForm::RuleId).await.expect_err("throttled");
    assert_eq!(error.class, ErrorClass::Throttled);
    assert_eq!(error.retry_after, Some(Duration::from_millis(2500)));
    assert_eq!(error.request_id, Some("R".into()));
}

#[tokio::test]
async fn an_unknown_access_key_is_not_a_missing_rule_though_both_are_404() {
    let told = |code: &str| answer(404, &format!(r#"{{"RequestId":"R","Code":"{code}"}}"#));
    assert_eq!(class_of(told("InvalidAccessKeyId.NotFound")).await, ErrorClass::Credential);
    assert_eq!(
        class_of(told("InvalidSecurityGroupRuleId.NotFound")).await,
        ErrorClass::RuleMissing
    );
    assert_eq!(class_of(told("InvalidSecurityGroupId.NotFound")).await, ErrorClass::GroupMissing);
}

#[tokio::test]
async fn every_read_names_its_region_and_asks_for_full_pages() {
    let fake = Fake::serve(|seen| {
        let body = match seen.action() {
            "GetCallerIdentity" => IDENTITY,
            "DescribeRegions" => {
                r#"{"RequestId":"R","Regions":{"Region":[{"RegionId":"cn-beijing"}]}}"#
            }
            "DescribeSecurityGroupAttribute" => ATTRIBUTE,
            "DescribeSecurityGroups" => {
                r#"{"RequestId":"R","SecurityGroups":{"SecurityGroup":[]},"NextToken":"next"}"#
            }
            _ => r#"{"RequestId":"R","SecurityGroupReferences":{"SecurityGroupReference":[]}}"#,
        };
        answer(200, body)
    })
    .await;
    let (client, region) = (client(&fake.url), region());
    let named = [GroupId::from("sg-1"), "sg-2".into()];
    assert_eq!(client.identify(&region).await.expect("told").value.account, "42".into());
    assert_eq!(client.regions().await.expect("told").value, ["cn-beijing".into()]);
    let page = client.groups(&region, Some(&named), Some("page")).await.expect("told").value;
    assert_eq!(page.next.as_deref(), Some("next"));
    assert_eq!(read_rules(&client).await, Ok(1));
    assert!(client.references(&region, &named).await.expect("told").is_some());
    let seen = fake.seen();
    assert_eq!(seen[0].headers["x-acs-version"], "2015-04-01");
    assert_eq!(
        seen[2].body,
        "RegionId=cn-beijing&MaxResults=100&NextToken=page&SecurityGroupIds=%5B%22sg-1%22%2C%22sg-2%22%5D"
    );
    assert_eq!(
        seen[3].body,
        "RegionId=cn-beijing&MaxResults=1000&SecurityGroupId=sg-1&Direction=all&NicType=intranet"
    );
    assert_eq!(seen[4].body, "RegionId=cn-beijing&SecurityGroupId.1=sg-1&SecurityGroupId.2=sg-2");
}

#[tokio::test]
async fn calls_that_name_too_much_or_nothing_are_not_sent() {
    let fake = Fake::serve(|_| answer(200, ACCEPTED)).await;
    let (client, region) = (client(&fake.url), region());
    let many = vec![GroupId::from("sg-1"); 101];
    let two = &many[..2];
    for class in [
        client.groups(&region, Some(&many), None).await.expect_err("101 groups").class,
        client.groups(&region, Some(&[]), None).await.expect_err("no group").class,
        client.rules(&region, two, None).await.expect_err("2 groups").class,
        client.references(&region, &many[..11]).await.expect_err("11 groups").class,
        client.references(&"cn-nowhere".into(), two).await.expect_err("no such region").class,
    ] {
        assert_eq!(class, ErrorClass::Config);
    }
    assert!(fake.seen().is_empty());
}

#[test]
fn endpoints_and_partners_are_refused_before_anything_is_sent() {
    let refused = |settings: &AlibabaSettings, source: &AccountSource| {
        connect(http(), settings, source, &"42".into(), "run", Arc::new(|_| None))
            .err()
            .map(|error| error.class)
    };
    let own = AccountSource::Static(key());
    assert_eq!(refused(&settings("http://ecs.example.com"), &own), Some(ErrorClass::Config));
    let fine = settings("https://ecs.{region}.example.com");
    assert_eq!(refused(&fine, &AccountSource::None), Some(ErrorClass::NotOurs));
    assert_eq!(refused(&fine, &own), None);
}
