//! The configuration as a whole: names, precedence, places, refusals.

use super::*;
use crate::cloud::AccountSource;
use crate::model::{AccountId, Provider};
use crate::pace::{Ceiling, Limit};

fn env(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn load(text: &str, pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::from_text(Some(("c.toml", text)), env(pairs), &Overrides::default())
}

fn good(text: &str, pairs: &[(&str, &str)]) -> Config {
    load(text, pairs).unwrap_or_else(|error| panic!("{error}"))
}

/// What is told of a configuration that is refused.
fn refused(text: &str, pairs: &[(&str, &str)]) -> String {
    load(text, pairs).expect_err(text).to_string()
}

const CONTRACT: &str = r#"
[alibaba]
ecs_endpoint = "https://ecs.{region}.aliyuncs.com"
sts_endpoint = "https://sts.aliyuncs.com"
config_file  = "~/.aliyun/config.json"
profile      = "hub"
role_arn     = "acs:ram::{account}:role/unpair"
extra_regions = ["cn-new"]
[alibaba.limits]
rate = 5.0
burst = 1
in_flight = 4
RevokeSecurityGroup = { rate = 2.5, burst = 3 }
[aws]
ec2_endpoint = "https://ec2.{region}.amazonaws.com"
sts_endpoint = "https://sts.{region}.amazonaws.com"
profile      = "hub"
role_arn     = "arn:aws:iam::{account}:role/unpair"
external_id  = "x"
sts_region   = "us-east-1"
[aws.limits]
[[account]]
cloud = "alibaba"
id    = "1234567890123456"
name  = "b@aliyun.com"
profile = "team-b"
[guard]
max_rules = 10000
only_accounts = []
protect   = ["sg-prod-*", "account:b@aliyun.com"]
fresh     = "1h"
[sandbox]
world = "sample-data/world.toml"
"#;

#[test]
fn every_documented_key_is_read() {
    let config = good(CONTRACT, &[("HOME", "/home/me")]);
    let alibaba = &config.clouds.alibaba;
    assert_eq!(alibaba.config_file, Some(PathBuf::from("/home/me/.aliyun/config.json")));
    assert_eq!(alibaba.role_arn.as_deref(), Some("acs:ram::{account}:role/unpair"));
    assert_eq!(config.clouds.aws.external_id.as_deref(), Some("x"));
    assert_eq!(config.clouds.aws.sts_region, Some("us-east-1".into()));
    assert_eq!(
        config.limits.alibaba.ceiling("RevokeSecurityGroup"),
        Some(Ceiling { rate: 2.5, burst: 3 })
    );
    assert_eq!(config.limits.aws, LimitSettings::defaults().aws);
    assert_eq!(config.guard.max_rules, Some(10_000));
    let glob = Glob::new("sg-prod-*").expect("a pattern");
    let accounts = ["1234567890123456", "b@aliyun.com"].map(|one| Protected::Account(one.into()));
    assert_eq!(config.guard.protect, [&[Protected::Group(glob)], &accounts[..]].concat());
    assert_eq!(config.world, Some(PathBuf::from("sample-data/world.toml")));
    assert_eq!(config.notices.len(), 4, "{:?}", config.notices);
    assert!(config.notices[0].starts_with("c.toml:3: alibaba.ecs_endpoint is overridden"));
}

#[test]
fn without_file_and_variables_the_defaults_hold() {
    let config = Config::from_text(None, env(&[]), &Overrides::default()).expect("nothing wrong");
    assert_eq!(config.guard, Guard::default());
    assert_eq!(config.limits.alibaba, LimitSettings::defaults().alibaba);
    assert!(config.notices.is_empty() && config.clouds.accounts.is_empty());
}

#[test]
fn a_flag_beats_a_variable_which_beats_the_file() {
    let text = "[guard]\nmax_rules = 1\nmax_percent = 10\n[alibaba]\nprofile = 'file'\n";
    let config =
        good(text, &[("UNPAIR_GUARD__MAX_RULES", "2"), ("UNPAIR_ALIBABA__PROFILE", "env")]);
    assert_eq!(config.guard.max_rules, Some(2));
    assert_eq!(config.guard.max_percent, Some(10.0));
    assert_eq!(config.clouds.alibaba.profile.as_deref(), Some("env"));
    let flags = Overrides { max_rules: Some(3), ..Overrides::default() };
    let variables = env(&[("UNPAIR_GUARD__MAX_RULES", "2")]);
    let config = Config::from_text(Some(("c.toml", text)), variables, &flags).expect("valid");
    assert_eq!(config.guard.max_rules, Some(3));
}

#[test]
fn a_reading_is_fresh_for_an_hour_unless_configuration_says_otherwise() {
    let fresh = |text: &str, pairs: &[(&str, &str)]| good(text, pairs).guard.fresh;
    let seconds = |seconds| Some(std::time::Duration::from_secs(seconds));
    assert_eq!(fresh("", &[]), seconds(3_600));
    assert_eq!(fresh("[guard]\nfresh = '1s'\n", &[]), seconds(1));
    assert_eq!(
        fresh("[guard]\nfresh = '15m'\n", &[("UNPAIR_GUARD__FRESH", "2d")]),
        seconds(172_800)
    );
    assert_eq!(fresh("[guard]\nfresh = 'OFF'\n", &[]), None);
    for text in ["0s", "999ms", "-1h", "soon", "1", ""] {
        let told = refused(&format!("[guard]\nfresh = '{text}'\n"), &[]);
        assert!(told.starts_with("c.toml:2: guard.fresh: "), "{told}");
        assert!(told.contains("at least 1s"), "{told}");
    }
    refused("[guard]\nfresh = 3600\n", &[]);
}

#[test]
fn every_kind_of_key_can_be_a_variable() {
    let text = "[[account]]\ncloud = 'aws'\nid = '111111111111'\n";
    let config = good(
        text,
        &[
            ("UNPAIR_ALIBABA__LIMITS__RATE", "2.5"),
            ("UNPAIR_ALIBABA__LIMITS__IN_FLIGHT", "off"),
            ("UNPAIR_ALIBABA__LIMITS__REVOKESECURITYGROUP__BURST", "7"),
            ("UNPAIR_AWS__LIMITS__DescribeSecurityGroups", "off"),
            ("UNPAIR_ALIBABA__EXTRA_REGIONS", "cn-one, cn-two=ecs.example"),
            ("UNPAIR_GUARD__ONLY_ACCOUNTS", "hub, 1234567890123401"),
            ("UNPAIR_GUARD__MAX_FAILURES", "5%"),
            ("UNPAIR_ACCOUNT__0__NAME", "hub\n"),
            ("UNPAIR_ACCOUNT__1__CLOUD", "alibaba"),
            ("UNPAIR_ACCOUNT__1__NAME", "p@x"),
            ("UNPAIR_ACCOUNT__1__CREDENTIALS", "none"),
            ("UNPAIR_LOG", "not ours to read"),
        ],
    );
    let limits = &config.limits.alibaba;
    assert_eq!(limits.default.ceiling(), Some(Ceiling { rate: 2.5, burst: 1 }));
    assert_eq!(limits.in_flight, LimitSettings::NO_IN_FLIGHT_LIMIT);
    assert_eq!(limits.ceiling("RevokeSecurityGroup"), Some(Ceiling { rate: 2.5, burst: 7 }));
    assert_eq!(config.limits.aws.ceiling("DescribeSecurityGroups"), None);
    let extra: Vec<String> =
        config.clouds.alibaba.extra_regions.iter().map(ToString::to_string).collect();
    assert_eq!(extra, ["cn-one", "cn-two=ecs.example"]);
    assert_eq!(
        config.guard.only_accounts,
        ["111111111111", "hub", "1234567890123401"].map(AccountId::from)
    );
    assert_eq!(config.guard.max_failures, Some(FailureLimit::Percent(5.0)));
    assert!(matches!(config.clouds.accounts[1].source, AccountSource::None));
}

#[test]
fn unknown_keys_are_refused_by_name_and_place() {
    let told = refused("[alibaba]\n\nprofil = 'x'\n", &[]);
    assert!(told.starts_with("c.toml:3: unknown field `profil`"), "{told}");
    let told = refused("[alibaba.limits]\nrat = 1\n", &[]);
    assert!(told.starts_with("c.toml:2: alibaba.limits.rat: unknown key"), "{told}");
    let told = refused("[aws.limits]\nDescribeRegions = { rat = 1 }\n", &[]);
    assert!(told.starts_with("c.toml:2: unknown field `rat`"), "{told}");
    for name in ["UNPAIR_ALIBABA__PROFIL", "UNPAIR_CLOUD__PROFILE", "UNPAIR_GUARD__MAX_RULES__X"] {
        let told = refused("[guard]\nmax_rules = 5\n", &[(name, "x")]);
        assert!(told.starts_with(&format!("{name}: ")), "{told}");
    }
    let told = refused("", &[("UNPAIR_AWS__LIMITS__REVOKE", "5")]);
    assert!(
        told.starts_with("UNPAIR_AWS__LIMITS__REVOKE: aws.limits.revoke: unknown key"),
        "{told}"
    );
    assert!(refused("[alibaba\n", &[]).starts_with("c.toml:1: "));
    assert!(refused("", &[("UNPAIR_ACCOUNT__1__NAME", "x")]).contains("expected at most 0"));
}

#[test]
fn a_variable_that_sets_nothing_is_refused() {
    let text = "[guard]\nprotect = ['sg-a']\nmax_rules = 5\n";
    for name in ["PROTECT", "ONLY_ACCOUNTS", "MAX_RULES", "FRESH"] {
        for value in ["", " "] {
            let told = refused(text, &[(&format!("UNPAIR_GUARD__{name}"), value)]);
            assert!(told.contains("is set and empty"), "{told}");
        }
    }
    let told = refused(text, &[("UNPAIR_GUARD__PROTECT", "sg-a,,sg-b")]);
    assert!(told.starts_with("UNPAIR_GUARD__PROTECT: guard.protect: ``"), "{told}");
    for name in ["UNPAIR_GUARD__MAXRULES", "UNPAIR_GUARD___MAX_RULES", "UNPAIR__GUARD__MAX_RULES"] {
        let told = refused(text, &[(name, "1")]);
        assert!(told.ends_with(": expected UNPAIR_GUARD__MAX_RULES"), "{told}");
    }
    let twice = [("UNPAIR_GUARD__MAX_RULES", "1"), ("UNPAIR_GUARD__max_rules", "2")];
    assert!(refused("", &twice).contains("sets the same key as UNPAIR_GUARD__"));
}

#[test]
fn the_order_of_variables_is_no_difference() {
    let mut pairs = vec![
        ("UNPAIR_ACCOUNT__1__NAME", "y"),
        ("UNPAIR_ACCOUNT__0__NAME", "x"),
        ("UNPAIR_ACCOUNT__1__CLOUD", "aws"),
        ("UNPAIR_ACCOUNT__0__CLOUD", "aws"),
        ("UNPAIR_AWS__LIMITS__DESCRIBEREGIONS__BURST", "7"),
        ("UNPAIR_AWS__LIMITS__DESCRIBEREGIONS", "2.5"),
    ];
    for _ in 0..pairs.len() {
        pairs.rotate_left(1);
        let config = good("", &pairs);
        assert_eq!(config.clouds.accounts[1].name.as_deref(), Some("y"));
        let limit = config.limits.aws.ceiling("DescribeRegions");
        assert_eq!(limit, Some(Ceiling { rate: 2.5, burst: 7 }), "neither is lost");
    }
}

#[test]
fn secrets_are_refused_and_never_repeated() {
    for key in ["access_key_id", "access_key_secret", "aws_secret_access_key", "AccessKeySecret"] {
        for text in [
            format!("[alibaba]\n{key} = 'hidden-value'\n"),
            format!("[[account]]\ncloud = 'aws'\n{key} = 'hidden-value'\n"),
            format!("{key} = 'hidden-value'\n"),
        ] {
            let told = refused(&text, &[]);
            assert!(told.contains(key) && told.contains("secrets never stand"), "{told}");
            assert!(!told.contains("hidden-value"), "{told}");
        }
    }
    let told = refused("", &[("UNPAIR_ALIBABA__ACCESS_KEY_SECRET", "hidden-value")]);
    assert!(told.contains("secrets never stand") && !told.contains("hidden-value"), "{told}");
    let told = refused("[alibaba]\nprofile = hidden-value\n", &[]);
    assert!(!told.contains("hidden-value"), "{told}");
}

#[test]
fn everything_wrong_is_told_together_with_its_place() {
    let text = "[alibaba]\necs_endpoint = 'http://example.com'\nrole_arn = 'x'\n\
                [guard]\nmax_rules = 1.5\nmax_percent = 101\nprotect = ['bastion']\n\
                [aws.limits]\nrate = 0\n[[account]]\ncloud = 'aws'\nid = '123'\n";
    let told = refused(text, &[("UNPAIR_AWS__EC2_ENDPOINT", "ftp://127.0.0.1")]);
    for place in [
        "c.toml:2: alibaba.ecs_endpoint: ",
        "c.toml:3: alibaba.role_arn: ",
        "c.toml:5: guard.max_rules: ",
        "c.toml:6: guard.max_percent: ",
        "c.toml:7: guard.protect: ",
        "c.toml:9: aws.limits.rate: ",
        "c.toml:12: account.0.id: ",
        "UNPAIR_AWS__EC2_ENDPOINT: aws.ec2_endpoint: ",
    ] {
        assert!(told.lines().any(|line| line.starts_with(place)), "{place} in\n{told}");
    }
    assert_eq!(told.lines().count(), 8, "{told}");
}

#[test]
fn a_section_rate_stands_for_every_action_without_its_own() {
    let text =
        "[aws.limits]\nrate = 1\nDescribeSecurityGroups = { burst = 2 }\nDescribeRegions = 9\n";
    let limits = good(text, &[]).limits.aws;
    let is = |action: &str, rate, burst| {
        assert_eq!(limits.ceiling(action), Some(Ceiling { rate, burst }), "{action}");
    };
    is("RevokeSecurityGroupIngress", 1.0, 50);
    is("DescribeSecurityGroups", 1.0, 2);
    is("DescribeRegions", 9.0, 100);
    let off =
        good("[aws.limits]\nrate = 'off'\nGetCallerIdentity = { rate = 1 }\n", &[]).limits.aws;
    assert_eq!(off.limit("RevokeSecurityGroupIngress"), Limit::Off);
    assert_eq!(off.ceiling("GetCallerIdentity"), Some(Ceiling { rate: 1.0, burst: 50 }));
}

#[test]
fn a_rate_is_a_number_or_learned_or_off() {
    let text = "[aws.limits]\nrate = 'auto'\nGetCallerIdentity = 3\n\
                DescribeSecurityGroups = { rate = 'off' }\n[alibaba.limits]\n\
                RevokeSecurityGroup = 'AUTO'\n";
    let config = good(text, &[]);
    assert_eq!(config.limits.aws.limit("RevokeSecurityGroupIngress"), Limit::Auto);
    assert_eq!(
        config.limits.aws.ceiling("GetCallerIdentity"),
        Some(Ceiling { rate: 3.0, burst: 50 })
    );
    assert_eq!(config.limits.aws.limit("DescribeSecurityGroups"), Limit::Off);
    assert_eq!(config.limits.alibaba.limit("RevokeSecurityGroup"), Limit::Auto);
    let told = refused("[aws.limits]\nin_flight = 'auto'\nburst = 'auto'\n", &[]);
    assert_eq!(
        told.matches("expected a whole number of at least 1, or \"off\"").count(),
        2,
        "{told}"
    );
}

#[test]
fn accounts_have_one_source_and_names_of_their_own() {
    let account = |lines: &str| refused(&format!("[[account]]\n{lines}\n"), &[]);
    for (lines, part) in [
        ("id = '1'", "account.0.cloud: missing"),
        ("cloud = 'gcp'\nid = '1'", "unknown cloud `gcp`"),
        ("cloud = 'aws'", "account.0.id: missing"),
        ("cloud = 'aws'\nid = '12345678901'", "expected 12 digits"),
        ("cloud = 'alibaba'\nid = 'a@b'", "expected a numeric UID"),
        ("cloud = 'alibaba'\nname = '123'", "looks like an id"),
        ("cloud = 'alibaba'\nid = '1'\nprofile = 'a'\ncredentials = 'none'", "expected one of"),
        ("cloud = 'alibaba'\nid = '1'\ncredentials = 'some'", "expected \"none\""),
        ("cloud = 'aws'\nname = 'x'\nrole_arn = 'acs:ram::1:role/x'", "is not a role"),
        ("cloud = 'aws'\nname = 'x'\nrole_arn = 'arn:aws:iam::1:role/a b'", "is not a role"),
        ("cloud = 'aws'\nname = 'x'\nrole_arn = 'arn:aws:iam::{account}:role/x'", "a role of `{"),
        (
            "cloud = 'aws'\nid = '111111111111'\nrole_arn = 'arn:aws:iam::222222222222:role/x'",
            "account.0.role_arn: is a role of 222222222222, expected one of 111111111111",
        ),
        ("cloud = 'alibaba'\nid = '1'\nprofile = ' '", "account.0.profile: is empty"),
        ("cloud = 'alibaba'\nid = '0123456789012345'", "is not an alibaba account"),
        ("cloud = 'alibaba'\nid = '111111111111'", "12 digits are an account of aws"),
        ("cloud = 'aws'\nid = '1234567890123456'", "expected 12 digits"),
        ("cloud = 'alibaba'\nname = '1234-5678-9012-3401'", "no manifest can hold this name"),
        ("cloud = 'alibaba'\nname = '--endpoint=x'", "begins with `-`"),
        ("cloud = 'alibaba'\nname = '１２３'", "no manifest can hold this name"),
        ("cloud = 'alibaba'\nname = ''", "no manifest can hold this name"),
        (
            "cloud = 'alibaba'\nname = 'A@x'\n[[account]]\ncloud = 'alibaba'\nname = 'a@x'",
            "account.1.name",
        ),
        ("cloud = 'aws'\nname = 'x'\n[[account]]\ncloud = 'aws'\nname = 'x'", "account.1.name"),
        ("cloud = 'alibaba'\nid = '1'\n[[account]]\ncloud = 'alibaba'\nid = '1'", "account.1.id"),
    ] {
        let told = account(lines);
        assert!(told.contains(part), "{part} in {told}");
    }
    let both =
        "[[account]]\ncloud = 'alibaba'\nname = 'x'\n[[account]]\ncloud = 'aws'\nname = 'x'\n";
    assert_eq!(good(both, &[]).clouds.accounts.len(), 2);
}

#[test]
fn regions_and_role_templates_that_nothing_could_use_are_refused() {
    for region in ["", "c", "-cn", "cn-new-", "cn--new", "CN-NEW", "cn_new", "cn-new ", "cn-new="] {
        let told = refused(&format!("[alibaba]\nextra_regions = ['{region}']\n"), &[]);
        assert!(told.starts_with("c.toml:2: alibaba.extra_regions: "), "{told}");
    }
    let told = refused("[aws]\nsts_region = 'us-east-1a'\n", &[]);
    assert!(told.starts_with("c.toml:2: aws.sts_region: "), "{told}");
    for role in ["acs:ram::1:role/{account}", "acs:ram::{account}:role/a b", "acs:ram::{account}:x"]
    {
        let told = refused(&format!("[alibaba]\nrole_arn = '{role}'\n"), &[]);
        assert!(told.starts_with("c.toml:2: alibaba.role_arn: "), "{told}");
    }
    for role in [
        "arn:awsx:iam::{account}:role/x",
        "arn:aws-xx:iam::{account}:role/x",
        "arn:aws:iam::111111111111:role/x",
    ] {
        refused(&format!("[aws]\nrole_arn = '{role}'\n"), &[]);
    }
    good("[aws]\nrole_arn = 'arn:aws-eusc:iam::{account}:role/x'\n", &[]);
    good("[aws]\nrole_arn = 'arn:aws-us-gov:iam::{account}:role/path/un+pair_1'\n", &[]);
    assert!(refused("[aws]\nprofile = ''\n", &[]).contains("is empty"));
    let told = refused("[guard]\nmax_rules = '5%'\n", &[]);
    assert!(told.starts_with("c.toml:2: guard.max_rules: `5%` is not a number"), "{told}");
}

#[test]
fn names_resolve_to_ids_on_their_own_cloud() {
    let config = good(CONTRACT, &[("HOME", "/")]);
    let name = AccountId::from("b@aliyun.com");
    assert_eq!(config.resolve_account(Provider::Alibaba, &name).as_str(), "1234567890123456");
    assert_eq!(config.resolve_account(Provider::Aws, &name), name);
    let rules = config.manifest_rules(["cn-beijing".to_owned()]);
    assert!(
        rules.alibaba_regions.contains("cn-new") && rules.alibaba_regions.contains("cn-beijing")
    );
    assert_eq!(rules.names.len(), 1);
}

#[test]
fn endpoint_variables_of_other_tools_are_ignored_and_told() {
    let config = good("", &[("AWS_ENDPOINT_URL_EC2", "https://example.com")]);
    let told = config.clouds.surroundings.told();
    assert!(told[0].to_string().starts_with("AWS_ENDPOINT_URL_EC2 is ignored"), "{told:?}");
    assert!(config.clouds.aws.ec2_endpoint.is_none());
}

#[test]
fn a_named_file_must_be_there() {
    let missing = std::path::Path::new("no-such-file.toml");
    let error = Config::read(Some(missing), env(&[]), &Overrides::default()).expect_err("missing");
    assert!(matches!(error, ConfigError::Unreadable { .. }), "{error}");
}

#[test]
fn the_sample_configuration_is_valid() {
    let config = good(include_str!("../../sample-data/unpair.toml"), &[]);
    let name = AccountId::from("b@aliyun.com");
    assert_eq!(config.resolve_account(Provider::Alibaba, &name).as_str(), "1234567890123402");
    let partners = config.clouds.accounts.iter();
    assert_eq!(partners.filter(|a| matches!(a.source, AccountSource::None)).count(), 2);
}
