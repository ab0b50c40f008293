//! What the readings of two sides make of a pair.

use std::sync::atomic::Ordering;

use crate::journal::{Naming, NewRun, RunKind, RunState, SideReading, Tally};
use crate::model::{
    Filter, LaneKey, Outcome, PairCounts, PairOutcome, Peer, Provider, Rule, Scope,
};
use crate::report::fake::{FakeJournal, ali, ssh_from};
use crate::report::{PairRow, exit_code, for_each_pair, summarize};

fn one_pair() -> FakeJournal {
    FakeJournal::with_notes(
        &[(ali("111", "sg-a"), ali("222", "sg-b"), Filter::default(), 2)],
        &[(2, "OPS-7")],
    )
}

async fn rows(journal: &FakeJournal) -> Vec<PairRow> {
    let mut rows = Vec::new();
    for_each_pair(journal, &journal.run, &mut |row| rows.push(row.clone()))
        .await
        .expect("a readable journal");
    rows
}

async fn only_row(journal: &FakeJournal) -> PairRow {
    let mut rows = rows(journal).await;
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

#[tokio::test]
async fn a_pair_without_findings_on_either_side_is_severed() {
    let row = only_row(&one_pair()).await;
    assert_eq!(row.outcome, PairOutcome::Severed);
    assert_eq!(
        (row.reason.as_str(), row.line, row.note.to_string().as_str()),
        ("both sides are clean", 2, "OPS-7")
    );
}

#[tokio::test]
async fn what_stands_on_one_side_makes_the_pair_half_severed_and_the_refusal_is_told() {
    let mut journal = one_pair();
    let (a, b) = (ali("111", "sg-a"), ali("222", "sg-b"));
    journal.found(&b, &a, [2, 0, 0]);
    journal.revoke(&b, &a, ssh_from(&a, "sgr-1"), Outcome::Failed).reason =
        Some("Forbidden.RAM".into());
    let row = only_row(&journal).await;
    assert_eq!(row.outcome, PairOutcome::HalfSevered);
    assert_eq!(row.reason, "222/sg-b: 2 rules stand; refused: Forbidden.RAM");
    assert!(row.is_one_sided());
}

#[tokio::test]
async fn grants_outside_the_rows_narrow_the_pair_and_are_counted() {
    let mut journal = one_pair();
    journal.found(&ali("111", "sg-a"), &ali("222", "sg-b"), [0, 3, 1]);
    let row = only_row(&journal).await;
    assert_eq!((row.outcome, row.outside(), row.drops()), (PairOutcome::Narrowed, 3, 1));
    let summary = summarize(&journal, &journal.run, "report").await.expect("a summary");
    assert_eq!((summary.rules.outside, summary.live.drops), (3, 1));
}

#[tokio::test]
async fn a_missing_group_is_unknown_unless_gone_is_accepted() {
    let mut journal = one_pair();
    journal.read(&ali("111", "sg-a"), SideReading::Missing { code: "NotFound".into() });
    let row = only_row(&journal).await;
    assert_eq!(row.outcome, PairOutcome::Unknown);
    assert_eq!(
        row.reason,
        "111/sg-a: no such group there (NotFound); --accept-gone counts it as clean"
    );
    journal.run.new.accept_gone = true;
    let row = only_row(&journal).await;
    assert_eq!(row.outcome, PairOutcome::Severed);
    assert_eq!(row.reason, "111/sg-a: the group is gone (NotFound)");
}

#[tokio::test]
async fn a_side_that_was_not_read_makes_the_pair_unknown() {
    let mut journal = one_pair();
    journal.read(&ali("111", "sg-a"), SideReading::Unread);
    assert_eq!(only_row(&journal).await.reason, "111/sg-a: never read");
    let failed = SideReading::Failed { code: "timeout".into(), message: "no answer".into() };
    journal.read(&ali("111", "sg-a"), failed);
    let row = only_row(&journal).await;
    assert_eq!(row.outcome, PairOutcome::Unknown);
    assert_eq!(row.reason, "111/sg-a: could not be read: timeout: no answer");
}

#[tokio::test]
async fn groups_that_the_journal_leaves_out_count_as_never_read() {
    let mut journal = one_pair();
    journal.sides.remove(0);
    assert_eq!(only_row(&journal).await.outcome, PairOutcome::Unknown);
    journal.sides.clear();
    assert_eq!(only_row(&journal).await.outcome, PairOutcome::Unknown);
}

#[tokio::test]
async fn a_partner_side_counts_by_what_its_references_show() {
    let (ours, theirs) = (ali("111", "sg-a"), ali("222", "sg-b"));
    let ingress = Filter { direction: Scope::Ingress, direction_given: true, ..Filter::default() };
    for (filter, naming, outcome) in [
        (Filter::default(), None, PairOutcome::OursSevered),
        (Filter::default(), Some(false), PairOutcome::OursSevered),
        (ingress.clone(), Some(false), PairOutcome::Severed),
        (ingress.clone(), None, PairOutcome::OursSevered),
        (Filter::default(), Some(true), PairOutcome::HalfSevered),
        (ingress, Some(true), PairOutcome::HalfSevered),
    ] {
        let mut journal = FakeJournal::new(&[(ours.clone(), theirs.clone(), filter, 2)]);
        let named = |names| if names { vec![journal.ix(&ours)] } else { vec![] };
        let naming = naming.map(|names| Naming { named: named(names), ..Naming::default() });
        journal.read(&theirs, SideReading::NotOurs { naming });
        let row = only_row(&journal).await;
        assert_eq!(row.outcome, outcome, "{}", row.reason);
        assert!(row.b.is_partner && !row.a.is_partner);
    }
}

#[tokio::test]
async fn a_partner_that_may_name_our_group_is_not_clean() {
    let (ours, theirs) = (ali("111", "sg-a"), ali("222", "sg-b"));
    let ingress = Filter { direction: Scope::Ingress, direction_given: true, ..Filter::default() };
    let mut journal = FakeJournal::new(&[(ours.clone(), theirs.clone(), ingress, 2)]);
    let ix = journal.ix(&ours);
    let unseen = Naming { unseen: vec![ix], ..Naming::default() };
    journal.read(&theirs, SideReading::NotOurs { naming: Some(unseen) });
    let row = only_row(&journal).await;
    assert_eq!(row.outcome, PairOutcome::OursSevered);
    assert!(row.reason.contains("is not told"), "{}", row.reason);
    let misowned = Naming { misowned: vec![(ix, "333".into())], ..Naming::default() };
    journal.read(&theirs, SideReading::NotOurs { naming: Some(misowned) });
    let row = only_row(&journal).await;
    assert_eq!((row.outcome, row.b.misowned), (PairOutcome::Unknown, 1));
    assert_eq!(
        row.reason,
        "222/sg-b: a group of this id that 333 owns names sg-a: check the row's account"
    );
}

#[tokio::test]
async fn rules_under_another_owner_make_a_pair_unknown_and_both_owners_are_told() {
    let (a, b) = (ali("111", "sg-a"), ali("222", "sg-b"));
    let mut journal = one_pair();
    journal.doubt(
        &a,
        &b,
        (2, 0),
        vec![
            ssh_from(&ali("333", "SG-B"), "sgr-1"),
            ssh_from(&ali("b@aliyun.com", "sg-b"), "sgr-2"),
            ssh_from(&ali("333", "sg-other"), "sgr-3"),
        ],
    );
    journal.found(&b, &a, [1, 0, 0]);
    let row = only_row(&journal).await;
    assert_eq!((row.outcome, row.a.misowned), (PairOutcome::Unknown, 2));
    assert_eq!(
        row.a.text,
        "2 rules name sg-b under the owner 333 and b@aliyun.com, the row says 222: check the row's \
         account (sgr-1, sgr-2)"
    );
    let summary = summarize(&journal, &journal.run, "audit").await.expect("a summary");
    assert_eq!((summary.pairs.unknown, exit_code(&summary.pairs, &journal.run.new)), (1, 3));
    assert_eq!((summary.live.misowned, summary.live.standing), (2, 1));
}

#[tokio::test]
async fn rules_that_do_not_tell_what_they_are_make_a_pair_unknown_and_are_shown_as_they_came() {
    let (a, b) = (ali("111", "sg-a"), ali("222", "sg-b"));
    let mut journal = one_pair();
    let rule = |id: &str| ssh_from(&b, id);
    let fields = [("Policy", "Maybe")].into_iter().collect();
    journal.doubt(
        &a,
        &b,
        (0, 3),
        vec![
            Rule { policy: None, fields, ..rule("sgr-1") },
            Rule { peer: Peer::Unclear(vec![]), ..rule("sgr-2") },
            Rule { id: "".into(), ..rule("") },
            rule("sgr-4"),
        ],
    );
    let row = only_row(&journal).await;
    assert_eq!((row.outcome, row.a.unclear), (PairOutcome::Unknown, 3));
    assert_eq!(
        row.a.text,
        "3 rules may name sg-b and cannot be judged (sgr-1 policy `Maybe`, sgr-2 tells no peer, a \
         rule without an id)"
    );
}

#[tokio::test]
async fn references_make_a_pair_severed_only_if_all_its_rows_ask_for_ingress() {
    let (ours, theirs) = (ali("111", "sg-a"), ali("222", "sg-b"));
    let ingress = Filter { direction: Scope::Ingress, ..Filter::default() };
    let mut journal = FakeJournal::new(&[
        (ours.clone(), theirs.clone(), ingress, 2),
        (ours, theirs.clone(), Filter::default(), 3),
    ]);
    journal.read(&theirs, SideReading::NotOurs { naming: Some(Naming::default()) });
    assert_eq!(only_row(&journal).await.outcome, PairOutcome::OursSevered);
}

#[tokio::test]
async fn a_group_that_a_service_manages_is_told_as_the_reason() {
    let mut journal = one_pair();
    let (a, b) = (ali("111", "sg-a"), ali("222", "sg-b"));
    journal.read(&a, SideReading::Seen { service_managed: true });
    journal.found(&a, &b, [1, 0, 0]);
    assert_eq!(
        only_row(&journal).await.reason,
        "111/sg-a: 1 rule stands; a service of the provider manages the group"
    );
}

#[tokio::test]
async fn each_pair_is_told_once_however_many_pages_there_are() {
    let manifest: Vec<_> = (0..1500)
        .map(|n| {
            let group = |side: &str| format!("sg-{n:04}{side}");
            (ali("111", &group("a")), ali("222", &group("b")), Filter::default(), n + 2)
        })
        .collect();
    let journal = FakeJournal::new(&manifest);
    let rows = rows(&journal).await;
    assert_eq!(rows.len(), 1500);
    assert!(rows.is_sorted_by(|x, y| x.a.group < y.a.group));
    assert_eq!(journal.largest_page.load(Ordering::Relaxed), 1000);
}

/// Calls that were answered with `code`.
fn tally(code: &str, count: u64) -> Tally {
    let refused = if code.is_empty() { 0 } else { count };
    Tally {
        lane: LaneKey {
            cloud: Provider::Alibaba,
            account: "111".into(),
            region: "cn-beijing".into(),
        },
        action: "RevokeSecurityGroup".into(),
        code: code.into(),
        count,
        retried: refused,
        throttled: refused,
        last_ms: 0,
    }
}

#[tokio::test]
async fn counts_of_a_damaged_journal_that_fit_no_sum_are_told_as_the_most() {
    let mut journal = one_pair();
    journal.tallies = vec![tally("A", u64::MAX), tally("B", 1)];
    let summary = summarize(&journal, &journal.run, "revoke").await.expect("a summary");
    let calls = (summary.calls.total, summary.calls.throttled, summary.calls.retried);
    assert_eq!(calls, (u64::MAX, u64::MAX, u64::MAX));
}

#[tokio::test]
async fn the_summary_counts_pairs_rules_and_calls() {
    let mut journal = one_pair();
    let (a, b) = (ali("111", "sg-a"), ali("222", "sg-b"));
    journal.revoke(&a, &b, ssh_from(&b, "sgr-1"), Outcome::Removed);
    journal.revoke(&b, &a, ssh_from(&a, "sgr-2"), Outcome::AlreadyAbsent);
    journal.run.state = RunState::Acting;
    journal.run.elapsed_ms = 2_499;
    journal.tallies = vec![tally("", 4), tally("Throttling.User", 2)];
    let summary = summarize(&journal, &journal.run, "revoke").await.expect("a summary");
    assert_eq!(
        serde_json::to_string(&summary).expect("plain data"),
        concat!(
            r#"{"schema":1,"command":"revoke","run":"01997c5e-1111-7000-8000-000000000001","#,
            r#""state":"interrupted","digest":null,"#,
            r#""pairs":{"total":1,"severed":1,"narrowed":0,"ours_severed":0,"half_severed":0,"open":0,"unknown":0},"#,
            r#""rules":{"planned":2,"removed":1,"already_absent":1,"conflict":0,"still_present":0,"group_gone":0,"failed":0,"unknown":0,"unverified":0,"pending":0,"outside":0},"#,
            r#""live":{"standing":0,"outside":0,"drops":0,"misowned":0,"unclear":0,"managed":0,"partners":0},"#,
            r#""left_out":0,"oldest_reading":"1970-01-01T00:00:00.000Z","#,
            r#""calls":{"total":6,"by_action":{"RevokeSecurityGroup":6},"by_code":{"Throttling.User":2},"throttled":2,"retried":2},"#,
            r#""estimate_s":0,"elapsed_s":2,"unread_accounts":0,"causes":[],"created":"2023-11-14T22:13:20.000Z","#,
            r#""started":"2023-11-14T22:13:20.000Z","ended":"2023-11-14T22:13:22.000Z","#,
            r#""operator":null,"invocations":[],"identities":[],"#,
            r#""manifests":[{"name":"pairs.csv","sha256":null}]}"#,
        )
    );
    assert_eq!(summary.verdict(), "1 pair: 1 severed · 2 rules: 1 removed, 1 already absent");
}

#[tokio::test]
async fn a_plan_is_told_by_what_there_is_to_revoke() {
    let mut journal = one_pair();
    let (a, b) = (ali("111", "sg-a"), ali("222", "sg-b"));
    journal.found(&a, &b, [1, 2, 0]);
    let summary = summarize(&journal, &journal.run, "audit").await.expect("a summary");
    assert_eq!(
        summary.verdict(),
        "1 pair: 1 half-severed · 1 rule to revoke · 2 grants outside the rows"
    );
    journal.revoke(&a, &b, ssh_from(&b, "sgr-1"), Outcome::Pending);
    let summary = summarize(&journal, &journal.run, "plan").await.expect("a summary");
    assert_eq!(
        summary.verdict(),
        "1 pair: 1 half-severed · 1 rule to revoke · 2 grants outside the rows"
    );
}

#[test]
fn the_exit_code_is_3_as_long_as_a_pair_is_not_severed() {
    for (outcome, lenient, strict) in [
        (PairOutcome::Severed, 0, 0),
        (PairOutcome::Narrowed, 0, 0),
        (PairOutcome::OursSevered, 0, 3),
        (PairOutcome::HalfSevered, 3, 3),
        (PairOutcome::Open, 3, 3),
        (PairOutcome::Unknown, 3, 3),
    ] {
        let mut counts = PairCounts::default();
        counts.add(outcome);
        let run =
            |require_both| NewRun { require_both, ..NewRun::new("r".into(), RunKind::Revoke, 0) };
        let codes = [false, true].map(|both| exit_code(&counts, &run(both)));
        assert_eq!(codes, [lenient, strict]);
        let audit = NewRun { kind: RunKind::Audit, expect_severed: true, ..run(false) };
        assert_eq!(exit_code(&counts, &audit), lenient);
        let left_out = NewRun { left_out: 1, ..run(false) };
        assert_eq!(exit_code(&counts, &left_out), 3);
    }
}
