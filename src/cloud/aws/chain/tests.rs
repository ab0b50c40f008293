use aws_types::os_shim_internal::Fs;

use super::*;
use crate::cloud::aws::caller::Caller;
use crate::cloud::aws::endpoints::Endpoints;
use crate::cloud::aws::testing::{Loopback, assumed};
use crate::cloud::{AwsSettings, Http};

/// Where nobody listens: a call that goes there fails.
const NOWHERE: &str = "http://127.0.0.1:1";

fn surroundings(env: &[(&str, &str)], files: &[(&str, &str)]) -> Surroundings {
    let base = [("HOME", "/home/u"), ("AWS_EC2_METADATA_DISABLED", "true")];
    let env = base.iter().chain(env).map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    Surroundings::new(env.collect::<Vec<_>>(), Fs::from_slice(files))
}

fn chain(surroundings: Surroundings, profile: Option<&str>, sts: &str) -> Chain {
    let settings = AwsSettings { sts_endpoint: Some(sts.to_owned()), ..AwsSettings::default() };
    Chain {
        surroundings,
        profile: profile.map(str::to_owned),
        region: RegionId::new("eu-west-1"),
        exchange: Exchange {
            http: Http::new().expect("a client"),
            endpoints: Endpoints::new(&settings).expect("an endpoint"),
        },
    }
}

async fn key(chain: &Chain) -> Result<String, CloudError> {
    let credentials = chain.credentials(SystemTime::UNIX_EPOCH).await?;
    Ok(credentials.access_key_id().to_owned())
}

const ENV_KEY: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", "AKIDENV"), ("AWS_SECRET_ACCESS_KEY", "env-secret")];

const HUB: &str = "[profile hub]\naws_access_key_id = AKIDHUB\naws_secret_access_key = hub-secret\n\
    region = eu-south-2\n";

fn config_file(text: &str) -> [(&str, &str); 1] {
    [("/home/u/.aws/config", text)]
}

#[tokio::test]
async fn without_a_profile_the_providers_own_order_holds() {
    let both = surroundings(&ENV_KEY, &config_file("[default]\naws_access_key_id = AKIDFILE\n"));
    assert_eq!(key(&chain(both, None, NOWHERE)).await.as_deref(), Ok("AKIDENV"));
    let chosen = surroundings(&[("AWS_PROFILE", "hub")], &config_file(HUB));
    assert_eq!(key(&chain(chosen, None, NOWHERE)).await.as_deref(), Ok("AKIDHUB"));
}

#[tokio::test]
async fn a_profile_asked_for_by_name_wins_over_the_environment() {
    let both = surroundings(&ENV_KEY, &config_file(HUB));
    assert_eq!(key(&chain(both, Some("hub"), NOWHERE)).await.as_deref(), Ok("AKIDHUB"));
}

#[tokio::test]
async fn a_profile_that_gives_nothing_is_an_error_and_no_reason_to_look_elsewhere() {
    for (file, expected) in [
        (HUB, "profile `team` is in neither"),
        ("[profile team]\nregion = eu-west-1\n", "`team` names no credentials"),
        (
            "[profile team]\nrole_arn = arn:aws:iam::1:role/r\ncredential_source = Environment\n",
            "credential_source = Environment",
        ),
        (
            "[profile team]\nrole_arn = a\nsource_profile = b\n[profile b]\nrole_arn = a\n\
             source_profile = team\n",
            "circles",
        ),
        ("[profile team]\nrole_arn = a\nsource_profile = gone\n", "profile `gone`"),
    ] {
        let surroundings = surroundings(&ENV_KEY, &config_file(file));
        let error = key(&chain(surroundings, Some("team"), NOWHERE)).await.expect_err(expected);
        assert_eq!(error.class, ErrorClass::Config, "{error}");
        assert!(error.message.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn no_credentials_at_all_is_told_with_a_remedy() {
    let error = key(&chain(surroundings(&[], &[]), None, NOWHERE)).await.expect_err("nothing");
    assert_eq!(error.class, ErrorClass::Config);
    assert!(error.message.contains("aws configure"), "{error}");
}

/// Every way to send the chain's own STS calls elsewhere.
const OVERRIDES: [(&str, &str); 3] = [
    ("AWS_ENDPOINT_URL", NOWHERE),
    ("AWS_ENDPOINT_URL_STS", NOWHERE),
    ("AWS_ENDPOINT_URL_EC2", NOWHERE),
];

#[tokio::test]
async fn a_profiles_role_chain_asks_our_sts_whatever_endpoints_are_set() {
    let sts = Loopback::start(|_| assumed("AssumeRole", "ROLE", "2030-01-01T00:00:00Z")).await;
    let file = format!(
        "{HUB}[profile team]\nrole_arn = arn:aws:iam::222222222222:role/team\n\
         source_profile = hub\nendpoint_url = {NOWHERE}\nservices = s\n\
         [services s]\nsts =\n  endpoint_url = {NOWHERE}\n"
    );
    let surroundings = surroundings(&OVERRIDES, &config_file(&file));
    let found = key(&chain(surroundings, Some("team"), &sts.url)).await;
    assert_eq!(found.as_deref(), Ok("AKIDROLE"));
    assert_eq!(sts.count("AssumeRole"), 1);
}

#[tokio::test]
async fn a_web_identity_asks_our_sts_too() {
    let action = "AssumeRoleWithWebIdentity";
    let sts = Loopback::start(move |_| assumed(action, "WEB", "2030-01-01T00:00:00Z")).await;
    let mut env = OVERRIDES.to_vec();
    env.push(("AWS_WEB_IDENTITY_TOKEN_FILE", "/token"));
    env.push(("AWS_ROLE_ARN", "arn:aws:iam::222222222222:role/web"));
    let surroundings = surroundings(&env, &[("/token", "a.b.c")]);
    let found = key(&chain(surroundings, None, &sts.url)).await;
    assert_eq!(found.as_deref(), Ok("AKIDWEB"));
    assert_eq!(sts.count(action), 1);
}

#[tokio::test]
async fn an_sts_that_cannot_be_reached_is_worth_another_try_and_one_that_refuses_is_not() {
    let file = format!(
        "{HUB}[profile team]\nrole_arn = arn:aws:iam::222222222222:role/team\n\
         source_profile = hub\n"
    );
    let away = chain(surroundings(&[], &config_file(&file)), Some("team"), NOWHERE);
    let error = key(&away).await.expect_err("nobody listens");
    assert_eq!(error.class, ErrorClass::Unreached, "{error}");
    for (status, code, expected) in [
        (403, "AccessDenied", ErrorClass::Denied),
        (400, "Throttling", ErrorClass::Throttled),
        (500, "InternalFailure", ErrorClass::Unreached),
    ] {
        let body = format!(
            "<ErrorResponse><Error><Code>{code}</Code><Message>told</Message></Error>\
             <RequestId>r</RequestId></ErrorResponse>"
        );
        let sts = Loopback::start(move |_| (status, body.clone())).await;
        let refused = chain(surroundings(&[], &config_file(&file)), Some("team"), &sts.url);
        let error = key(&refused).await.expect_err(code);
        assert_eq!((error.class, error.code.as_str()), (expected, code));
        assert_eq!(error.message, "profile `team`: told");
        assert_eq!(sts.count("AssumeRole"), 1, "nothing is tried twice");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn what_a_credential_process_writes_is_not_told() {
    let file = "[profile p]\ncredential_process = sh -c \"echo my-secret >&2; exit 3\"\n";
    let chain = chain(surroundings(&[], &config_file(file)), Some("p"), NOWHERE);
    let error = key(&chain).await.expect_err("the process fails");
    assert_eq!(error.class, ErrorClass::Credential, "{error}");
    let told = format!("{error} {error:?}");
    assert!(told.contains("profile `p`: credential_process `sh` ended with exit code 3"), "{told}");
    assert!(!told.contains("my-secret") && !told.contains("sso"), "{told}");
}

/// A command that gives a key named after `name`.
#[cfg(unix)]
fn gives(name: &str) -> String {
    let json = r#"{\"Version\":1,\"AccessKeyId\":\"AKIDNAME\",\"SecretAccessKey\":\"s\"}"#;
    format!("credential_process = echo \"{}\"\n", json.replace("NAME", name))
}

#[cfg(unix)]
#[tokio::test]
async fn a_command_gives_credentials_where_nothing_comes_before_it() {
    let command = gives("PROCESS");
    let default = format!("[default]\n{command}");
    let found = async |env: &[(&str, &str)], file: &str, profile: Option<&str>| {
        key(&chain(surroundings(env, &config_file(file)), profile, NOWHERE)).await
    };
    assert_eq!(found(&[], &default, None).await.as_deref(), Ok("AKIDPROCESS"));
    assert_eq!(found(&ENV_KEY, &default, None).await.as_deref(), Ok("AKIDENV"));
    let named = format!("{HUB}[profile p]\n{command}");
    assert_eq!(found(&ENV_KEY, &named, Some("p")).await.as_deref(), Ok("AKIDPROCESS"));
    let chosen = [("AWS_PROFILE", "p")];
    assert_eq!(found(&chosen, &named, None).await.as_deref(), Ok("AKIDPROCESS"));
}

#[cfg(unix)]
#[tokio::test]
async fn roles_are_assumed_with_what_a_command_gives() {
    let sts = Loopback::start(|_| assumed("AssumeRole", "ROLE", "2030-01-01T00:00:00Z")).await;
    let file = format!(
        "[profile team]\nrole_arn = arn:aws:iam::222222222222:role/team\nexternal_id = x\n\
         source_profile = p\n[profile p]\n{}",
        gives("PROCESS")
    );
    let surroundings = surroundings(&OVERRIDES, &config_file(&file));
    let found = key(&chain(surroundings, Some("team"), &sts.url)).await;
    assert_eq!(found.as_deref(), Ok("AKIDROLE"));
    let received = sts.received();
    let [request] = &received[..] else { panic!("one request: {received:?}") };
    assert!(request.body.contains("ExternalId=x"), "{}", request.body);
    let signer = request.headers["authorization"].to_str().expect("text");
    assert!(signer.contains("AKIDPROCESS"), "{signer}");
}

#[tokio::test]
async fn the_chains_own_calls_of_sts_go_and_are_signed_where_the_caller_is_at_home() {
    let body = "<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>told</Message>\
        </Error><RequestId>r</RequestId></ErrorResponse>";
    let sts = Loopback::start(|_| (403, body.to_owned())).await;
    let file =
        format!("{HUB}[profile team]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = hub\n");
    let mut chain = chain(surroundings(&[], &config_file(&file)), Some("team"), &sts.url);
    chain.exchange.endpoints = chain.exchange.endpoints.of(Caller::at_home(&["us-east-1"]));
    let error = key(&chain).await.expect_err("refused");
    let header = sts.received()[0].headers["authorization"].to_str().expect("text").to_owned();
    assert!(header.contains("/us-east-1/sts/"), "{header}");
    assert!(error.message.contains("aws.sts_region"), "{error}");
}

#[tokio::test]
async fn a_fault_of_another_profile_costs_nothing() {
    let config = format!("{HUB}[profile odd]\n  indented = 1\nno equals sign\n[broken\nx = 1\n");
    let credentials = "# Jos\u{e9}\n[other]\naws_access_key_id = \"QUOTED\"\n= 1\n";
    let files =
        [("/home/u/.aws/config", config.as_str()), ("/home/u/.aws/credentials", credentials)];
    let found = key(&chain(surroundings(&[], &files), Some("hub"), NOWHERE)).await;
    assert_eq!(found.as_deref(), Ok("AKIDHUB"));
    for (profile, expected) in [
        ("odd", "profile `odd`: /home/u/.aws/config:7: expected `key = value`"),
        ("other", "profile `other`: /home/u/.aws/credentials:4: "),
        ("broken", "`broken` is in neither"),
    ] {
        let refused = key(&chain(surroundings(&[], &files), Some(profile), NOWHERE)).await;
        let error = refused.expect_err(expected);
        assert_eq!(error.class, ErrorClass::Config, "{error}");
        assert!(error.message.contains(expected) && !error.message.contains("QUOTED"), "{error}");
    }
    let env = surroundings(&ENV_KEY, &config_file("nothing that can be read"));
    assert_eq!(key(&chain(env, None, NOWHERE)).await.as_deref(), Ok("AKIDENV"));
}

#[tokio::test]
async fn line_ends_around_variables_are_no_part_of_them() {
    let sts =
        Loopback::start(|_| assumed("AssumeRoleWithWebIdentity", "WEB", "2030-01-01T00:00:00Z"));
    let sts = sts.await;
    let key_of = async |env: &[(&str, &str)], files: &[(&str, &str)]| {
        key(&chain(surroundings(env, files), None, &sts.url)).await
    };
    let env = [("AWS_ACCESS_KEY_ID", "AKIDENV\n"), ("AWS_SECRET_ACCESS_KEY", " s\r\n")];
    assert_eq!(key_of(&env, &[]).await.as_deref(), Ok("AKIDENV"));
    for name in ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"] {
        assert_eq!(key_of(&[(name, " hub\n")], &config_file(HUB)).await.as_deref(), Ok("AKIDHUB"));
    }
    let web = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "/token\n"),
        ("AWS_ROLE_ARN", "arn:aws:iam::222222222222:role/web\n"),
    ];
    assert_eq!(key_of(&web, &[("/token", "a.b.c\n")]).await.as_deref(), Ok("AKIDWEB"));
    let received = sts.received();
    let [request] = &received[..] else { panic!("one request: {received:?}") };
    let sent = format!("{}&", request.body);
    assert!(sent.contains("Token=a.b.c&") && sent.contains("role%2Fweb&"), "{sent}");
}

#[tokio::test]
async fn a_profile_is_found_by_a_name_that_needs_quotation_marks() {
    let sts = Loopback::start(|_| assumed("AssumeRole", "ROLE", "2030-01-01T00:00:00Z")).await;
    let file = "[profile \"my hub\"]\naws_access_key_id: AKIDHUB\naws_secret_access_key: s\n\
        [profile \"my team\"]\n  role_arn = arn:aws:iam::222222222222:role/team\n  \
        source_profile = my hub\n";
    let surroundings = surroundings(&[], &config_file(file));
    let found = key(&chain(surroundings, Some("my team"), &sts.url)).await;
    assert_eq!(found.as_deref(), Ok("AKIDROLE"));
}

/// A cause: variables, `config`, profile, and what the message must hold.
type Cause<'c> = (&'c [(&'c str, &'c str)], &'c str, Option<&'c str>, &'c str);

#[tokio::test]
async fn each_cause_is_told_with_its_own_remedy() {
    let sso = "sso_account_id = 1\nsso_role_name = r\n";
    let direct = format!("{sso}sso_region = eu-west-1\nsso_start_url = https://u/start\n");
    let session = format!("[profile p]\n{sso}sso_session = s\n");
    let whole = format!("{session}[sso-session s]\nsso_region = eu-west-1\nsso_start_url = u\n");
    let half = format!("{session}[sso-session s]\nsso_region = eu-west-1\n");
    let direct = format!("[profile p]\n{direct}");
    let role = "[profile p]\nrole_arn = arn:aws:iam::1:role/r\n";
    let [imds, ecs, other, web] = [
        "credential_source = Ec2InstanceMetadata",
        "credential_source = EcsContainer",
        "credential_source = Elsewhere",
        "web_identity_token_file = /no/token",
    ]
    .map(|line| format!("{role}{line}\n"));
    let both = format!("{imds}source_profile = q\n");
    let on = [("AWS_EC2_METADATA_DISABLED", "")];
    let causes: [Cause<'_>; 22] = [
        (
            &[],
            "",
            None,
            "no AWS credentials found: run `aws configure`, or set aws.profile (AWS_EC2",
        ),
        (&[], "aws_access_key_id = A\n", None, "(/home/u/.aws/config:1: is in no section"),
        (&[("AWS_PROFILE", "gone")], "", None, "profile `gone` is in neither"),
        (&[("AWS_PROFILE", "p")], "[p]\n", None, "config:1 has `[p]`, expected `[profile p]`"),
        (&[("AWS_ACCESS_KEY_ID", "A")], "", None, "AWS_ACCESS_KEY_ID is set and AWS_SECRET"),
        (&[ENV_KEY[0], ("AWS_SECRET_ACCESS_KEY", "'s'")], "", None, "AWS_SECRET_ACCESS_KEY is in"),
        (
            &[ENV_KEY[0], ENV_KEY[1], ("AWS_SESSION_TOKEN", "a b")],
            "",
            None,
            "AWS_SESSION_TOKEN has a blank",
        ),
        (
            &[("AWS_WEB_IDENTITY_TOKEN_FILE", "/t")],
            "",
            None,
            "AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE",
        ),
        (
            &[("AWS_WEB_IDENTITY_TOKEN_FILE", "/t"), ("AWS_ROLE_ARN", "r")],
            "",
            None,
            "AWS_WEB_IDENTITY_TOKEN_FILE: /t: ",
        ),
        (&[], &direct, Some("p"), "`aws sso login --profile p`"),
        (&[], &whole, Some("p"), "`aws sso login --profile p`"),
        (&[], &session, Some("p"), "config:4 names `[sso-session s]`, which does not stand"),
        (
            &[],
            &half,
            Some("p"),
            "SSO needs `sso_start_url` in `[sso-session s]`: run `aws configure sso`",
        ),
        (
            &[],
            "[profile p]\nsso_account_id = 1\n",
            Some("p"),
            "SSO needs `sso_role_name` in `[profile p]`",
        ),
        (
            &[],
            &imds,
            Some("p"),
            "credential_source = Ec2InstanceMetadata, which gives none here (AWS_EC2",
        ),
        (&on, &ecs, Some("p"), "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor"),
        (&[], &other, Some("p"), "config:3: credential_source `Elsewhere` is not known"),
        (&[], &both, Some("p"), "both source_profile and credential_source"),
        (&[], role, Some("p"), "config:2: role_arn stands there and neither source_profile"),
        (&[], &web, Some("p"), "profile `p`: web_identity_token_file: /no/token: "),
        (
            &[],
            "[profile p]\nlogin_session = arn\n",
            Some("p"),
            "aws configure export-credentials --profile p",
        ),
        (
            &[],
            "[profile p]\ncredential_process = no-such-program-anywhere s3cret\n",
            Some("p"),
            "credential_process `no-such-program-anywhere` is not there (exit code 127): install it",
        ),
    ];
    for (env, file, profile, expected) in causes {
        let asked = chain(surroundings(env, &config_file(file)), profile, NOWHERE);
        let error = key(&asked).await.expect_err(expected);
        assert!(error.message.contains(expected), "{expected}: {error}");
        let is_sso = expected.contains("sso") || expected.contains("SSO");
        assert_eq!(error.message.contains("sso"), is_sso, "the remedy of another fault: {error}");
        assert!(!error.message.contains("s3cret"), "{error}");
    }
}

#[tokio::test]
async fn a_session_that_is_for_other_things_leaves_a_profile_its_key() {
    let file = format!("{HUB}sso_session = s\n[sso-session s]\nsso_region = eu-west-1\n");
    let found = key(&chain(surroundings(&[], &config_file(&file)), Some("hub"), NOWHERE)).await;
    assert_eq!(found.as_deref(), Ok("AKIDHUB"));
}
