//! Which region is asked: EC2 where the rows are, STS where the caller is at home.

use unpair_testing::world_file::{Owner, WorldText, X, Y, admits, mutual_aws};

use crate::workspace::{CliWorkspace, WorkspaceSetup};

const AUDIT: [&str; 2] = ["audit", "pairs.csv"];

/// A region that most accounts have not enabled.
const FAR: &str = "ap-east-1";

fn far_workspace() -> CliWorkspace {
    workspace_in(FAR)
}

/// A pair of AWS in `region`.
fn workspace_in(region: &'static str) -> CliWorkspace {
    let (x, y) = (Owner { region, ..X }, Owner { region, ..Y });
    let world = WorldText::empty().group(x, "sg-0000a001", &[admits(y, "sg-0000b001")]).group(
        y,
        "sg-0000b001",
        &[admits(x, "sg-0000a001")],
    );
    let workspace = WorkspaceSetup::of(&world).start();
    workspace.pairs(&[(x, "sg-0000a001", y, "sg-0000b001")]);
    workspace
}

/// The regions for which calls were signed: of STS, and of EC2.
fn signed_for(workspace: &CliWorkspace) -> [Vec<String>; 2] {
    ["sts", "ec2"].map(|service| {
        let of_sts = ["GetCallerIdentity", "AssumeRole"];
        let calls = workspace.calls().into_iter();
        let calls =
            calls.filter(|call| of_sts.contains(&call.action.as_str()) == (service == "sts"));
        let mut regions: Vec<String> = calls.map(|call| call.region.to_string()).collect();
        regions.sort();
        regions.dedup();
        regions
    })
}

/// Both accounts by roles that the profile `hub` assumes, in place of their own profiles.
fn by_roles(workspace: &CliWorkspace) {
    let mut text = workspace.read("unpair.toml");
    for owner in [X, Y] {
        let role = format!("role_arn = 'arn:aws:iam::{}:role/unpair'", owner.id);
        text = text.replace(&format!("profile = '{}'", owner.id), &role);
    }
    let hub = format!("[aws]\nprofile = '{}'\n", X.id);
    workspace.write("unpair.toml", &text.replace("[aws]\n", &hub));
}

/// Variables of the environment, profiles, and the region that STS is signed for.
type Case<'c> = (&'c [(&'c str, &'c str)], &'c str, &'c str);

#[test]
fn sts_is_asked_where_the_caller_is_at_home_and_ec2_where_the_rows_are() {
    let profile = format!("[profile {}]\nregion = eu-west-1\n", X.id);
    let configured = [("UNPAIR_AWS__STS_REGION", "us-west-2"), ("AWS_REGION", "us-east-1")];
    let cases: [Case<'_>; 6] = [
        (&configured, &profile, "us-west-2"),
        (&configured[1..], &profile, "us-east-1"),
        (&[("AWS_DEFAULT_REGION", "us-east-2")], &profile, "us-east-2"),
        (&[], &profile, "eu-west-1"),
        (&[], "", FAR),
        // Nobody is known in another partition.
        (&[("AWS_REGION", "cn-north-1")], "", FAR),
    ];
    for (env, profiles, home) in cases {
        let workspace = far_workspace();
        by_roles(&workspace);
        workspace.write("aws-config", profiles);
        workspace.run_with(&["revoke", "pairs.csv", "--yes"], env).exits(0);
        assert_eq!(signed_for(&workspace), [vec![home.to_owned()], vec![FAR.to_owned()]]);
    }
}

#[test]
fn a_role_of_a_profile_is_assumed_where_the_caller_is_at_home() {
    let workspace = far_workspace();
    let role = |owner: Owner| {
        format!(
            "[profile to-{id}]\nrole_arn = arn:aws:iam::{id}:role/unpair\nsource_profile = {hub}\n",
            id = owner.id,
            hub = X.id
        )
    };
    let source = format!("[profile {}]\nregion = us-east-1\n", X.id);
    workspace.write("aws-config", &[role(X), role(Y), source].concat());
    let text = workspace.read("unpair.toml").replace("profile = '", "profile = 'to-");
    workspace.write("unpair.toml", &text);
    let told = format!("does not say, in: us-east-1 (region of profile `{}`)", X.id);
    workspace.run(&AUDIT).exits(0).tells(&told);
    assert_eq!(signed_for(&workspace), ["us-east-1", FAR].map(|region| vec![region.to_owned()]));
}

#[test]
fn who_is_unknown_to_the_sts_of_a_region_is_told_to_name_another() {
    let workspace =
        WorkspaceSetup::of(&mutual_aws()).fault("code:InvalidClientTokenId:403=1").start();
    workspace.pairs(&[(X, "sg-0000a001", Y, "sg-0000b001")]);
    workspace.run(&AUDIT).exits(7).tells("STS of us-east-1 was asked").tells("set aws.sts_region");
}

#[test]
fn a_region_of_no_partition_is_a_bad_row_and_one_of_every_partition_is_good() {
    let workspace = far_workspace();
    let pairs = workspace.read("pairs.csv");
    for region in ["us-new-east-1", "eusc-fr-east-1", "us-isox-east-1"] {
        workspace.write("pairs.csv", &pairs.replace(FAR, region));
        workspace.run(&AUDIT).exits(2).tells("no partition").tells("aws-eusc");
    }
    assert!(workspace.calls().is_empty());
    let workspace = workspace_in("eusc-de-east-1");
    by_roles(&workspace);
    workspace.run_with(&["revoke", "pairs.csv", "--yes"], &[("AWS_REGION", "us-east-1")]).exits(0);
    let roles =
        workspace.calls().into_iter().filter_map(|call| call.params.get("RoleArn").cloned());
    for role in roles {
        assert!(role.starts_with("arn:aws-eusc:iam::"), "{role}");
    }
}
