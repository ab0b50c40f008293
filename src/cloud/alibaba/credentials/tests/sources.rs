//! Keys that do not stand in a file: who names them, and what forbids them.

use super::Given;

#[test]
fn profiles_say_where_a_key_comes_from_that_is_not_theirs() {
    for (name, expected) in [
        ("machine", "machine r"),
        ("only", "machine "),
        ("two-steps", "machine r > acs:ram::5:role/r"),
        ("pod", "P by /token > acs:ram::4:role/r"),
        ("script", "get-key s3cret"),
        ("address", "https://keys/s3cret"),
        ("over", "get-key s3cret > acs:ram::6:role/r"),
    ] {
        assert_eq!(Given::new().allowed().profile(name).outcome(), expected);
    }
    let policy = Given::new().profile("two-steps").resolve().expect("resolves").roles[0].clone();
    assert_eq!(policy.policy.as_deref(), Some("{}"));
}

#[test]
fn the_sts_of_a_profile_is_one_of_the_providers_hosts() {
    for (name, expected) in [
        ("hub", None),
        ("pod", Some("https://sts.cn-beijing.aliyuncs.com")),
        ("two-steps", Some("https://sts-vpc.cn-hangzhou.aliyuncs.com")),
        ("over", Some("https://sts.eu-central-1.aliyuncs.com")),
    ] {
        let source = Given::new().allowed().profile(name).resolve().expect("resolves");
        assert_eq!(source.sts.as_deref(), expected, "{name}");
        for role in source.roles {
            assert_eq!(role.sts.as_deref(), expected, "{name}");
        }
    }
}

#[test]
fn what_the_environment_forbids_is_refused_even_if_it_is_allowed() {
    for value in ["1", "true", "TRUE"] {
        for name in ["script", "address", "over"] {
            let given = Given::new().allowed().var("DISABLE_EXTERNAL_PROCESS", value);
            let refusal = given.profile(name).refusal();
            assert!(
                refusal.contains("ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS forbids"),
                "{refusal}"
            );
        }
        let given = Given::new().var("ECS_METADATA_DISABLED", value).profile("machine");
        let refusal = given.refusal();
        assert!(refusal.contains("ALIBABA_CLOUD_ECS_METADATA_DISABLED forbids"), "{refusal}");
    }
}

#[test]
fn the_environment_names_a_token_a_machine_and_an_address_in_the_order_of_the_providers_chain() {
    let token = |given: Given| {
        given.var("OIDC_TOKEN_FILE", "/t").var("OIDC_PROVIDER_ARN", "P").var("ROLE_ARN", "R")
    };
    assert_eq!(token(Given::new()).outcome(), "P by /t > R");
    assert_eq!(token(Given::new().env_key()).outcome(), "ENV");
    let nowhere = |given: Given| {
        std::fs::remove_file(given.home.path().join(".aliyun/config.json")).expect("it was there");
        given.var("ECS_METADATA", "r").var("CREDENTIALS_URI", "https://keys")
    };
    assert_eq!(nowhere(Given::new()).outcome(), "machine r");
    let given = nowhere(Given::new()).var("ECS_METADATA_DISABLED", "true");
    assert!(given.refusal().contains("ALIBABA_CLOUD_CREDENTIALS_URI is set: set allow_external"));
    assert_eq!(given.allowed().outcome(), "https://keys");
    let given = Given::new().var("ECS_METADATA", "r");
    assert_eq!(given.outcome(), "HUB", "a profile comes first");
    assert_eq!(given.var("CLI_PROFILE_DISABLED", "true").outcome(), "machine r");
}
