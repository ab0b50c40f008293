//! Each class of error code: what becomes of the revocation that got it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use unpair_testing::world_file::{A, B, Owner, WorldText, X, Y, admits_tcp, mutual, mutual_aws};

use crate::workspace::{CliWorkspace, WorkspaceSetup};

const ALIBABA: &str = include_str!("../vectors/alibaba_errors.json");

#[derive(Deserialize)]
struct Code {
    #[serde(rename = "code")]
    name: String,
    class: String,
    http: Option<u16>,
}

/// How often the code is answered.
#[derive(Clone, Copy, PartialEq)]
enum Often {
    Once,
    Always,
}

/// What a revocation comes to that gets this code.
fn expected(code: &Code, often: Often) -> Option<&'static str> {
    let expired = code.name == "InvalidSecurityToken.Expired";
    let skewed = code.name == "InvalidTimeStamp.Expired";
    match (code.class.as_str(), often) {
        // Nobody takes the code's word: the rule stands, so it is revoked.
        (
            "already_gone"
            | "already_gone_verify"
            | "target_missing"
            | "peer_missing_verify"
            | "new_client_token",
            Often::Once,
        ) => Some("removed"),
        (
            "already_gone"
            | "already_gone_verify"
            | "target_missing"
            | "peer_missing_verify"
            | "new_client_token",
            Often::Always,
        ) => Some("still_present"),
        // A machine's clock does not mend itself.
        ("retryable", _) if skewed => Some("pending"),
        ("retryable", Often::Once) => Some("removed"),
        // For ever throttled, or a minute of read-backs: not a test.
        ("retryable", Often::Always) => None,
        // What the account may not do is refused for good, and the account left alone.
        ("permanent" | "permission", _) => Some("failed"),
        ("credential", Often::Once) if expired => Some("removed"),
        // The account is left alone: its call stays to be done.
        ("credential", _) => Some("pending"),
        (class, _) => panic!("{}: no such class: {class}", code.name),
    }
}

fn codes() -> Vec<Code> {
    serde_json::from_str(ALIBABA).expect("the vectors are readable")
}

fn account_of(number: usize) -> String {
    format!("16{number:014}")
}

/// An account for each code, each with a grant to B's group; the code strikes its own account.
fn workspace_of(codes: &[Code], often: Often) -> CliWorkspace {
    let mut world = WorldText::empty();
    let mut rows = String::from("region,account_a,group_a,account_b,group_b,note\n");
    for (number, code) in codes.iter().enumerate() {
        let account = account_of(number);
        let (own, peer) = (format!("sg-own{number}"), format!("sg-peer{number}"));
        world.account("alibaba", &account, &format!("code{number}"), true);
        let grant = format!("{{ group = '{}/{peer}' }}", B.id);
        world.add_group("alibaba", &account, B.region, &own, &[grant]);
        world.add_group("alibaba", B.id, B.region, &peer, &[]);
        let row = [B.region, &account, &own, B.id, &peer, &code.name].join(",");
        rows.push_str(&row);
        rows.push('\n');
    }
    let mut setup = WorkspaceSetup::of(&world);
    for (number, code) in codes.iter().enumerate() {
        let status = code.http.map(|http| format!(":{http}")).unwrap_or_default();
        let rate = if often == Often::Once { "1x" } else { "1" };
        let account = account_of(number);
        let fault = format!("code:{}{status}@RevokeSecurityGroup@{account}={rate}", code.name);
        setup = setup.fault(fault);
    }
    let workspace = setup.start();
    workspace.write("pairs.csv", &rows);
    workspace
}

/// The outcome of the only revocation of each account.
fn outcomes(report: &Value) -> BTreeMap<String, String> {
    let rows = report["revocations"].as_array().expect("revocations");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    rows.iter().map(|row| (text(&row["account"]), text(&row["outcome"]))).collect()
}

fn assert_every_code(often: Often) {
    let codes: Vec<Code> =
        codes().into_iter().filter(|code| expected(code, often).is_some()).collect();
    let workspace = workspace_of(&codes, often);
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(3);
    let outcomes = outcomes(&workspace.report());
    let wrong: Vec<String> = codes
        .iter()
        .enumerate()
        .filter_map(|(number, code)| {
            let found = outcomes.get(&account_of(number)).map_or("none", String::as_str);
            let wanted = expected(code, often)?;
            (found != wanted)
                .then(|| format!("{} ({}): {found}, not {wanted}", code.name, code.class))
        })
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
    workspace.assert_each_token_names_one_request();
}

#[test]
fn every_code_of_alibaba_cloud_answered_once_has_its_outcome() {
    assert!(codes().len() >= 82);
    assert_every_code(Often::Once);
}

#[test]
fn every_code_of_alibaba_cloud_answered_always_has_its_outcome() {
    assert_every_code(Often::Always);
}

/// One side of the pair gets the code; asserts its outcome and the exit code of the command.
fn assert_code(
    (world, own, pair): (&WorldText, Owner, (Owner, &str, Owner, &str)),
    (fault, action): (&str, &str),
    (outcome, exit): (&str, i32),
) -> CliWorkspace {
    let (name, rate) = fault.split_once('=').expect("NAME=RATE");
    let workspace =
        WorkspaceSetup::of(world).fault(format!("{name}@{action}@{}={rate}", own.id)).start();
    workspace.pairs(&[pair]);
    let ended = workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(exit);
    let found = outcomes(&workspace.report());
    assert_eq!(found.get(own.id).map(String::as_str), Some(outcome), "{fault}: {}", ended.stdout);
    let other = if own == pair.0 { pair.2 } else { pair.0 };
    assert_eq!(found.get(other.id).map(String::as_str), Some("removed"), "{fault}: the other side");
    workspace.assert_each_token_names_one_request();
    workspace
}

fn on_alibaba(fault: &str, outcome: &str, exit: i32) -> CliWorkspace {
    let pair = (A, "sg-a1", B, "sg-b1");
    assert_code((&mutual(), B, pair), (fault, "RevokeSecurityGroup"), (outcome, exit))
}

fn on_aws(fault: &str, outcome: &str, exit: i32) -> CliWorkspace {
    let pair = (X, "sg-0000a001", Y, "sg-0000b001");
    assert_code((&mutual_aws(), Y, pair), (fault, "RevokeSecurityGroupIngress"), (outcome, exit))
}

#[test]
fn already_gone_is_believed_only_after_reading() {
    on_alibaba("code:InvalidSecurityGroupRule.RuleNotExist=1", "still_present", 3);
    on_alibaba("code:InvalidSecurityGroupRule.RuleNotExist=1x", "removed", 0);
}

#[test]
fn a_missing_group_is_believed_only_after_reading() {
    on_alibaba("code:InvalidSecurityGroupId.NotFound=1", "still_present", 3);
    on_alibaba("code:InvalidSourceGroupId.NotFound=1x", "removed", 0);
}

#[test]
fn throttling_is_waited_out() {
    on_alibaba("code:Throttling.User=2x", "removed", 0);
    on_alibaba("throttle:20=5x", "removed", 0);
}

#[test]
fn a_server_s_error_is_read_back_and_then_sent_again() {
    on_alibaba("code:InternalError=1x", "removed", 0);
}

#[test]
fn a_token_that_was_used_for_another_request_is_replaced() {
    let workspace = on_alibaba("code:IdempotentParameterMismatch=1x", "removed", 0);
    let calls = workspace.revocations();
    let of_b = calls.iter().filter(|call| call.params["SecurityGroupId"] == "sg-b1");
    let tokens: Vec<&String> = of_b.map(|call| &call.params["ClientToken"]).collect();
    assert_eq!(tokens.len(), 2);
    assert_ne!(tokens[0], tokens[1]);
}

#[test]
fn a_nonce_that_was_seen_is_signed_anew_under_the_same_token() {
    let workspace = on_alibaba("code:SignatureNonceUsed=1x", "removed", 0);
    let calls = workspace.revocations();
    let of_b = calls.iter().filter(|call| call.params["SecurityGroupId"] == "sg-b1");
    let tokens: Vec<&String> = of_b.map(|call| &call.params["ClientToken"]).collect();
    assert_eq!(tokens.len(), 2);
    assert_eq!(tokens[0], tokens[1]);
}

#[test]
fn a_permanent_refusal_fails_and_resume_tries_again() {
    let workspace = on_alibaba("code:InvalidPolicy.Malformed=1x", "failed", 3);
    workspace.run(&["resume", "--yes"]).exits(0);
    workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
}

#[test]
fn a_missing_permission_fails_the_call_leaves_the_account_alone_and_resume_goes_on() {
    let workspace = on_alibaba("code:Forbidden.RAM=1x", "failed", 3);
    workspace.run(&["resume", "--yes"]).exits(0);
    workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
}

/// Two groups of one account, each with a grant; revocations of it fail with `code`. One call at
/// a time: the first is refused, the other is not sent.
fn one_refused_and_one_unsent(cloud: [Owner; 2], action: &str, code: &str) {
    let [own, peer] = cloud;
    let world = WorldText::empty()
        .group(own, "sg-0000000a", &[admits_tcp(22, peer, "sg-0000000c")])
        .group(own, "sg-0000000b", &[admits_tcp(22, peer, "sg-0000000c")])
        .group(peer, "sg-0000000c", &[]);
    let fault = format!("code:{code}@{action}=1x");
    let one_at_a_time = "rate = 'off'\nin_flight = 1\n";
    let workspace = WorkspaceSetup::of(&world).fault(fault).limits(one_at_a_time).start();
    let pairs =
        [(own, "sg-0000000a", peer, "sg-0000000c"), (own, "sg-0000000b", peer, "sg-0000000c")];
    workspace.pairs(&pairs);
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(3);
    // A later process tells it as well.
    let report = workspace.report();
    let told: Vec<_> = report["revocations"].as_array().expect("a list").iter().collect();
    let of = |outcome: &str| -> Vec<&str> {
        let of_it = told.iter().filter(|told| told["outcome"] == outcome);
        of_it.map(|told| told["reason"].as_str().unwrap_or_default()).collect()
    };
    let (failed, pending) = (of("failed"), of("pending"));
    assert_eq!((failed.len(), pending.len()), (1, 1), "{told:?}");
    assert!(failed[0].contains(code), "{failed:?}");
    for part in ["not sent: ", code, "unpair accounts --policy"] {
        assert!(pending[0].contains(part), "{pending:?}");
    }
    // The page tells the cause once, and what was not sent refers to it.
    for (form, parts) in [
        ("table", ["not sent: ", code]),
        ("csv", ["not sent: ", code]),
        ("html", ["href=\"#cause-1\"", code]),
    ] {
        let told = workspace.run(&["report", "--format", form]).exits(0).stdout;
        let words = told.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in parts {
            assert!(words.contains(part), "{form}: {part}: {told}");
        }
    }
    workspace.run(&["resume", "--yes"]).exits(0);
    workspace
        .assert_only_severed(&[("sg-0000000a", "sg-0000000c"), ("sg-0000000b", "sg-0000000c")]);
    workspace.run(&["runs", "--check"]).exits(0);
}

#[test]
fn what_was_not_sent_for_want_of_rights_says_so_in_every_form_and_resume_takes_it_up() {
    one_refused_and_one_unsent([A, B], "RevokeSecurityGroup", "Forbidden.RAM");
    one_refused_and_one_unsent([X, Y], "RevokeSecurityGroupIngress", "UnauthorizedOperation");
}

#[test]
fn what_was_not_sent_for_other_reasons_says_so() {
    for (fault, reason) in [
        ("code:InvalidAccessKeyId.Inactive=1x", "InvalidAccessKeyId.Inactive"),
        ("clock-skew=1", "NTP"),
    ] {
        let workspace = on_alibaba(fault, "pending", 3);
        let report = workspace.report();
        let pending = report["revocations"].as_array().expect("a list").iter();
        let mut pending = pending.filter(|told| told["outcome"] == "pending");
        let told = pending.next().expect("one at least")["reason"].as_str().unwrap_or_default();
        assert!(told.starts_with("not sent: ") && told.contains(reason), "{fault}: {told}");
    }
}

#[test]
fn wrong_credentials_leave_the_account_alone_and_resume_goes_on() {
    let workspace = on_alibaba("code:InvalidAccessKeyId.Inactive=1x", "pending", 3);
    workspace.run(&["resume", "--yes"]).exits(0);
    workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
}

#[test]
fn expired_credentials_are_fetched_again_once() {
    on_alibaba("expired-credentials=1x", "removed", 0);
    on_aws("expired-credentials=1x", "removed", 0);
}

#[test]
fn a_skewed_clock_leaves_the_account_alone() {
    on_alibaba("clock-skew=1", "pending", 3);
}

#[test]
fn each_class_of_aws_has_its_outcome() {
    for (fault, outcome, exit) in [
        ("code:RequestLimitExceeded=3x", "removed", 0),
        ("code:InvalidPermission.NotFound=1x", "removed", 0),
        ("code:InvalidSecurityGroupRuleId.NotFound=1", "still_present", 3),
        ("code:InvalidGroup.NotFound=1x", "removed", 0),
        ("code:InvalidParameterValue=1", "failed", 3),
        ("code:SomethingNobodyKnows=1", "failed", 3),
        ("code:UnauthorizedOperation=1", "failed", 3),
        ("code:AuthFailure=1", "pending", 3),
        ("code:RequestExpired=1", "pending", 3),
        ("code:Unavailable=1x", "removed", 0),
    ] {
        on_aws(fault, outcome, exit);
    }
}
