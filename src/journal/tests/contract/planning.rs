//! Readings and plans, and plans made again.

use super::*;
use crate::journal::tests::fixture::{group as group_ref, planned, seen};
use crate::journal::{Finding, GroupReading, GroupRecord, Naming, Reading, SideReading};

async fn group(journal: &Opened, group: u32) -> Option<GroupRecord> {
    journal.group(&run_id(), GroupIx(group)).await.expect("a group or none")
}

fn naming() -> Naming {
    Naming {
        named: vec![GroupIx(0)],
        unseen: vec![GroupIx(1)],
        misowned: vec![(GroupIx(3), "7".into())],
    }
}

fn read_as(group: u32, at_ms: i64, reading: Reading) -> GroupReading {
    GroupReading { reading, findings: vec![], elsewhere: 0, ..seen(group, at_ms, &[]) }
}

pub(super) async fn the_last_reading_of_a_group_stands(store: &impl Storage) {
    let journal = store.open().await;
    journal.begin(&new_run(&run_id()), &pairs()).await.expect("begun");
    let gone = Reading::Missing { code: "InvalidGroup.NotFound".to_owned() };
    let theirs = Reading::NotOurs { naming: Some(naming()) };
    let failed = Reading::Failed { code: "timeout".to_owned(), message: "slow".to_owned() };
    let readings = [
        seen(0, 2_000, &["sgr-1"]),
        read_as(1, 2_001, gone),
        read_as(2, 2_002, theirs),
        read_as(3, 2_003, failed.clone()),
    ];
    journal.record_readings(&readings).await.expect("recorded");
    journal.record_readings(&[read_as(1, 3_000, failed)]).await.expect("recorded");
    let sides = journal.sides(&run_id(), GroupIx(0), 10).await.expect("sides");
    assert_eq!(sides[0].state, SideReading::Seen { service_managed: false });
    assert_eq!((sides[0].at_ms, sides[0].elsewhere), (Some(2_000), 7));
    let slow = SideReading::Failed { code: "timeout".to_owned(), message: "slow".to_owned() };
    assert_eq!((&sides[1].state, sides[1].at_ms), (&slow, Some(3_000)));
    assert_eq!(sides[2].state, SideReading::NotOurs { naming: Some(naming()) });
    assert_eq!(journal.sides(&run_id(), GroupIx(2), 1).await.expect("sides"), sides[2..3]);
    let groups = journal.groups(&run_id(), GroupIx(0), 10).await.expect("groups");
    let known: Vec<_> = groups.iter().map(|group| group.read_ms).collect();
    assert_eq!(known, [None, None, Some(2_002), None], "what failed or is not planned is not");
    let finding =
        Finding { peer: GroupIx(2), standing: 1, outside: 2, drops: 3, misowned: 4, unclear: 5 };
    let findings = journal.findings(&run_id()).await.expect("findings");
    assert_eq!(findings, [(GroupIx(0), finding)]);
    assert_eq!(group(&journal, 0).await.expect("one").rules, 1);
    assert_eq!(group(&journal, 1).await, None);
}

pub(super) async fn a_group_is_known_once_it_is_read_and_planned(store: &impl Storage) {
    let journal = store.open().await;
    journal.begin(&new_run(&run_id()), &pairs()).await.expect("begun");
    let known = async || {
        let groups = journal.groups(&run_id(), GroupIx(0), 1).await.expect("groups");
        groups[0].read_ms
    };
    journal.record_readings(&[seen(0, 2_000, &["sgr-1"])]).await.expect("recorded");
    assert_eq!(known().await, None, "a crash here must not lose its rules");
    journal.plan_group(GroupIx(0), &[], 2_100).await.expect("planned");
    assert_eq!(known().await, Some(2_000));
    let failed = Reading::Failed { code: "timeout".to_owned(), message: "slow".to_owned() };
    journal.record_readings(&[read_as(0, 3_000, failed)]).await.expect("recorded");
    assert_eq!(known().await, None, "the last word on it is a failure");
}

pub(super) async fn a_reading_of_a_group_that_is_not_in_the_run_is_refused_whole(
    store: &impl Storage,
) {
    let journal = store.open().await;
    journal.begin(&new_run(&run_id()), &pairs()).await.expect("begun");
    let readings = [seen(0, 2_000, &["sgr-1"]), seen(9, 2_000, &[])];
    assert!(journal.record_readings(&readings).await.is_err());
    assert_eq!(group(&journal, 0).await, None);
    assert!(journal.plan_group(GroupIx(9), &[], 1).await.is_err());
    let fine = journal.record_readings(&readings[..1]).await;
    fine.expect("a refusal does not stop the journal");
}

pub(super) async fn planning_again_replaces_what_was_never_sent(store: &impl Storage) {
    let journal = store.open().await;
    with_call(&journal, &["sgr-1", "sgr-2"]).await;
    let again = [planned(0, &["sgr-2"]), planned(0, &["sgr-3"])];
    journal.plan_group(GroupIx(0), &again, 2_000).await.expect("planned");
    assert_eq!(open_calls(&journal).await, [2, 3], "numbers are never given twice");
    let found: Vec<u64> = revocations(&journal).await.iter().map(|one| one.id.0).collect();
    assert_eq!(found, [3, 4]);
    journal.plan_group(GroupIx(0), &[], 3_000).await.expect("planned");
    assert_eq!(open_calls(&journal).await, [0; 0]);
    journal.plan_group(GroupIx(1), &[planned(1, &["sgr-9"])], 3_000).await.expect("ok");
    assert_eq!(open_calls(&journal).await, [4]);
}

pub(super) async fn planning_again_leaves_what_was_sent_and_orders_no_rule_twice(
    store: &impl Storage,
) {
    let journal = store.open().await;
    with_call(&journal, &["sgr-1", "sgr-2", "sgr-3"]).await;
    send(&journal, 1, "token-1", 2_000, &accepted("req-1")).await;
    append(&journal, 1, &verified(&[1], &[&[2], &[3]])).await;
    // sgr-2 goes again with call 1, sgr-3 with call 2, which was split off and never sent.
    let again = [planned(0, &["sgr-1", "sgr-2", "sgr-3", "sgr-4"])];
    journal.plan_group(GroupIx(0), &again, 4_000).await.expect("planned");
    assert_eq!(open_calls(&journal).await, [1, 2, 3]);
    let new = call(&journal, 3).await;
    let rules: Vec<_> =
        new.members.iter().map(|(_, revocation)| revocation.rule.id.to_string()).collect();
    assert_eq!(rules, ["sgr-1", "sgr-4"], "what was removed may be ordered again");
    assert_eq!(members(&call(&journal, 2).await), [3]);
}

pub(super) async fn a_failed_rule_is_reopened_not_ordered_again(store: &impl Storage) {
    let journal = store.open().await;
    with_call(&journal, &["sgr-1"]).await;
    send(&journal, 1, "token-1", 2_000, &refused("Denied")).await;
    journal.plan_group(GroupIx(0), &[planned(0, &["sgr-1"])], 3_000).await.expect("ok");
    assert_eq!(open_calls(&journal).await, [0; 0]);
    append(&journal, 1, &reopened(&[1])).await;
    append(&journal, 1, &verified(&[], &[&[1]])).await;
    let held = claim(&journal, 1, "token-2", 4_000).await;
    assert_eq!(held.status, Status::InFlight { generation: 2, attempt: 1 });
}

pub(super) async fn one_snapshot_of_a_group_is_kept_the_last(store: &impl Storage) {
    let journal = store.open().await;
    journal.begin(&new_run(&run_id()), &pairs()).await.expect("begun");
    let record = async |at_ms, rules: &[&str]| {
        journal.record_readings(&[seen(0, at_ms, rules)]).await.expect("recorded");
    };
    record(2_000, &["sgr-1"]).await;
    journal.plan_group(GroupIx(0), &[planned(0, &["sgr-1"])], 2_200).await.expect("ok");
    record(3_000, &["sgr-1", "sgr-2"]).await;
    let gone = Reading::Missing { code: "InvalidGroup.NotFound".to_owned() };
    journal.record_readings(&[read_as(0, 4_000, gone)]).await.expect("recorded");
    assert_eq!(group(&journal, 0).await.expect("one").rules, 2);
}

pub(super) async fn a_hub_with_many_peers_comes_back_whole(store: &impl Storage) {
    let hub = group_ref("1", "sg-hub");
    let rows: Vec<_> = (0..250)
        .map(|n| {
            let peer = group_ref("2", &format!("sg-{n:03}"));
            (peer, hub.clone(), crate::model::Filter::default(), n + 2)
        })
        .collect();
    let set = crate::model::PairSet::build(vec![], &rows, std::collections::BTreeMap::new());
    let journal = store.open().await;
    journal.begin(&new_run(&run_id()), &set.expect("one filter")).await.expect("begun");
    let groups = journal.groups(&run_id(), GroupIx(0), 2).await.expect("groups");
    assert_eq!((groups[0].peers.len(), groups[1].peers.len()), (250, 1));
    assert!(groups[0].peers.is_sorted_by_key(|entry| entry.peer));
    let lines: Vec<u32> = groups[0].peers.iter().map(|entry| entry.line).collect();
    assert_eq!(lines, (2..252).collect::<Vec<u32>>());
}
