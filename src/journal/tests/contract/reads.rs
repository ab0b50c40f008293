//! What a journal tells of a run.

use std::collections::BTreeMap;

use super::*;
use crate::journal::tests::fixture::{planned, rule, seen, since};
use crate::journal::{Chain, InvocationEnd, Since};
use crate::model::{Identity, TextColumn};

pub(super) async fn a_run_tells_its_frame_in_parts_and_as_a_whole(store: &impl Storage) {
    let journal = store.open().await;
    journal.begin(&new_run(&run_id()), &pairs()).await.expect("begun");
    let names = journal.names(&run_id()).await.expect("names");
    assert!(names == pairs().groups);
    let note = BTreeMap::from([(4, (TextColumn::Note, "TICKET-1").into())]);
    assert_eq!(journal.notes_of(&run_id(), &[2, 4]).await.expect("notes"), note);
    assert_eq!(journal.notes_of(&run_id(), &[2]).await.expect("notes"), BTreeMap::new());
    let stored = crate::journal::stored_pairs(&*journal, &run_id()).await.expect("pairs");
    assert_eq!(stored.content_digest(), pairs().content_digest());
}

pub(super) async fn readings_and_plans_are_stored_together(store: &impl Storage) {
    let journal = store.open().await;
    journal.begin(&new_run(&run_id()), &pairs()).await.expect("begun");
    let held = &journal.leases().await.lanes[0];
    let plans = [(GroupIx(0), vec![planned(0, &["sgr-1"])]), (GroupIx(1), vec![])];
    let readings = [seen(0, 2_000, &["sgr-1"]), seen(1, 2_001, &[])];
    Journal::record(&*journal, held, &readings, &plans, 2_100).await.expect("recorded");
    let groups = journal.groups(&run_id(), GroupIx(0), 3).await.expect("groups");
    let known: Vec<_> = groups.iter().map(|work| (work.read_ms, work.looked_now)).collect();
    assert_eq!(known, [(Some(2_000), true), (Some(2_001), true), (None, false)]);
    assert_eq!(call(&journal, 1).await.looked_ms, Some(2_000));
    assert_eq!(journal.run("0193").await.expect("a run").rules.pending, 1);
    assert_eq!(journal.findings(&run_id()).await.expect("findings").len(), 2);
    let kinds: Vec<String> = journal.rows().await.into_iter().map(|row| row.kind).collect();
    assert_eq!(kinds, ["begun", "read", "read", "planned", "planned"]);
}

pub(super) async fn revocations_and_orders_come_by_group_and_in_pages(store: &impl Storage) {
    let journal = store.open().await;
    journal.begin(&new_run(&run_id()), &pairs()).await.expect("begun");
    for (group, rules) in [(1, &["sgr-1", "sgr-2"][..]), (3, &["sgr-4"]), (0, &["sgr-3"])] {
        let plan = journal.plan_group(GroupIx(group), &[planned(group, rules)], 2_000).await;
        plan.expect("planned");
    }
    let all = revocations(&journal).await;
    let order: Vec<_> = all.iter().map(|one| (one.revocation.group.0, one.id.0)).collect();
    let second = (1 << 32) + 1;
    assert_eq!(order, [(0, 3), (1, 1), (1, 2), (3, second)]);
    let mut paged = Vec::new();
    for lane in journal.lanes(&run_id()).await.expect("lanes") {
        let mut after = None;
        loop {
            let page = journal.revocations(&run_id(), &lane, after, 1).await.expect("a page");
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            paged.extend(page);
        }
    }
    assert_eq!(paged, all);
    let orders = journal.orders(&run_id(), 1..4).await.expect("orders");
    assert_eq!(orders.iter().map(|one| one.group.0).collect::<Vec<_>>(), [1, 3]);
    let rules = orders[0].rules().expect("rules");
    let plain = |id| crate::model::Rule { fields: [("", ""); 0].into_iter().collect(), ..rule(id) };
    assert_eq!(rules, [plain("sgr-1"), plain("sgr-2")]);
    assert_eq!(orders[0].texts().map(|text| text.expect("a text").0.0).max(), Some(2));
}

pub(super) async fn histories_end_where_head_and_lanes_say(store: &impl Storage) {
    let journal = store.open().await;
    journal.begin(&new_run(&run_id()), &pairs()).await.expect("begun");
    assert_eq!(journal.lane_ends(&run_id()).await.expect("ends"), []);
    journal.plan_group(GroupIx(2), &[], 2_000).await.expect("planned");
    journal.plan_group(GroupIx(3), &[], 7_000).await.expect("planned");
    journal.update(&RunUpdate::default(), 3_000).await.expect("updated");
    assert_eq!(journal.lane_ends(&run_id()).await.expect("ends"), [(1, 2)]);
    let own = journal.history(&run_id(), Chain::Run, 0, 10).await.expect("rows");
    let head = journal.head(&run_id()).await.expect("a head");
    assert_eq!((head.seq, head.rows, head.last_ms), (2, 4, 7_000));
    assert_eq!((own.len(), &own[1].hash), (2, &head.hash));
    assert!(own[1].body.contains("\"lanes\""), "it seals the lanes");
    let page = journal.history(&run_id(), Chain::Lane(1), 1, 10).await.expect("rows");
    assert_eq!(page.iter().map(|row| (row.seq, row.at_ms)).collect::<Vec<_>>(), [(2, 7_000)]);
    let first = journal.history(&run_id(), Chain::Lane(1), 0, 1).await.expect("rows");
    assert_eq!(first.iter().map(|row| row.seq).collect::<Vec<_>>(), [1]);
    assert_eq!(journal.history(&run_id(), Chain::Lane(0), 0, 9).await.expect("rows"), []);
}

pub(super) async fn an_invocation_is_told_with_its_end(store: &impl Storage) {
    let journal = store.open().await;
    journal.begin(&new_run(&run_id()), &pairs()).await.expect("begun");
    let Since { by, .. } = since();
    journal.invoke(&by, 1_500, 1_600).await.expect("invoked");
    journal.plan_group(GroupIx(0), &[], 2_000).await.expect("planned");
    drop(journal);
    let journal = store.open().await;
    journal.invoke(&by, 5_000, 5_100).await.expect("invoked");
    let end = RunUpdate {
        ended_ms: Some(6_000),
        add_asked_ms: 7,
        add_elapsed_ms: 1_000,
        ..RunUpdate::default()
    };
    journal.update(&end, 6_000).await.expect("updated");
    let run = journal.run("0193").await.expect("a run");
    let told = run.invocations.iter().map(|one| (one.began_ms, one.asked_ms, one.last_ms, one.end));
    let killed = (1_500, 0, 2_000, InvocationEnd::Killed);
    assert_eq!(told.collect::<Vec<_>>(), [killed, (5_000, 7, 6_000, InvocationEnd::Ended)]);
    assert_eq!(run.elapsed_ms, 1_500, "what was killed worked, too");
}

pub(super) async fn who_sent_changes_is_told_once_and_in_order(store: &impl Storage) {
    let journal = store.open().await;
    with_call(&journal, &["sgr-1"]).await;
    journal.plan_group(GroupIx(2), &[planned(2, &["sgr-2"])], 1_200).await.expect("planned");
    assert_eq!(journal.identities(&run_id()).await.expect("identities"), []);
    let second = CallId((1 << 32) + 1);
    let Event::Started { token, request, identity } = started("token-1") else { unreachable!() };
    let other = Identity { account: "0".into(), ..identity.clone() };
    send(&journal, 1, "token-1", 2_000, &deferred(2_100)).await;
    send(&journal, 1, "token-1", 2_100, &accepted("req-1")).await;
    let event = Event::Started { token, request, identity: other.clone() };
    let _left = journal.claim(second, &event, 2_000).await.expect("a claim");
    assert_eq!(journal.identities(&run_id()).await.expect("identities"), [other, identity]);
}

pub(super) async fn open_calls_come_in_pages_of_a_lane(store: &impl Storage) {
    let journal = store.open().await;
    journal.begin(&new_run(&run_id()), &pairs()).await.expect("begun");
    let calls = ["sgr-1", "sgr-2", "sgr-3"].map(|id| planned(0, &[id]));
    journal.plan_group(GroupIx(0), &calls, 1_100).await.expect("planned");
    journal.plan_group(GroupIx(2), &[planned(2, &["sgr-4"])], 1_100).await.expect("planned");
    send(&journal, 2, "token-2", 2_000, &refused("Denied")).await;
    let held = &journal.leases().await.lanes[0];
    let page = async |from, limit| {
        let page = journal.open_page(held, CallId(from), limit).await.expect("a page");
        page.iter().map(|call| (call.id.0, members(call))).collect::<Vec<_>>()
    };
    assert_eq!(page(0, 10).await, [(1, vec![1]), (3, vec![3])]);
    assert_eq!(page(0, 1).await, [(1, vec![1])]);
    assert_eq!(page(2, 10).await, [(3, vec![3])]);
    assert_eq!(open_calls(&journal).await, [1, 3, second_lane(1)]);
}

const fn second_lane(number: u64) -> u64 {
    (1 << 32) + number
}
