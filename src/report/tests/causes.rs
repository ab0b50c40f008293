//! Causes that many pairs have.

use crate::journal::SideReading;
use crate::model::{Filter, Outcome};
use crate::report::fake::{FakeJournal, ali, ssh_from};
use crate::report::next::next_step;
use crate::report::{CauseKind, Format, Style, Summary, summarize, write_report};

/// Five pairs: account 222 refuses the calls of four, and one group is not there.
fn denied() -> FakeJournal {
    let group = |account: &str, n: u32| ali(account, &format!("sg-00000{n}{account}"));
    let manifest: Vec<_> =
        (0..5).map(|n| (group("111", n), group("222", n), Filter::default(), n + 2)).collect();
    let mut journal = FakeJournal::new(&manifest);
    for (a, b, ..) in &manifest[..4] {
        journal.found(b, a, [2, 0, 0]);
        for n in 1..=2 {
            let rule = ssh_from(a, &format!("sgr-{}{n}", b.group));
            let failed = journal.revoke(b, a, rule, Outcome::Failed);
            failed.reason =
                Some(format!("Forbidden.RAM: no right to {} (request 9F-{n}77)", b.group));
        }
    }
    let gone = SideReading::Missing { code: "InvalidSecurityGroupId.NotFound".into() };
    journal.read(&manifest[4].1, gone);
    journal.run.exit = Some(3);
    journal
}

async fn summary(journal: &FakeJournal) -> Summary {
    let summary = summarize(journal, &journal.run, "revoke").await.expect("a summary");
    summary.with_causes(journal, &journal.run).await.expect("causes")
}

async fn report(journal: &FakeJournal, format: Format) -> String {
    let mut out = Vec::new();
    write_report(
        journal,
        &journal.run,
        &summary(journal).await,
        format,
        Style::default(),
        &mut out,
    )
    .await
    .expect("a readable journal");
    String::from_utf8(out).expect("UTF-8")
}

#[tokio::test]
async fn a_reason_of_many_pairs_is_one_cause_with_its_lanes_its_counts_and_a_remedy() {
    let causes = summary(&denied()).await.causes;
    let [denied, gone] = &causes[..] else { panic!("two causes: {causes:?}") };
    assert_eq!((denied.kind, denied.pairs, denied.rules), (CauseKind::Refused, 4, 8));
    assert_eq!(denied.reason, "refused: Forbidden.RAM: no right to … (request …)");
    assert_eq!(denied.lanes, [ali("222", "sg-1").lane()]);
    assert!(denied.remedy.contains("`unpair accounts --policy`"), "{}", denied.remedy);
    assert_eq!((gone.cause, gone.kind, gone.pairs), (2, CauseKind::NoSuchGroup, 1));
    assert!(gone.remedy.contains("`unpair revoke pairs.csv --accept-gone`"), "{}", gone.remedy);
}

#[tokio::test]
async fn the_table_tells_a_common_cause_once_and_its_pairs_refer_to_it() {
    let text = report(&denied(), Format::Table).await;
    assert_eq!(text.matches("Forbidden.RAM").count(), 1, "{text}");
    assert_eq!(text.matches("2 rules stand (cause 1)").count(), 4, "{text}");
    let head = "Cause 1: refused: Forbidden.RAM: no right to … (request …)\n  4 pairs, 8 rules in \
                alibaba 222 cn-beijing\n";
    assert!(text.contains(head), "{text}");
    assert!(text.find("Cause 1:") < text.find("Half-severed:"), "causes come before cases");
    assert!(text.contains("no such group there (InvalidSecurityGroupId.NotFound)"), "{text}");
}

#[tokio::test]
async fn a_finding_names_its_cause_by_its_number() {
    let json = report(&denied(), Format::Json).await;
    let report: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(report["causes"][0]["lanes"][0]["account"], "222");
    let numbers: Vec<_> = report["findings"].as_array().expect("a list").iter().collect();
    assert_eq!(numbers[0]["b"]["cause"], 1);
    assert_eq!(numbers[4]["b"]["cause"], 2);
    assert_eq!(numbers[0]["a"]["cause"], serde_json::Value::Null);
}

#[tokio::test]
async fn nothing_to_revoke_is_never_said_of_what_was_not_read_or_is_managed() {
    let (a, b) = (ali("111", "sg-a"), ali("222", "sg-b"));
    let pair = (a.clone(), b.clone(), Filter::default(), 2);
    let mut journal = FakeJournal::new(&[pair]);
    assert_eq!(summary(&journal).await.verdict(), "1 pair: 1 severed · nothing to revoke");
    journal.read(&b, SideReading::Seen { service_managed: true });
    journal.found(&b, &a, [2, 0, 0]);
    assert_eq!(
        summary(&journal).await.verdict(),
        "1 pair: 1 half-severed · 2 rules in groups that a service of the provider manages"
    );
    let failed = SideReading::Failed { code: "timeout".into(), message: "no answer".into() };
    journal.read(&b, failed);
    assert_eq!(
        summary(&journal).await.verdict(),
        "1 pair: 1 unknown · sides of 1 account could not be read"
    );
    journal.read(&b, SideReading::Missing { code: "NotFound".into() });
    assert_eq!(summary(&journal).await.verdict(), "1 pair: 1 unknown");
}

#[tokio::test]
async fn what_comes_next_fits_the_causes_and_keeps_the_options() {
    let (a, b) = (ali("111", "sg-a"), ali("222", "sg-b"));
    let pair = (a.clone(), b.clone(), Filter::default(), 2);
    let mut journal = FakeJournal::new(&[pair]);
    journal.run.exit = Some(3);
    let id = journal.run.new.id.clone();
    let failed = SideReading::Failed { code: "timeout".into(), message: "no answer".into() };
    let missing = SideReading::Missing { code: "NotFound".into() };
    let readings =
        [(failed, format!("resume {id}")), (missing, "revoke pairs.csv --accept-gone".to_owned())];
    for (reading, command) in readings {
        journal.read(&b, reading);
        let summary = summary(&journal).await.with_options(" --journal two.db");
        let next = next_step(&journal.run, &summary).expect("a command");
        assert_eq!(next, format!("Next: unpair {command} --journal two.db"));
    }
}
