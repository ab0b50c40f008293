//! Lists of runs and of accounts, word for word.

use std::collections::BTreeMap;

use crate::journal::{RunKind, RunRecord, RunState};
use crate::model::{Identity, Outcome, Provider};
use crate::report::fake::FakeJournal;
use crate::report::{Access, AccountCheck, Format, Style, write_accounts, write_runs};

fn runs() -> Vec<RunRecord> {
    let mut revoke = FakeJournal::new(&[]).run;
    revoke.pairs = 1200;
    revoke.rules.add(Outcome::Removed, 5400);
    revoke.digest = Some("3fa9".repeat(16));
    let mut verify = revoke.clone();
    verify.new.id = "01997c5e-2222-7000-8000-000000000002".into();
    verify.new.kind = RunKind::Verify;
    verify.new.parent = Some(revoke.new.id.clone());
    verify.state = RunState::Reading;
    (verify.exit, verify.ended_ms, verify.digest) = (None, None, None);
    vec![verify, revoke]
}

fn runs_text(runs: &[RunRecord], format: Format, width: u16) -> String {
    let mut out = Vec::new();
    write_runs(runs, format, Style { width: Some(width), ..Style::default() }, &mut out)
        .expect("memory");
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn runs_fit_80_columns_and_tell_more_where_there_is_room() {
    assert_eq!(
        runs_text(&runs(), Format::Table, 80),
        "\
RUN            KIND    STATE        EXIT  CREATED            PAIRS  RULES
01997c5e-2222  verify  interrupted        2023-11-14 22:13Z  1,200  5,400
01997c5e-1111  revoke  finished        0  2023-11-14 22:13Z  1,200  5,400
"
    );
    assert_eq!(runs_text(&runs(), Format::Table, 120), "\
RUN            KIND    STATE        EXIT  CREATED            PAIRS  RULES  OF RUN         DIGEST
01997c5e-2222  verify  interrupted        2023-11-14 22:13Z  1,200  5,400  01997c5e-1111
01997c5e-1111  revoke  finished        0  2023-11-14 22:13Z  1,200  5,400                 3fa93fa93fa9
");
    assert_eq!(runs_text(&[], Format::Table, 80), "no runs in this journal\n");
}

#[test]
fn ids_are_shortened_only_as_far_as_they_stay_different() {
    let mut runs = runs();
    runs[0].new.id = "01997c5e-1111-7000-8000-000000000002".into();
    let text = runs_text(&runs, Format::Table, 200);
    assert!(text.contains("01997c5e-1111-7000-8000-000000000002  verify"), "{text}");
}

#[test]
fn runs_as_json_are_an_array() {
    assert_eq!(
        runs_text(&runs()[1..], Format::Json, 80),
        r#"[
  {
    "run": "01997c5e-1111-7000-8000-000000000001",
    "kind": "revoke",
    "state": "finished",
    "exit": 0,
    "created": "2023-11-14T22:13:20.000Z",
    "started": "2023-11-14T22:13:20.000Z",
    "ended": "2023-11-14T22:13:22.000Z",
    "elapsed_s": 2,
    "pairs": 1200,
    "rules": 5400,
    "digest": "3fa93fa93fa93fa93fa93fa93fa93fa93fa93fa93fa93fa93fa93fa93fa93fa9",
    "parent": null,
    "running": null
  }
]
"#
    );
    assert_eq!(runs_text(&[], Format::Json, 80), "[]\n");
}

#[test]
fn runs_as_csv_have_a_line_each() {
    assert_eq!(runs_text(&runs(), Format::Csv, 80), "\
run,kind,state,exit,created,started,ended,elapsed_s,pairs,rules,digest,parent
01997c5e-2222-7000-8000-000000000002,verify,interrupted,,2023-11-14T22:13:20.000Z,2023-11-14T22:13:20.000Z,,2,1200,5400,,01997c5e-1111-7000-8000-000000000001
01997c5e-1111-7000-8000-000000000001,revoke,finished,0,2023-11-14T22:13:20.000Z,2023-11-14T22:13:20.000Z,2023-11-14T22:13:22.000Z,2,1200,5400,3fa93fa93fa93fa93fa93fa93fa93fa93fa93fa93fa93fa93fa93fa93fa93fa9,
");
}

#[test]
fn accounts_tell_who_the_credentials_are_and_what_is_refused() {
    assert_eq!(
        accounts_text(Format::Table, 80),
        "\
CLOUD    ACCOUNT           NAME          STATE     REGIONS  ALLOWED
alibaba  1234567890123456  b@aliyun.com  ok             21      1/2
aws      123456789012                    not ours        0      0/0

alibaba 1234567890123456
  acts as acs:ram::1234567890123456:assumed-role/unpair/run
  denied: RevokeSecurityGroup
  attach the policy that `unpair accounts --policy` prints
"
    );
}

#[test]
fn accounts_as_json_are_an_array() {
    assert_eq!(
        accounts_text(Format::Json, 80),
        r#"[
  {
    "cloud": "alibaba",
    "account": "1234567890123456",
    "name": "b@aliyun.com",
    "identity": {
      "account": "1234567890123456",
      "arn": "acs:ram::1234567890123456:assumed-role/unpair/run"
    },
    "state": "ok",
    "regions": 21,
    "allowed": {
      "DescribeSecurityGroupAttribute": "allowed",
      "RevokeSecurityGroup": "denied"
    },
    "remedy": "attach the policy that `unpair accounts --policy` prints"
  },
  {
    "cloud": "aws",
    "account": "123456789012",
    "name": null,
    "identity": null,
    "state": "not ours",
    "regions": 0,
    "allowed": {},
    "remedy": null
  }
]
"#
    );
}

#[test]
fn accounts_as_csv_have_a_line_each() {
    assert_eq!(accounts_text(Format::Csv, 80), "\
cloud,account,name,identity_account,identity_arn,state,regions,allowed,denied,unknown,remedy
alibaba,1234567890123456,b@aliyun.com,1234567890123456,acs:ram::1234567890123456:assumed-role/unpair/run,ok,21,DescribeSecurityGroupAttribute,RevokeSecurityGroup,,attach the policy that `unpair accounts --policy` prints
aws,123456789012,,,,not ours,0,,,,
");
}

fn accounts_text(format: Format, width: u16) -> String {
    let checks = [
        AccountCheck {
            cloud: Provider::Alibaba,
            account: "1234567890123456".into(),
            name: Some("b@aliyun.com".into()),
            identity: Some(Identity {
                account: "1234567890123456".into(),
                arn: "acs:ram::1234567890123456:assumed-role/unpair/run".into(),
            }),
            state: "ok".into(),
            regions: 21,
            allowed: BTreeMap::from([
                ("DescribeSecurityGroupAttribute".into(), Access::Allowed),
                ("RevokeSecurityGroup".into(), Access::Denied),
            ]),
            remedy: Some("attach the policy that `unpair accounts --policy` prints".into()),
        },
        AccountCheck {
            cloud: Provider::Aws,
            account: "123456789012".into(),
            name: None,
            identity: None,
            state: "not ours".into(),
            regions: 0,
            allowed: BTreeMap::new(),
            remedy: None,
        },
    ];
    let mut out = Vec::new();
    write_accounts(&checks, format, Style { width: Some(width), ..Style::default() }, &mut out)
        .expect("memory");
    String::from_utf8(out).expect("UTF-8")
}
