//! Where calls go: to the hosts of the providers' tables, or to an override that is told.

use std::sync::PoisonError;

use unpair_testing::world_file::{A, B, X, Y, admits, mutual, mutual_aws};

use crate::proxy::refusing;
use crate::workspace::{CliWorkspace, WorkspaceSetup};

const AUDIT: [&str; 2] = ["audit", "pairs.csv"];

/// One pair on each cloud.
pub(crate) fn workspace() -> CliWorkspace {
    let world = mutual().group(X, "sg-0000a001", &[admits(Y, "sg-0000b001")]).group(
        Y,
        "sg-0000b001",
        &[admits(X, "sg-0000a001")],
    );
    let workspace = WorkspaceSetup::of(&world).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1"), (X, "sg-0000a001", Y, "sg-0000b001")]);
    workspace
}

#[test]
fn a_region_that_would_lead_elsewhere_is_a_bad_row_and_nothing_is_sent() {
    let workspace = workspace();
    let pairs = workspace.read("pairs.csv");
    for region in [
        "us-east-1.evil.example/#",
        "us-east-1@evil.example",
        "us-east-1:443",
        "us-east-1/../x",
        "us-east-1%2eevil",
        "evil.example?x=us-east-1",
        "us-east-1\u{2024}evil",
        "US-EAST-1",
        "127.0.0.1",
        "..",
    ] {
        for known in ["cn-hangzhou", "us-east-1"] {
            workspace.write("pairs.csv", &pairs.replace(known, region));
            workspace.run(&AUDIT).exits(2);
        }
    }
    for region in
        ["evil.example/#", "x@evil", "cn-x:443", "", "cn-x=https://evil.example", "cn-x=evil:443"]
    {
        workspace.write("extra.toml", &format!("[alibaba]\nextra_regions = ['{region}']\n"));
        workspace.run(&[&AUDIT[..], &["--config", "extra.toml"]].concat()).exits(2);
    }
    assert!(workspace.calls().is_empty());
}

#[test]
fn an_override_that_is_neither_https_nor_loopback_is_refused_and_nothing_is_sent() {
    let workspace = workspace();
    for endpoint in [
        "http://ecs.evil.example",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.1@evil.example",
        "https://user:pass@ecs.aliyuncs.com",
        "https://ecs.aliyuncs.com/path",
        "https://ecs.aliyuncs.com?x=1",
        "https://ecs.aliyuncs.com#x",
        "https://ecs.aliyuncs.com:0",
        "https://ecs.aliyuncs.com:65536",
        "http://169.254.169.254",
        "https://169.254.169.254",
        "https://[::ffff:169.254.169.254]",
        "https://[fe80::1]",
        "https://0xa9fea9fe",
        "http://0.0.0.0:80",
        "file:///etc/passwd",
        "https://",
    ] {
        for key in ["ALIBABA__ECS", "ALIBABA__STS", "AWS__EC2", "AWS__STS"] {
            let variable = format!("UNPAIR_{key}_ENDPOINT");
            workspace.run_with(&AUDIT, &[(&variable, endpoint)]).exits(2).tells(&variable);
        }
    }
    assert!(workspace.calls().is_empty());
}

#[test]
fn every_override_is_told_and_every_variable_of_the_aws_tools_is_ignored_and_told() {
    let workspace = workspace();
    let variables = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_EC2", "AWS_ENDPOINT_URL_STS"];
    let env = variables.map(|name| (name, "http://127.0.0.1:9"));
    for command in [&AUDIT[..], &["plan", "pairs.csv"], &["revoke", "pairs.csv", "--yes"]] {
        let mut ended = workspace.run_with(command, &env).exits(0);
        for key in ["alibaba.ecs", "alibaba.sts", "aws.ec2", "aws.sts"] {
            ended = ended.tells(&format!("{key}_endpoint is overridden: http://127.0.0.1"));
        }
        for name in variables {
            ended = ended.tells(&format!("{name} is ignored"));
        }
    }
}

#[test]
fn endpoints_in_the_files_of_the_aws_tools_are_not_followed() {
    let workspace = workspace();
    let elsewhere = "endpoint_url = http://127.0.0.1:9\nservices = elsewhere\n";
    workspace.write(
        "aws-config",
        &format!(
            "[default]\n{elsewhere}[profile {id}]\n{elsewhere}\
             [services elsewhere]\nsts =\n  endpoint_url = http://127.0.0.1:9\n\
             ec2 =\n  endpoint_url = http://127.0.0.1:9\n\
             [profile role]\nrole_arn = arn:aws:iam::{id}:role/unpair\nsource_profile = {id}\n\
             {elsewhere}",
            id = X.id
        ),
    );
    let profile = format!("profile = '{}'", X.id);
    workspace
        .write("unpair.toml", &workspace.read("unpair.toml").replace(&profile, "profile = 'role'"));
    workspace.run(&AUDIT).exits(0);
    let assumed = workspace.calls().iter().filter(|call| call.action == "AssumeRole").count();
    assert_eq!(assumed, 1, "the role of the profile is assumed where configuration says");
}

#[test]
fn what_the_surroundings_say_of_regions_and_hosts_is_obeyed_or_told() {
    let workspace = workspace();
    let ended = workspace.run_with(
        &AUDIT,
        &[
            ("AWS_REGION", "us-east-1"),
            ("AWS_USE_FIPS_ENDPOINT", "true"),
            ("AWS_USE_DUALSTACK_ENDPOINT", "True"),
            ("AWS_STS_REGIONAL_ENDPOINTS", "legacy"),
            ("ALIBABA_CLOUD_STS_REGION", "cn-beijing"),
            ("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED", "true"),
        ],
    );
    // What configuration names wins, and is told, too.
    ended
        .exits(0)
        .tells("does not say, in: us-east-1 (AWS_REGION)")
        .tells("true (AWS_USE_FIPS_ENDPOINT)")
        .tells("true (AWS_USE_DUALSTACK_ENDPOINT)")
        .tells("where no endpoint is configured")
        .tells("aws.ec2_endpoint is overridden")
        .tells("AWS_STS_REGIONAL_ENDPOINTS is ignored")
        .tells("ALIBABA_CLOUD_STS_REGION is ignored")
        .tells("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED is ignored");
}

#[test]
fn a_variable_that_cannot_be_obeyed_is_refused_and_nothing_is_sent() {
    let workspace = workspace();
    for (name, value) in [
        ("AWS_USE_FIPS_ENDPOINT", "yes"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "1"),
        ("AWS_REGION", "us-east-1a"),
        ("AWS_DEFAULT_REGION", "us-east-1/../x"),
    ] {
        let env = [(name, value)];
        workspace.run_with(&AUDIT, &env).exits(2).tells(name).tells(value).tells("expected");
        // The embedded clouds are on this machine.
        let sandbox = ["audit", "pairs.csv", "--sandbox"];
        assert_ne!(workspace.run_with(&sandbox, &env).status.code(), Some(2), "{name}");
    }
    assert!(workspace.calls().is_empty());
}

/// The configuration without the endpoints of the sandbox.
pub(crate) fn to_the_providers(workspace: &CliWorkspace) {
    let kept: Vec<String> = workspace
        .read("unpair.toml")
        .lines()
        .filter(|line| !line.contains("_endpoint"))
        .map(str::to_owned)
        .collect();
    workspace.write("unpair.toml", &kept.join("\n"));
}

/// Which hosts the program calls where configuration names none: `env` surrounds it.
fn hosts_called(workspace: &CliWorkspace, args: &[&str], env: &[(&str, &str)]) -> Vec<String> {
    let (proxy, asked) = refusing("403 No");
    let env = [&[("https_proxy", proxy.as_str())], env].concat();
    workspace.run_with(args, &env).exits(7);
    let asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
    let host = |line: &String| line.split([' ', ':']).nth(1).unwrap_or_default().to_owned();
    let mut hosts: Vec<String> = asked.iter().map(host).collect();
    hosts.sort();
    hosts.dedup();
    assert!(workspace.calls().is_empty());
    hosts
}

/// Variables of the environment, profiles, and the host that is called.
type Case<'c> = (&'c [(&'c str, &'c str)], &'c str, &'c str);

#[test]
fn hosts_are_those_of_the_variant_that_the_environment_or_the_profile_asks_for() {
    let fips = ("AWS_USE_FIPS_ENDPOINT", "true");
    let dual_stack = ("AWS_USE_DUALSTACK_ENDPOINT", "true");
    let switches = |id: &str| {
        format!("[profile {id}]\nuse_fips_endpoint = true\nuse_dualstack_endpoint = false\n")
    };
    let profiles = [X, Y].map(|owner| switches(owner.id)).concat();
    let cases: [Case<'_>; 5] = [
        (&[fips], "", "sts-fips.us-east-1.amazonaws.com"),
        (&[dual_stack], "", "sts.us-east-1.api.aws"),
        (&[fips, dual_stack], "", "sts-fips.us-east-1.api.aws"),
        (&[], &profiles, "sts-fips.us-east-1.amazonaws.com"),
        (&[("AWS_USE_FIPS_ENDPOINT", "false")], &profiles, "sts.us-east-1.amazonaws.com"),
    ];
    for (env, profiles, host) in cases {
        let workspace = WorkspaceSetup::of(&mutual_aws()).start();
        workspace.pairs(&[(X, "sg-0000a001", Y, "sg-0000b001")]);
        to_the_providers(&workspace);
        workspace.write("aws-config", profiles);
        assert_eq!(hosts_called(&workspace, &AUDIT, env), [host], "{env:?} {profiles}");
    }
}

#[test]
fn without_an_override_the_providers_own_hosts_are_called_by_https_and_no_others() {
    let workspace = workspace();
    to_the_providers(&workspace);
    let hosts = hosts_called(&workspace, &AUDIT, &[("AWS_ENDPOINT_URL", "http://127.0.0.1:9")]);
    assert_eq!(hosts, ["sts.aliyuncs.com", "sts.us-east-1.amazonaws.com"]);
}
