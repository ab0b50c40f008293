//! No secret comes out, whatever goes wrong.

use std::fs;

use unpair_testing::canaries;
use unpair_testing::process::wait_until;
use unpair_testing::world_file::{A, B, WorldText, X, Y, admits, mutual};

use crate::echo::{Echo, REFUSES_ROLES, SESSION_SECRET, SESSION_TOKEN};
use crate::workspace::{CliWorkspace, WorkspaceSetup};

/// What the credential files of these workspaces hold; no two spellings of one are alike.
const KEY_SECRET: &str = "alibaba+secret/2=\"&%\\44";
const STS_TOKEN: &str = "alibaba+token/3=\"&%\\45";
const AWS_SECRET: &str = "aws+secret/4=\"&%\\46";
const AWS_TOKEN: &str = "aws+token/5=\"&%\\47";
const PASSWORD: &str = "proxy-pass.word_7-49";

fn watch_all() {
    for (name, secret) in [
        ("the secret of the Alibaba Cloud key", KEY_SECRET),
        ("the token of the Alibaba Cloud key", STS_TOKEN),
        ("the secret of the AWS key", AWS_SECRET),
        ("the token of the AWS key", AWS_TOKEN),
        ("the password", PASSWORD),
        ("the secret of a role's session", SESSION_SECRET),
        ("the token of a role's session", SESSION_TOKEN),
    ] {
        canaries::watch(name, secret);
    }
}

/// A workspace whose accounts are reached through `echo`, with keys or with roles.
fn workspace(echo: &Echo, with_roles: bool) -> CliWorkspace {
    watch_all();
    let world = WorldText::empty();
    let workspace = WorkspaceSetup::of(&world).start();
    let url = &echo.url;
    let account = |cloud: &str, id: &str| {
        let source = match (with_roles, cloud) {
            (false, _) => "profile = 'known'".to_owned(),
            (true, "alibaba") => format!("role_arn = 'acs:ram::{id}:role/unpair'"),
            (true, _) => format!("role_arn = 'arn:aws:iam::{id}:role/unpair'"),
        };
        format!("[[account]]\ncloud = '{cloud}'\nid = '{id}'\n{source}\n")
    };
    let accounts = [A, B, X, Y].map(|owner| account(owner.cloud, owner.id)).concat();
    workspace.write(
        "unpair.toml",
        &format!(
            "[alibaba]\necs_endpoint = '{url}'\nsts_endpoint = '{url}'\nconfig_file = 'aliyun.json'\n\
             profile = 'known'\n[aws]\nec2_endpoint = '{url}'\nsts_endpoint = '{url}'\n\
             profile = 'known'\n{accounts}"
        ),
    );
    workspace.write(
        "aliyun.json",
        &serde_json::json!({"current": "known", "profiles": [{
            "name": "known", "mode": "StsToken", "access_key_id": "STS.KNOWN",
            "access_key_secret": KEY_SECRET, "sts_token": STS_TOKEN,
        }]})
        .to_string(),
    );
    workspace.write(
        "aws-credentials",
        &format!(
            "[known]\naws_access_key_id = AKIDKNOWN\naws_secret_access_key = {AWS_SECRET}\n\
             aws_session_token = {AWS_TOKEN}\n"
        ),
    );
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1"), (X, "sg-0000a001", Y, "sg-0000b001")]);
    workspace
}

#[test]
fn the_search_finds_a_secret_in_every_spelling() {
    watch_all();
    let folder = tempfile::tempdir().expect("a temporary folder");
    for secret in [KEY_SECRET, AWS_TOKEN, PASSWORD, SESSION_TOKEN] {
        for (form, spelling) in canaries::spellings(secret) {
            let text = format!("before {spelling} after");
            assert!(canaries::find(text.as_bytes()).is_some(), "{secret} {form}");
            fs::write(folder.path().join("planted"), &text).expect("a writable folder");
            let looked = std::panic::catch_unwind(|| {
                canaries::assert_none_below(folder.path(), &["not this one"]);
            });
            assert!(looked.is_err(), "{secret} {form} in a file");
            canaries::assert_none_below(folder.path(), &["planted"]);
        }
        for cut in 1..secret.len() {
            let halves = [&secret[..cut], " ", &secret[cut..]].concat();
            assert_eq!(canaries::find(halves.as_bytes()), None, "half a secret is another text");
        }
    }
    let nested = serde_json::json!({"Authorization": format!("Bearer {AWS_TOKEN}")}).to_string();
    assert!(canaries::find(nested.as_bytes()).is_some());
}

#[test]
fn no_command_tells_a_secret_whatever_the_provider_repeats_in_its_refusals() {
    for code in ["SignatureDoesNotMatch", "NoPermission", "AuthFailure", "Novel", REFUSES_ROLES] {
        for with_roles in [false, true] {
            let echo = Echo::start(code);
            let workspace = workspace(&echo, with_roles);
            for command in [
                &["accounts"][..],
                &["audit", "pairs.csv", "--format", "json"],
                &["revoke", "pairs.csv", "--yes"],
                &["verify"],
                &["report"],
                &["report", "--format", "json"],
                &["report", "--format", "csv", "--output", "report.csv"],
                &["report", "--format", "html", "--output", "report.html"],
                &["runs", "--check"],
            ] {
                let env = [("RUST_LOG", "trace"), ("RUST_BACKTRACE", "full")];
                // Whatever its exit code: what it says is searched when it ends.
                drop(workspace.run_with(&[command, &["-vv"]].concat(), &env));
            }
            let lines = echo.first_lines();
            assert!(lines.len() > 4, "the provider was called");
            assert!(lines.iter().all(|line| line == "POST / HTTP/1.1"), "{lines:?}");
        }
    }
}

#[test]
fn a_password_in_a_url_is_not_repeated() {
    watch_all();
    let workspace = WorkspaceSetup::of(&mutual()).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    for scheme in ["postgres", "postgresql", "mysql"] {
        let url = format!("{scheme}://unpair:{PASSWORD}@db.example:5432/unpair");
        for command in [&["report"][..], &["runs"], &["audit", "pairs.csv"], &["resume", "--yes"]] {
            let ended = workspace.run(&[command, &["--journal", &url, "-vv"]].concat());
            assert_ne!(ended.code(), Some(0));
        }
    }
    for key in
        ["ALIBABA__ECS_ENDPOINT", "ALIBABA__STS_ENDPOINT", "AWS__EC2_ENDPOINT", "AWS__STS_ENDPOINT"]
    {
        let endpoint = format!("https://user:{PASSWORD}@ecs.example");
        workspace
            .run_with(&["audit", "pairs.csv"], &[(&format!("UNPAIR_{key}"), &endpoint)])
            .exits(2);
    }
    let proxy = format!("http://user:{PASSWORD}@127.0.0.1:9");
    workspace.write("unpair.toml", &workspace.read("unpair.toml").replace("ecs_endpoint", "#"));
    let env = [("HTTPS_PROXY", proxy.as_str()), ("https_proxy", &proxy), ("ALL_PROXY", &proxy)];
    workspace.run_with(&["audit", "pairs.csv", "-vv"], &env);
}

#[test]
fn a_broken_credential_file_is_told_without_what_it_holds() {
    watch_all();
    let world = mutual().group(X, "sg-0000a001", &[admits(Y, "sg-0000b001")]);
    let workspace = WorkspaceSetup::of(&world).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1"), (X, "sg-0000a001", Y, "sg-0000b001")]);
    for (alibaba, aws) in [
        (format!("{{\"profiles\": \"{KEY_SECRET}\""), format!("[{AWS_SECRET}\nx")),
        (
            format!("{{\"profiles\": [{{\"name\": \"x\", \"access_key_secret\": {STS_TOKEN}}}]}}"),
            format!("aws_secret_access_key = {AWS_SECRET}\n[x]\n= {AWS_TOKEN}\n"),
        ),
        (
            serde_json::json!({"profiles": [
                {"name": A.id, "mode": "AK", "access_key_secret": KEY_SECRET},
                {"name": B.id, "mode": "StsToken", "sts_token": STS_TOKEN},
            ]})
            .to_string(),
            format!("[{}]\naws_access_key_id\naws_secret_access_key = {AWS_SECRET}\n", X.id),
        ),
    ] {
        workspace.write("aliyun.json", &alibaba);
        workspace.write("aws-credentials", &aws);
        workspace.run(&["accounts", "-vv"]);
        workspace.run(&["audit", "pairs.csv", "-vv"]);
    }
}

#[test]
fn the_command_line_and_children_of_a_run_hold_no_secret() {
    let workspace = WorkspaceSetup::of(&mutual()).fault("slow:50=1").start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    let running = workspace.begin(&["revoke", "pairs.csv", "--yes", "-vv"]);
    let line = format!("/proc/{}/cmdline", running.child.id());
    wait_until("the program is on its way", || {
        fs::read(&line).is_ok_and(|bytes| bytes.windows(6).any(|piece| piece == b"revoke"))
    });
    canaries::assert_none("the command line", &fs::read(&line).unwrap_or_default());
    running.wait().exits(0);
}
