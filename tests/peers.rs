//! The official clients against the sandbox, unmodified.
//!
//! They run where `UNPAIR_PEERS_PYTHON` names a Python with the clients (and `aws` beside it):
//! `alibabacloud_ecs20140526`, `alibabacloud_sts20150401`, `aliyun-python-sdk-ecs`, `boto3`,
//! `awscli`.

use std::path::{Path, PathBuf};

use unpair::sandbox::{Sandbox, SandboxOptions, World, start};

fn python() -> Option<PathBuf> {
    let python = std::env::var_os("UNPAIR_PEERS_PYTHON").map(PathBuf::from);
    if python.is_none() {
        eprintln!("skipped: UNPAIR_PEERS_PYTHON does not name a Python with the official clients");
    }
    python
}

/// The line that `unpair sandbox --format json` prints, in a file.
fn line_of(sandbox: &Sandbox, folder: &Path) -> PathBuf {
    let line = serde_json::json!({
        "alibaba": sandbox.alibaba_url(),
        "aws": sandbox.aws_url(),
        "accounts": sandbox.accounts(),
    });
    let path = folder.join("sandbox.json");
    std::fs::write(&path, line.to_string()).expect("a writable folder");
    path
}

async fn passes(program: &Path, script: &str) {
    let sandbox = start(SandboxOptions::new(World::sample())).await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let mut run = std::process::Command::new(program);
    run.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(script));
    run.arg(line_of(&sandbox, folder.path()));
    let output = tokio::task::spawn_blocking(move || run.output()).await.expect("no panic");
    let output = output.expect("the program runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script} failed\n{said}\n{complained}");
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_alibaba_clients_take_the_sandbox_for_the_cloud() {
    if let Some(python) = python() {
        passes(&python, "sandbox_alibaba.py").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boto3_takes_the_sandbox_for_the_cloud() {
    if let Some(python) = python() {
        passes(&python, "sandbox_aws.py").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_aws_cli_takes_the_sandbox_for_the_cloud() {
    if python().is_some() {
        passes(Path::new("sh"), "sandbox_aws_cli.sh").await;
    }
}
