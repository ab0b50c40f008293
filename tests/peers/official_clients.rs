//! Each official client describes, revokes in each form, assumes a role and is refused.

use std::process::Command;

use crate::sandbox_server::Sandbox;
use crate::support::{alone, script, succeed};

/// Runs a script of checks; it says itself what failed.
fn passes(sandbox: &Sandbox, script: &str, arguments: &[&str]) {
    succeed(sandbox.python.script(script).arg(sandbox.line()).args(arguments));
}

#[test]
fn the_official_alibaba_clients_take_the_sandbox_for_the_cloud() {
    let Some(sandbox) = Sandbox::start() else { return };
    passes(&sandbox, "sandbox_alibaba.py", &[]);
}

#[test]
fn boto3_takes_the_sandbox_for_the_cloud() {
    let Some(sandbox) = Sandbox::start() else { return };
    passes(&sandbox, "sandbox_aws.py", &[]);
}

#[test]
fn the_aws_cli_takes_the_sandbox_for_the_cloud() {
    let Some(sandbox) = Sandbox::start() else { return };
    let mut shell = Command::new("sh");
    succeed(
        alone(&mut shell)
            .env("PATH", sandbox.path())
            .arg(script("sandbox_aws_cli.sh"))
            .arg(sandbox.line()),
    );
}

#[test]
fn official_clients_are_throttled_as_by_the_clouds() {
    // One call each; the next is due in an hour.
    let limits = ["--limit", "0.0003", "--burst", "1"];
    let Some(sandbox) = Sandbox::start_with(&limits) else { return };
    passes(&sandbox, "sandbox_faults.py", &["throttled"]);
}

#[test]
fn official_clients_meet_answers_lost_after_the_effect() {
    let [ecs, ec2] = ["RevokeSecurityGroup", "RevokeSecurityGroupIngress"]
        .map(|action| format!("drop-after@{action}=1"));
    let lost = ["--fault", &ecs, "--fault", &ec2];
    let Some(sandbox) = Sandbox::start_with(&lost) else { return };
    passes(&sandbox, "sandbox_faults.py", &["lost"]);
}
