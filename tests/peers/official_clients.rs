//! Each official client describes, revokes in each form, assumes a role and is refused.

use std::process::Command;

use crate::sandbox_server::Sandbox;
use crate::support::{alone, script, succeed};

/// Runs a script of checks; it says itself what failed.
fn passes(sandbox: &Sandbox, script: &str, arguments: &[&str]) {
    succeed(sandbox.python.script(script).arg(sandbox.line()).args(arguments));
}

#[test]
#[ignore = "needs UNPAIR_PEERS_PYTHON, which tests/all.sh sets"]
fn the_official_alibaba_clients_take_the_sandbox_for_the_cloud() {
    let sandbox = Sandbox::start();
    passes(&sandbox, "sandbox_alibaba.py", &[]);
}

#[test]
#[ignore = "needs UNPAIR_PEERS_PYTHON, which tests/all.sh sets"]
fn boto3_takes_the_sandbox_for_the_cloud() {
    let sandbox = Sandbox::start();
    passes(&sandbox, "sandbox_aws.py", &[]);
}

#[test]
#[ignore = "needs UNPAIR_PEERS_PYTHON, which tests/all.sh sets"]
fn the_aws_cli_takes_the_sandbox_for_the_cloud() {
    let sandbox = Sandbox::start();
    let mut shell = Command::new("sh");
    succeed(
        alone(&mut shell)
            .env("PATH", sandbox.path())
            .arg(script("sandbox_aws_cli.sh"))
            .arg(sandbox.line()),
    );
}

#[test]
#[ignore = "needs UNPAIR_PEERS_PYTHON, which tests/all.sh sets"]
fn official_clients_are_throttled_as_by_the_clouds() {
    // One call each; the next is due in an hour.
    let limits = ["--limit", "0.0003", "--burst", "1"];
    let sandbox = Sandbox::start_with(&limits);
    passes(&sandbox, "sandbox_faults.py", &["throttled"]);
}

#[test]
#[ignore = "needs UNPAIR_PEERS_PYTHON, which tests/all.sh sets"]
fn official_clients_meet_answers_lost_after_the_effect() {
    let [ecs, ec2] = ["RevokeSecurityGroup", "RevokeSecurityGroupIngress"]
        .map(|action| format!("drop-after@{action}=1"));
    let lost = ["--fault", &ecs, "--fault", &ec2];
    let sandbox = Sandbox::start_with(&lost);
    passes(&sandbox, "sandbox_faults.py", &["lost"]);
}
