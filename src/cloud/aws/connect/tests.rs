use aws_types::os_shim_internal::Fs;

use super::*;
use crate::cloud::aws::testing::{Loopback, Received, assumed, identity, ok, refused};
use crate::cloud::{Cloud, ErrorClass, RevokeOrder, StaticKey};
use crate::model::{CallForm, Direction, Fields, GroupId, Peer, Policy, PortRange, Protocol, Rule};

const HUB: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", "AKIDHUB"), ("AWS_SECRET_ACCESS_KEY", "hub-secret")];
const TEMPLATE: &str = "arn:aws:iam::{account}:role/unpair";

fn account() -> AccountId {
    AccountId::new("222222222222")
}

fn region() -> RegionId {
    RegionId::new("eu-west-1")
}

fn settings(url: &str) -> AwsSettings {
    AwsSettings {
        ec2_endpoint: Some(url.to_owned()),
        sts_endpoint: Some(url.to_owned()),
        ..AwsSettings::default()
    }
}

fn connector(settings: &AwsSettings) -> AwsConnector {
    let env = HUB.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let surroundings = Surroundings::new(env, Fs::from_slice(&[]));
    let http = Http::new().expect("a client");
    AwsConnector::with_surroundings(&http, settings, "run 7/ä", surroundings).expect("settings")
}

fn static_source() -> AccountSource {
    AccountSource::Static(StaticKey {
        id: "AKIDSTATIC".to_owned(),
        secret: "static-secret".into(),
        token: Some("static-token".into()),
    })
}

async fn client(url: &str, source: &AccountSource) -> AwsClient {
    let region = region();
    connector(&settings(url)).connect(source, &account(), Some(&region)).await.expect("a client")
}

fn signer(request: &Received) -> String {
    let header = request.headers.get("authorization").and_then(|value| value.to_str().ok());
    let credential = header.and_then(|text| text.split("Credential=").nth(1));
    credential.and_then(|text| text.split('/').next()).unwrap_or_default().to_owned()
}

#[test]
fn a_roles_account_and_partition_are_filled_in() {
    let partition = |region| Partition::of_region(region).expect("a region");
    let (aws, china) = (partition("us-east-1"), partition("cn-north-1"));
    let arn = |template, partition| role_arn(template, &account(), partition);
    let expected = "arn:aws-cn:iam::222222222222:role/unpair";
    assert_eq!(arn(TEMPLATE, china).as_deref(), Ok(expected));
    let eu = partition("eusc-de-east-1");
    assert_eq!(arn(TEMPLATE, eu).as_deref(), Ok("arn:aws-eusc:iam::222222222222:role/unpair"));
    let fixed = "arn:aws:iam::333333333333:role/path/x";
    assert_eq!(arn(fixed, aws).as_deref(), Ok(fixed));
    assert!(arn("role/unpair", aws).is_err());
    let own = "arn:aws-cn:iam::{account}:role/unpair";
    assert_eq!(arn(own, china).as_deref(), Ok(expected));
    let elsewhere = arn(own, aws).map_err(|error| error.message).expect_err("of China");
    assert!(elsewhere.contains("partition aws,"), "{elsewhere}");
    let name = AccountId::new("partner");
    let refused = role_arn(TEMPLATE, &name, aws).map_err(|error| error.class);
    assert_eq!(refused, Err(ErrorClass::Config));
}

#[test]
fn a_sessions_name_is_one_that_sts_takes() {
    assert_eq!(session_name("run 7/ä"), "unpair-run-7");
    assert_eq!(session_name(""), "unpair");
    assert_eq!(session_name(&"x".repeat(100)).len(), SESSION);
}

#[tokio::test]
async fn an_account_that_is_not_ours_or_a_region_that_cannot_be_gets_no_client() {
    let connector = connector(&AwsSettings::default());
    let class = |result: Result<AwsClient, CloudError>| result.err().map(|error| error.class);
    let none = connector.connect(&AccountSource::None, &account(), None).await;
    assert_eq!(class(none), Some(ErrorClass::NotOurs));
    let bad = RegionId::new("eu-west-1.example/");
    let bad = connector.connect(&static_source(), &account(), Some(&bad)).await;
    assert_eq!(class(bad), Some(ErrorClass::Config));
}

#[tokio::test]
async fn a_static_key_signs_with_its_session_token() {
    let aws = Loopback::start(|_| ok("DescribeRegions", "<regionInfo/>")).await;
    let client = client(&aws.url, &static_source()).await;
    assert_eq!(client.regions().await.map(|answer| answer.value), Ok(vec![]));
    let received = aws.received();
    let [request] = received.as_slice() else { panic!("one request: {received:?}") };
    assert_eq!(signer(request), "AKIDSTATIC");
    let token = request.headers.get("x-amz-security-token").and_then(|v| v.to_str().ok());
    assert_eq!(token, Some("static-token"));
}

#[tokio::test]
async fn an_inherited_role_is_assumed_once_and_again_after_a_refresh() {
    let aws = Loopback::start(|body| match body {
        _ if body.contains("AssumeRole") => assumed("AssumeRole", "ROLE", "2099-01-01T00:00:00Z"),
        _ if body.contains("GetCallerIdentity") => identity("222222222222"),
        _ => ok("DescribeRegions", "<regionInfo/>"),
    })
    .await;
    let settings = AwsSettings { role_arn: Some(TEMPLATE.to_owned()), ..settings(&aws.url) };
    let region = region();
    let client = connector(&settings)
        .connect(&AccountSource::Inherit, &account(), Some(&region))
        .await
        .expect("a client");
    client.regions().await.expect("an answer");
    client.regions().await.expect("an answer");
    assert_eq!(aws.count("AssumeRole"), 1);
    client.refresh().await.expect("forgotten");
    client.regions().await.expect("an answer");
    let signers: Vec<String> = aws.received().iter().map(signer).collect();
    // The hub assumes the role; whose the session is, is asked before it is used.
    assert_eq!(signers[..4], ["AKIDHUB", "AKIDROLE", "AKIDROLE", "AKIDROLE"]);
    assert_eq!(signers[4..], ["AKIDHUB", "AKIDROLE"]);
    assert_eq!(aws.count("GetCallerIdentity"), 1, "the session that came back was the same");
    let first = aws.received().first().map(|request| request.body.clone()).unwrap_or_default();
    assert!(first.contains("RoleSessionName=unpair-run-7"), "{first}");
}

#[tokio::test]
async fn accounts_with_the_same_source_share_it() {
    let connector = connector(&AwsSettings::default());
    let source = |profile, region| {
        let region = RegionId::new(region);
        connector.source(&connector.exchange, profile, &region).expect("a source")
    };
    let first = source(Some("hub"), "eu-west-1");
    assert!(Arc::ptr_eq(&first, &source(Some("hub"), "us-east-1")));
    assert!(!Arc::ptr_eq(&first, &source(Some("hub"), "cn-north-1")));
    assert!(!Arc::ptr_eq(&first, &source(None, "eu-west-1")));
}

fn rule() -> Rule {
    Rule {
        id: "sgr-1".into(),
        direction: Direction::Ingress,
        protocol: Protocol::all(),
        ports: Some(PortRange::ALL),
        source_ports: None,
        peer: Peer::Group { id: GroupId::new("sg-b"), owner: Some(AccountId::new("333333333333")) },
        policy: Some(Policy::Accept),
        priority: None,
        nic_type: None,
        description: String::new(),
        fields: Fields::default(),
    }
}

#[tokio::test]
async fn a_missing_group_is_the_calls_own_only_where_no_other_is_named() {
    let aws = Loopback::start(|_| refused(400, "InvalidGroup.NotFound")).await;
    let client = client(&aws.url, &static_source()).await;
    let (region, group, rules) = (region(), GroupId::new("sg-a"), [rule()]);
    for (form, expected) in [
        (CallForm::RuleId, ErrorClass::GroupMissing),
        (CallForm::Permissions, ErrorClass::PeerMissing),
    ] {
        let order = RevokeOrder {
            region: &region,
            group: &group,
            direction: Direction::Ingress,
            form,
            rules: &rules,
            token: None,
        };
        let error = client.revoke(&order).await.expect_err("missing");
        assert_eq!((error.class, error.http), (expected, Some(400)));
    }
}

#[tokio::test]
async fn nothing_is_sent_for_a_listing_of_no_groups_or_references() {
    let aws = Loopback::start(|_| refused(500, "InternalError")).await;
    let client = client(&aws.url, &static_source()).await;
    let region = region();
    let class = |error: CloudError| error.class;
    let groups = client.groups(&region, Some(&[]), None).await;
    assert_eq!(groups.map_err(class).err(), Some(ErrorClass::Config));
    let rules = client.rules(&region, &[], None).await;
    assert_eq!(rules.map_err(class).err(), Some(ErrorClass::Config));
    let references = client.references(&region, &[GroupId::new("sg-a")]).await;
    assert_eq!(references, Ok(None));
    assert!(aws.received().is_empty());
}

#[tokio::test]
async fn a_listing_goes_on_with_the_token_of_its_last_page() {
    let aws = Loopback::start(|body| {
        let next = if body.contains("NextToken=") { "" } else { "<nextToken>t=/+</nextToken>" };
        ok("DescribeSecurityGroupRules", &format!("<securityGroupRuleSet/>{next}"))
    })
    .await;
    let client = client(&aws.url, &static_source()).await;
    let (region, groups) = (region(), [GroupId::new("sg-a"), GroupId::new("sg-b")]);
    let first = client.rules(&region, &groups, None).await.expect("a page").value;
    assert_eq!(first.next.as_deref(), Some("t=/+"));
    let last = client.rules(&region, &groups, first.next.as_deref()).await.expect("a page").value;
    assert_eq!(last.next, None);
    let bodies: Vec<String> = aws.received().into_iter().map(|request| request.body).collect();
    let both = "Action=DescribeSecurityGroupRules&Version=2016-11-15&Filter.1.Name=group-id\
        &Filter.1.Value.1=sg-a&Filter.1.Value.2=sg-b&MaxResults=1000";
    assert_eq!(bodies, [both.to_owned(), format!("{both}&NextToken=t%3D%2F%2B")]);
}

#[tokio::test]
async fn a_call_is_signed_for_the_region_it_names() {
    let aws = Loopback::start(|_| ok("DescribeSecurityGroups", "<securityGroupInfo/>")).await;
    let client = client(&aws.url, &static_source()).await;
    client.groups(&RegionId::new("cn-north-1"), None, None).await.expect("an answer");
    let received = aws.received();
    let header = received[0].headers.get("authorization").and_then(|value| value.to_str().ok());
    assert!(header.is_some_and(|text| text.contains("/cn-north-1/ec2/aws4_request")));
}

/// A service whose role sessions last for a minute: the first is the account's, those after it are
/// another's.
async fn other_from_the_second() -> Loopback {
    let assumptions = Arc::new(Mutex::new(0));
    Loopback::start(move |body| {
        let mut count = assumptions.lock().expect("no panic");
        match body {
            _ if body.contains("AssumeRole") => {
                *count += 1;
                let soon = jiff::Timestamp::now() + std::time::Duration::from_secs(60);
                assumed("AssumeRole", &format!("ROLE{count}"), &soon.to_string())
            }
            _ if body.contains("GetCallerIdentity") => {
                identity(if *count > 1 { "999999999999" } else { "222222222222" })
            }
            _ => ok("DescribeRegions", "<regionInfo/>"),
        }
    })
    .await
}

#[tokio::test]
async fn nothing_but_the_question_is_sent_with_renewed_credentials_of_another_account() {
    let aws = other_from_the_second().await;
    let settings = AwsSettings { role_arn: Some(TEMPLATE.to_owned()), ..settings(&aws.url) };
    let region = region();
    let connector = connector(&settings);
    let client = connector.connect(&AccountSource::Inherit, &account(), Some(&region)).await;
    let client = client.expect("a client");
    let found = client.identify(&region).await.expect("told").value.account;
    assert_eq!(found, account());
    for _ in 0..2 {
        let error = client.regions().await.expect_err("another account's");
        assert_eq!((error.class, error.code.as_str()), (ErrorClass::Credential, "WrongIdentity"));
        assert!(error.message.contains("999999999999"), "{error}");
        client.ready(&region).await.expect_err("another account's");
    }
    assert_eq!(aws.count("DescribeRegions"), 0);
}
