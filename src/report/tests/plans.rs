//! Plans and audits as a user sees them before anything is sent.

use std::sync::atomic::Ordering;

use super::rendering::eventful;
use crate::journal::{RunKind, RunState};
use crate::model::{Estimate, Filter, LaneEstimate, LaneKey, Outcome, Provider, RuleCounts};
use crate::report::fake::{FakeJournal, ali, ssh_from};
use crate::report::{Format, PlanView, Style, summarize, write_plan};

async fn plan(journal: &FakeJournal, style: Style) -> String {
    plan_that_takes(journal, None, style).await
}

async fn plan_that_takes(
    journal: &FakeJournal,
    estimate: Option<&Estimate>,
    style: Style,
) -> String {
    let summary = summarize(journal, &journal.run, "plan").await.expect("a summary");
    let mut out = Vec::new();
    let view = PlanView { run: &journal.run, summary: &summary, estimate };
    write_plan(journal, view, Format::Table, style, &mut out).await.expect("a readable journal");
    String::from_utf8(out).expect("UTF-8")
}

fn planned() -> FakeJournal {
    let mut journal = eventful();
    journal.run.state = RunState::Planned;
    (journal.run.exit, journal.run.started_ms) = (None, None);
    journal.run.new.agreed = false;
    for record in &mut journal.revocations {
        (record.outcome, record.reason) = (Outcome::Pending, None);
    }
    journal.run.rules = RuleCounts::default();
    journal.run.rules.add(Outcome::Pending, 2);
    journal.sides[0].elsewhere = 4;
    journal
}

fn lane(account: usize, calls: u64, seconds: f64) -> LaneEstimate {
    let lane = LaneKey {
        cloud: Provider::Alibaba,
        account: account.to_string().into(),
        region: "cn-beijing".into(),
    };
    LaneEstimate { lane, rules: 20 * calls, groups: 4, calls, reads: 4, seconds, acting: seconds }
}

#[tokio::test]
async fn a_plan_tells_the_calls_of_every_lane_slowest_first() {
    let lanes = vec![lane(111, 780, 156.2), lane(222, 1, 0.0)];
    let estimate = Estimate { lanes, seconds: 157 };
    let text = plan_that_takes(&planned(), Some(&estimate), Style::default()).await;
    let section = "
781 calls in 2 lanes, slowest first:
  alibaba 111 cn-beijing: 780 calls for 15,600 rules, 4 read-backs, 2 min 37 s
  alibaba 222 cn-beijing: 1 call for 20 rules, 4 read-backs, under 1 s

alibaba 111 cn-beijing sg-a: 1 rule to revoke
";
    assert!(text.contains(section), "{text}");
}

#[tokio::test]
async fn of_many_lanes_the_slowest_are_told_and_the_others_counted() {
    let lanes = (0..23).map(|n| lane(n, 1, 0.0)).collect();
    let estimate = Estimate { lanes, seconds: 0 };
    let text = plan_that_takes(&planned(), Some(&estimate), Style::default()).await;
    assert_eq!(text.matches("1 call for 20 rules").count(), 20);
    assert!(text.contains("\n  …and 3 faster lanes\n"), "{text}");
}

#[tokio::test]
async fn a_plan_lists_rules_group_by_group_and_then_what_is_left_alone() {
    assert_eq!(plan(&planned(), Style::default()).await, "\
6 pairs: 1 severed, 1 narrowed, 1 ours severed, 1 half-severed, 1 open, 1
    unknown
  2 rules to revoke · 1 grant outside the rows
plan 01997c5e-1111-7000-8000-000000000001 · planned · estimated 2 min 40 s
  oldest reading 1970-01-01 00:00Z
  digest 3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f

alibaba 111 cn-beijing sg-a: 1 rule to revoke
  naming 222/sg-b · pairs.csv:2 · OPS-7
    sgr-1 ingress accept tcp 22/22 priority 1

alibaba 222 cn-beijing sg-b: 1 rule to revoke
  naming 111/sg-a · pairs.csv:2 · OPS-7
    sgr-2 ingress accept tcp 22/22 priority 1

Unknown: 1 pair, a side could not be read or judged, or its group does not exist
  222/sg-f: no such group there (InvalidSecurityGroupId.NotFound); --accept-gone
      counts it as clean · pairs.csv:7

One-sided: 1 pair, rules stand on one side alone
  222/sg-b: 2 rules stand · pairs.csv:2

Not ours to call: 1 side; `unpair commands` prints what the owner must run
  333/sg-c: not ours to read · pairs.csv:3

Left alone: 1 grant outside the rows
  222/sg-e naming 111/sg-a: 1 grant · pairs.csv:6

Left alone: 1 drop rule; removing one would open traffic
  222/sg-b naming 111/sg-a: 1 drop rule · pairs.csv:2

Left alone: 4 grants of 1 group that name groups no row pairs them with

Not judged: CIDR and prefix-list rules, and connections already established.

Next: unpair revoke --run 01997c5e-1111-7000-8000-000000000001 --digest 3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f
");
}

#[tokio::test]
async fn a_plan_lists_at_most_20_rules_of_a_group() {
    let (a, b) = (ali("111", "sg-a"), ali("222", "sg-b"));
    let mut journal = FakeJournal::new(&[(a.clone(), b.clone(), Filter::default(), 2)]);
    for n in 0..2500 {
        journal.revoke(&a, &b, ssh_from(&b, &format!("sgr-{n}")), Outcome::Pending);
    }
    let text = plan(&journal, Style::default()).await;
    assert!(text.contains("alibaba 111 cn-beijing sg-a: 2,500 rules to revoke\n"));
    assert_eq!(text.matches("sgr-").count(), 20);
    assert!(text.contains("  …and 2,480 more: unpair report"));
    assert_eq!(journal.largest_page.load(Ordering::Relaxed), 1000);
}

#[tokio::test]
async fn a_plan_lists_at_most_200_groups_whichever_was_read_first() {
    let manifest: Vec<_> = (0..205)
        .map(|n| {
            let group = |side: &str| format!("sg-{n:03}{side}");
            (ali("111", &group("a")), ali("222", &group("b")), Filter::default(), n + 2)
        })
        .collect();
    let mut journal = FakeJournal::new(&manifest);
    for (a, b, ..) in manifest.iter().rev() {
        for n in 0..2 {
            journal.revoke(a, b, ssh_from(b, &format!("sgr-{n}")), Outcome::Pending);
        }
    }
    let text = plan(&journal, Style::default()).await;
    assert_eq!(text.matches(": 2 rules to revoke\n").count(), 200);
    assert!(text.find("sg-000a:") < text.find("sg-001a:"), "in the order of the groups");
    assert!(text.contains("  …and 5 more groups: unpair report"));
}

#[tokio::test]
async fn an_audit_that_found_something_names_the_command_that_removes_it() {
    let mut journal = planned();
    journal.run.new.kind = RunKind::Audit;
    let text = plan(&journal, Style::default()).await;
    assert!(text.ends_with("\nNext: unpair revoke pairs.csv\n"), "{text}");
}

#[tokio::test]
async fn an_audit_that_planned_nothing_lists_its_pairs() {
    let mut journal = eventful();
    journal.revocations.clear();
    journal.run.rules = RuleCounts::default();
    let text = plan(&journal, Style::default()).await;
    assert!(text.contains("\nHalf-severed: 1 pair\n"));
    assert!(text.contains("  222/sg-b  2 rules stand; 1 drop rule kept\n"));
}
