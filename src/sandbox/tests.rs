//! The sandbox over HTTP: faults, limits, state, stopping.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::alibaba::signed_for_tests;
use super::*;
use crate::model::GroupId;

const HUB: &str = "sg-hz0hub000000000000a1";

fn options(faults: &[&str]) -> SandboxOptions {
    let faults = faults.iter().map(|fault| fault.parse().expect("a fault")).collect();
    SandboxOptions { faults, ..SandboxOptions::new(World::sample()) }
}

async fn started(faults: &[&str]) -> Sandbox {
    start(options(faults)).await.expect("a sandbox")
}

/// Sends a signed request of the first account and gives everything that comes back.
async fn send(sandbox: &Sandbox, action: &str, params: &[(&str, &str)]) -> String {
    let key = &sandbox.accounts()[0];
    let query = signed_for_tests(action, params, &key.access_key_id, &key.access_key_secret);
    let host = sandbox.alibaba_url().replace("http://", "");
    let mut stream = TcpStream::connect(&host).await.expect("it listens");
    let request = format!("GET /?{query} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = Vec::new();
    // A connection that is cut may end in a reset.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).expect("text")
}

async fn revoke_first(sandbox: &Sandbox) -> String {
    let id = rules(sandbox)[0].id.to_string();
    let params = [
        ("RegionId", "cn-hangzhou"),
        ("SecurityGroupId", HUB),
        ("SecurityGroupRuleId.1", id.as_str()),
    ];
    send(sandbox, "RevokeSecurityGroup", &params).await
}

fn rules(sandbox: &Sandbox) -> Vec<LiveRule> {
    sandbox.world().groups[&GroupId::from(HUB)].rules.clone()
}

#[tokio::test]
async fn each_fault_shows_as_its_name_says_and_acts_before_or_after() {
    let cases = [
        ("drop-before", "", false),
        ("drop-after", "", true),
        ("throttle:1500", "x-acs-retry-after: 1500", false),
        ("error-500-before", "HTTP/1.1 500", false),
        ("error-500-after", "InternalError", true),
        ("garbage", "<html>", false),
        ("slow:1", "RequestId", true),
        ("no-request-id", "HTTP/1.1 200", true),
        ("expired-credentials", "InvalidSecurityToken.Expired", false),
        ("clock-skew", "InvalidTimeStamp.Expired", false),
        ("code:InvalidGroupAuthItem.NotFound", "HTTP/1.1 403", false),
        ("code:InvalidSecurityGroupId.NotFound:400", "HTTP/1.1 400", false),
    ];
    for (fault, shown, acts) in cases {
        let sandbox = started(&[&format!("{fault}@RevokeSecurityGroup=1x")]).await;
        let before = rules(&sandbox).len();
        let answer = revoke_first(&sandbox).await;
        assert!(
            answer.contains(shown) && answer.is_empty() == shown.is_empty(),
            "{fault}: {answer}"
        );
        assert_eq!(rules(&sandbox).len() < before, acts, "{fault}");
        assert_eq!(
            answer.contains("x-acs-request-id"),
            !["", "<html>", "HTTP/1.1 200"].contains(&shown)
        );
        let call = sandbox.calls().pop().expect("it is logged");
        assert!(fault.starts_with(&call.fault.expect("the fault is logged")));
        assert_eq!(call.removed.len(), usize::from(acts));
        assert!(revoke_first(&sandbox).await.contains("HTTP/1.1 200"), "{fault} strikes once");
    }
}

#[tokio::test]
async fn a_truncated_answer_promises_more_than_it_brings() {
    let sandbox = started(&["truncate=1"]).await;
    let answer = revoke_first(&sandbox).await;
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let promised = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let promised: usize = promised.expect("a length").parse().expect("a number");
    assert!(body.len() < promised, "{answer}");
}

#[tokio::test]
async fn a_stop_ends_calls_that_hang() {
    let sandbox = started(&["hang=1"]).await;
    let arrived = async {
        while sandbox.calls().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        answer = revoke_first(&sandbox) => panic!("it must hang, not answer {answer}"),
        () = arrived => {}
    }
    tokio::time::timeout(Duration::from_secs(10), sandbox.stop()).await.expect("it stops");
}

#[tokio::test]
async fn a_held_call_is_delivered_when_it_is_let_go_and_none_is_held_after_that() {
    for (moment, acts) in [(Moment::BeforeEffect, false), (Moment::AfterEffect, true)] {
        let sandbox = started(&[]).await;
        let before = rules(&sandbox).len();
        let held = sandbox.hold(1, moment);
        assert!(revoke_first(&sandbox).await.contains("HTTP/1.1 200"), "one is let through");
        assert!(!held.wait(Duration::ZERO));
        let answer = revoke_first(&sandbox);
        tokio::pin!(answer);
        while !held.wait(Duration::ZERO) {
            tokio::select! {
                answer = &mut answer => panic!("it must be held, not answer {answer}"),
                () = tokio::task::yield_now() => {}
            }
        }
        assert_eq!(rules(&sandbox).len(), before - 1 - usize::from(acts), "{moment:?}");
        drop(held);
        assert_eq!(answer.await.contains("HTTP/1.1 200"), acts, "{moment:?}");
        assert!(revoke_first(&sandbox).await.contains("HTTP/1.1 200"), "{moment:?}");
    }
}

#[tokio::test]
async fn calls_above_the_limit_are_throttled() {
    let limit = Some(Limit { rate: 0.001, burst: 1 });
    let sandbox = start(SandboxOptions { limit, ..options(&[]) }).await.expect("a sandbox");
    assert!(revoke_first(&sandbox).await.contains("HTTP/1.1 200"));
    let answer = revoke_first(&sandbox).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("Throttling.User"), "{answer}");
}

#[tokio::test]
async fn the_world_outlives_the_sandbox_where_state_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let kept = || SandboxOptions { state: Some(folder.path().join("state")), ..options(&[]) };
    let first = start(kept()).await.expect("a sandbox");
    let token = [("ClientToken", "t-1")];
    revoke_first(&first).await;
    send(&first, "RevokeSecurityGroup", &token).await;
    let left = rules(&first);
    assert!(matches!(start(kept()).await, Err(SandboxError::Busy(_))), "one at a time");
    first.stop().await;
    let second = start(kept()).await.expect("a sandbox");
    assert_eq!(rules(&second), left);
    send(&second, "RevokeSecurityGroup", &token).await;
    assert!(second.calls()[0].replayed, "client tokens are kept too");
    second.edit(|world| world.groups.clear());
    second.stop().await;
    assert!(start(kept()).await.expect("a sandbox").world().groups.is_empty());
}

#[tokio::test]
async fn the_call_log_names_who_asked_what_and_what_it_did() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("calls.jsonl");
    let options = SandboxOptions { call_log: Some(path.clone()), ..options(&[]) };
    let sandbox = start(options).await.expect("a sandbox");
    let id = rules(&sandbox)[0].id.clone();
    revoke_first(&sandbox).await;
    let text = std::fs::read_to_string(path).expect("the log");
    let call: LoggedCall = serde_json::from_str(text.trim()).expect("a JSON line");
    assert_eq!(call, sandbox.calls()[0]);
    assert_eq!((call.action.as_str(), call.removed), ("RevokeSecurityGroup", vec![id]));
    assert!(!text.contains("Signature") && !text.contains("AccessKey"));
}

#[tokio::test]
async fn only_loopback_is_served_and_the_second_port_follows_the_first() {
    let outside =
        SandboxOptions { listen: "0.0.0.0:0".parse().expect("an address"), ..options(&[]) };
    assert!(matches!(start(outside).await, Err(SandboxError::NotLoopback(_))));
    let sandbox = started(&[]).await;
    assert_ne!(sandbox.alibaba_url(), sandbox.aws_url());
    assert!(sandbox.accounts().iter().all(|account| !account.id.as_str().ends_with("03")));
    assert_eq!(sandbox.accounts().len(), 4);
}
