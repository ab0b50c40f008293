//! Reports of one run in every format, word for word.

use crate::journal::{RunState, SideReading, Tally};
use crate::model::{Filter, LaneKey, Outcome, Provider, Scope};
use crate::report::fake::{FakeJournal, ali, ssh_from};
use crate::report::{Format, Style, summarize, write_plan, write_report};

/// Six pairs: severed, half-severed, unknown, ours severed, narrowed, open.
fn eventful() -> FakeJournal {
    let (a, b, c) = (ali("111", "sg-a"), ali("222", "sg-b"), ali("333", "sg-c"));
    let (d, e, f) = (ali("111", "sg-d"), ali("222", "sg-e"), ali("222", "sg-f"));
    let any = Filter::default;
    let ingress = Filter { direction: Scope::Ingress, ..any() };
    let mut journal = FakeJournal::with_notes(
        &[
            (a.clone(), b.clone(), any(), 2),
            (a.clone(), c.clone(), any(), 3),
            (d.clone(), b.clone(), any(), 4),
            (d.clone(), e.clone(), any(), 5),
            (a.clone(), e.clone(), ingress, 6),
            (d.clone(), f.clone(), any(), 7),
        ],
        &[(2, "OPS-7"), (4, "=evil\x1b[2J")],
    );
    journal.read(&c, SideReading::NotOurs { naming: None });
    journal.read(&f, SideReading::Missing { code: "InvalidSecurityGroupId.NotFound".into() });
    journal.found(&b, &a, [2, 0, 1]);
    journal.found(&e, &a, [0, 1, 0]);
    journal.found(&d, &b, [1, 0, 0]);
    journal.found(&b, &d, [1, 0, 0]);
    let failed = journal.revoke(&b, &a, ssh_from(&a, "sgr-2"), Outcome::Failed);
    failed.reason = Some("Forbidden.RAM".into());
    let mut rule = ssh_from(&b, "sgr-1");
    rule.description = "=HYPERLINK(\"x\")".into();
    rule.fields.insert("PortRange".into(), "22/22".into());
    journal.revoke(&a, &b, rule, Outcome::Removed).reply_lost = true;
    journal.run.exit = Some(3);
    journal.run.digest = Some("3f".repeat(32));
    journal.run.estimate_s = Some(160);
    journal.run.elapsed_ms = 192_000;
    let lane =
        LaneKey { cloud: Provider::Alibaba, account: "111".into(), region: "cn-beijing".into() };
    for (action, code, count) in [
        ("RevokeSecurityGroup", "", 1200),
        ("RevokeSecurityGroup", "Throttling.User", 2),
        ("DescribeSecurityGroupAttribute", "", 24),
    ] {
        let again = if code.is_empty() { 0 } else { count };
        journal.tallies.push(Tally {
            lane: lane.clone(),
            action: action.into(),
            code: code.into(),
            count,
            retried: again,
            throttled: again,
            last_ms: 0,
        });
    }
    journal.remember(1..=9);
    journal
}

async fn report(journal: &FakeJournal, format: Format, style: Style) -> String {
    let summary = summarize(journal, &journal.run, "revoke").await.expect("a summary");
    let mut out = Vec::new();
    write_report(journal, &journal.run, &summary, format, style, &mut out)
        .await
        .expect("a readable journal");
    String::from_utf8(out).expect("UTF-8")
}

async fn plan(journal: &FakeJournal, style: Style) -> String {
    let summary = summarize(journal, &journal.run, "plan").await.expect("a summary");
    let mut out = Vec::new();
    write_plan(journal, &journal.run, &summary, Format::Table, style, &mut out)
        .await
        .expect("a readable journal");
    String::from_utf8(out).expect("UTF-8")
}

#[tokio::test]
async fn show() {
    let j = eventful();
    println!("{}", report(&j, Format::Table, Style::default()).await);
    println!("=====\n{}", report(&j, Format::Table, Style { colour: false, width: 120 }).await);
    println!("=====\n{}", report(&j, Format::Json, Style::default()).await);
    println!("=====\n{}", report(&j, Format::Csv, Style::default()).await);
    println!("=====\n{}", report(&j, Format::Html, Style::default()).await);
    let mut p = eventful();
    p.run.state = RunState::Planned;
    p.run.exit = None;
    p.run.started_ms = None;
    println!("=====AUDIT\n{}", {
        let mut q = eventful();
        q.revocations.clear();
        q.run.rules = Default::default();
        plan(&q, Style::default()).await
    });
    for r in &mut p.revocations {
        r.outcome = Outcome::Pending;
        r.reason = None;
    }
    p.run.rules = Default::default();
    p.run.rules.add(Outcome::Pending, 2);
    p.sides[0].elsewhere = 4;
    println!("=====PLAN\n{}", plan(&p, Style::default()).await);
}
