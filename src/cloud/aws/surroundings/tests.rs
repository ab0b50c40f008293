use super::*;
use crate::cloud::ErrorClass;
use crate::cloud::aws::caller::Caller;
use crate::cloud::surroundings::STS_AT;

const HUB: &str = "[profile hub]\naws_access_key_id = AKIDHUB\naws_secret_access_key = hub-secret\n\
    region = eu-south-2\n";

fn of_file(text: &str) -> Surroundings {
    let env = [("HOME".to_owned(), "/home/u".to_owned())];
    Surroundings::new(env, Fs::from_slice(&[("/home/u/.aws/config", text)]))
}

/// What a profile file makes of the caller of `profile`; the environment says `variables`.
async fn caller(
    file: &str,
    profile: Option<&str>,
    variables: &AwsVariables,
) -> Result<Found, CloudError> {
    of_file(file).caller(profile, None, variables).await
}

#[tokio::test]
async fn the_caller_is_at_home_where_the_environment_the_profile_or_its_source_says() {
    let file = format!("{HUB}[profile team]\nrole_arn = a\nsource_profile = hub\n");
    let nothing = AwsVariables::default();
    let found = caller(&file, Some("team"), &nothing).await.expect("a good file");
    assert_eq!(found.caller, Caller::at_home(&["eu-south-2"]));
    let told: Vec<String> = found.told.iter().map(ToString::to_string).collect();
    assert_eq!(told, [format!("{STS_AT}: eu-south-2 (region of profile `hub`)")]);
    let variables = AwsVariables { region: Some("us-east-1".into()), ..nothing.clone() };
    let found = caller(&file, Some("team"), &variables).await.expect("a good file");
    assert_eq!(found.caller, Caller::at_home(&["us-east-1", "eu-south-2"]));
    assert!(found.told.is_empty(), "{:?}", found.told);
    let nobody = caller(&file, None, &nothing).await.expect("a good file");
    assert_eq!(nobody.caller, Caller::default());
}

#[tokio::test]
async fn a_profiles_hosts_are_its_own_unless_the_environment_says() {
    let file = format!("{HUB}use_fips_endpoint = TRUE\nuse_dualstack_endpoint = true\n");
    let nothing = AwsVariables::default();
    let variant = async |variables: &AwsVariables| {
        let found = caller(&file, Some("hub"), variables).await.expect("a good file");
        (found.caller.variant.fips, found.caller.variant.dual_stack)
    };
    assert_eq!(variant(&nothing).await, (true, true));
    let off = AwsVariables { fips: Some(false), ..nothing.clone() };
    assert_eq!(variant(&off).await, (false, true));
    for (bad, part) in [
        ("use_fips_endpoint = yes", "use_fips_endpoint of profile `p`: `yes`"),
        ("use_dualstack_endpoint = 1", "true or false"),
        ("region = us-east-1a", "region of profile `p`: `us-east-1a` is not a region"),
    ] {
        let refused = caller(&format!("[profile p]\n{bad}\n"), Some("p"), &nothing).await;
        let error = refused.map(|_| ()).expect_err(bad);
        assert!(error.class == ErrorClass::Config && error.message.contains(part), "{error}");
    }
}

#[tokio::test]
async fn keys_of_a_profile_that_send_calls_elsewhere_are_told() {
    let file = "[profile p]\nendpoint_url = http://x\nservices = s\n\
        sts_regional_endpoints = legacy\n[services s]\nsts =\n  endpoint_url = http://x\n";
    let found = caller(file, Some("p"), &AwsVariables::default()).await.expect("a good file");
    let told: Vec<String> = found.told.iter().map(ToString::to_string).collect();
    for key in ["endpoint_url", "services", "sts_regional_endpoints"] {
        let start = format!("{key} of profile `p` is ignored");
        assert!(told.iter().any(|line| line.starts_with(&start)), "{key}: {told:?}");
    }
}

#[tokio::test]
async fn a_sign_on_is_asked_at_the_partitions_hosts_whatever_a_profile_says() {
    let file = "[profile p]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n\
        endpoint_url = http://127.0.0.1:1\n[sso-session s]\nsso_region = eu-west-1\n\
        [profile old]\nsso_region = us-gov-west-1\n\
        [profile team]\nrole_arn = a\nsource_profile = p\n";
    let surroundings = of_file(file);
    let asked = async |profile, fips| {
        let variant = Variant { fips, dual_stack: false };
        let asked = surroundings.sign_on(Some(profile), variant).await.expect("a good file");
        assert_eq!([asked[0].0, asked[1].0], ["SSO", "SSO_OIDC"]);
        [asked[0].1.clone(), asked[1].1.clone()]
    };
    let own =
        ["https://portal.sso.eu-west-1.amazonaws.com", "https://oidc.eu-west-1.amazonaws.com"];
    assert_eq!(asked("p", false).await, own);
    assert_eq!(asked("team", false).await, own);
    assert_eq!(asked("p", true).await[0], "https://portal.sso-fips.eu-west-1.amazonaws.com");
    assert_eq!(asked("old", true).await[0], "https://portal.sso.us-gov-west-1.amazonaws.com");
}
