//! Plans from the rows alone: counted when they are made, stored when they are about to be sent.

use super::*;
use crate::journal::tests::fixture::planned;
use crate::journal::{OpenCounts, Unstored};
use crate::model::{Digest, RevocationId, RuleCounts};

const DIGEST: Digest = Digest([7; 32]);

fn counts(ingress: u64, groups: u64, rules: u64) -> OpenCounts {
    OpenCounts { ingress, egress: 0, groups, rules }
}

/// Lane 0 has two groups, of which the first asks for two rules in a call and the second for one.
async fn planned_by_rows(store: &impl Storage) -> Opened {
    let journal = store.open().await;
    journal.begin(&new_run(&run_id()), &pairs()).await.expect("begun");
    let lanes = &journal.leases().await.lanes;
    let planned = journal.record_by_rows(&lanes[0], counts(2, 2, 3), DIGEST, 2_000).await;
    planned.expect("planned");
    journal
}

async fn pending(journal: &Opened) -> u64 {
    let run = journal.run(run_id().as_str()).await.expect("a run");
    assert_eq!(run.rules, RuleCounts { planned: 3, pending: 3, ..RuleCounts::default() });
    run.rules.pending
}

async fn open_counts(journal: &Opened) -> OpenCounts {
    let lanes = journal.lanes(&run_id()).await.expect("lanes");
    journal.open_counts(&run_id(), &lanes[0]).await.expect("counts")
}

pub(super) async fn what_rows_ask_for_is_stored_group_by_group(store: &impl Storage) {
    let journal = planned_by_rows(store).await;
    let held = &journal.leases().await.lanes[0];
    let all = Unstored { from: GroupIx(0), counts: counts(2, 2, 3) };
    assert_eq!((held.unstored(), held.plan_digest()), (Some(all), Some(DIGEST)));
    assert_eq!((pending(&journal).await, open_counts(&journal).await), (3, counts(2, 2, 3)));
    let first = (GroupIx(0), vec![planned(0, &["", ""])]);
    journal.record(held, &[], &[first], 3_000).await.expect("stored");
    let rest = Unstored { from: GroupIx(1), counts: counts(1, 1, 1) };
    assert_eq!((held.unstored(), held.plan_digest()), (Some(rest), Some(DIGEST)));
    assert_eq!((pending(&journal).await, open_counts(&journal).await), (3, counts(2, 2, 3)));
    let told = journal.unstored(&run_id()).await.expect("what is not stored");
    assert_eq!(told.into_iter().collect::<Vec<_>>(), [(0, (rest, RevocationId(3)))]);
    drop(journal);
    // The next process goes on where the last one was.
    let journal = store.open().await;
    let held = &journal.leases().await.lanes[0];
    assert_eq!((held.unstored(), held.plan_digest()), (Some(rest), Some(DIGEST)));
    let second = (GroupIx(1), vec![planned(1, &[""])]);
    journal.record(held, &[], &[second], 4_000).await.expect("stored");
    assert_eq!((held.unstored(), held.plan_digest()), (None, Some(DIGEST)));
    assert_eq!((pending(&journal).await, open_counts(&journal).await), (3, counts(2, 2, 3)));
    assert!(journal.unstored(&run_id()).await.expect("nothing").is_empty());
    let ids: Vec<_> = revocations(&journal).await.iter().map(|one| one.id.0).collect();
    assert_eq!(ids, [1, 2, 3]);
}

pub(super) async fn what_rows_do_not_ask_for_is_refused(store: &impl Storage) {
    let journal = planned_by_rows(store).await;
    let held = &journal.leases().await.lanes[0];
    for (group, rules) in [(1, &[""][..]), (0, &["", "", "", ""])] {
        let plan = (GroupIx(group), vec![planned(group, rules)]);
        let refused = journal.record(held, &[], &[plan], 3_000).await.expect_err("not planned");
        let told = format!("group {group} is not what is planned from its rows");
        assert_eq!(refused.to_string(), format!("the journal is damaged: {told}"));
    }
    // One rule of the first group is left over at the end.
    let plans = [(GroupIx(0), vec![planned(0, &[""])]), (GroupIx(1), vec![planned(1, &[""])])];
    let refused = journal.record(held, &[], &plans, 3_000).await.expect_err("not planned");
    assert!(refused.to_string().contains("group 1"), "{refused}");
    let again = journal.record_by_rows(held, counts(1, 1, 1), DIGEST, 3_000).await;
    again.expect_err("it is planned already");
    assert_eq!((pending(&journal).await, open_counts(&journal).await), (3, counts(2, 2, 3)));
}

pub(super) async fn a_later_plan_takes_the_digest_of_a_lane_away(store: &impl Storage) {
    let journal = store.open().await;
    journal.begin(&new_run(&run_id()), &pairs()).await.expect("begun");
    let held = &journal.leases().await.lanes[0];
    let plan = |rule| [(GroupIx(0), vec![planned(0, &[rule])])];
    journal.record(held, &[], &plan("sgr-1"), 2_000).await.expect("planned");
    assert_eq!(held.plan_digest(), None);
    journal.complete_plan(held, DIGEST, 2_001).await.expect("complete");
    assert_eq!(held.plan_digest(), Some(DIGEST));
    drop(journal);
    let journal = store.open().await;
    let held = &journal.leases().await.lanes[0];
    assert_eq!(held.plan_digest(), Some(DIGEST));
    journal.record(held, &[], &plan("sgr-2"), 3_000).await.expect("planned");
    assert_eq!(held.plan_digest(), None);
}
