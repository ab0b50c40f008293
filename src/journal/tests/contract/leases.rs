//! The right to write, and what becomes of those who lost it.

use super::*;
use crate::journal::tests::fixture::{planned, seen, since};
use crate::journal::{Lead, Since};

fn is_lost<T: std::fmt::Debug>(result: &Result<T, JournalError>) {
    assert!(matches!(result, Err(JournalError::Lost(_))), "{result:?}");
}

pub(super) async fn of_two_leases_of_a_lane_the_older_is_lost_and_stores_nothing(
    store: &impl Storage,
) {
    let journal = &store.open().await;
    with_call(journal, &["sgr-1"]).await;
    let (older, newer) = (take(&**journal, &run_id()).await, take(&**journal, &run_id()).await);
    let (older, newer) = (older.expect("leases"), newer.expect("leases"));
    let (older, newer) = (&older.lanes[0], &newer.lanes[0]);
    let first = Journal::claim(&**journal, newer, CallId(1), &started("token-1"), 2_000).await;
    let before = (journal.rows().await, revocations(journal).await, call(journal, 1).await);
    let plans = [(GroupIx(1), vec![planned(1, &["sgr-9"])])];
    let readings = [seen(1, 2_000, &["sgr-9"])];
    is_lost(&Journal::record(&**journal, older, &readings, &plans, 2_100).await);
    // What is known of a lane that was lost is not true any more.
    is_lost(&Journal::claim(&**journal, older, CallId(1), &started("token-2"), 2_200).await);
    is_lost(&Journal::tally(&**journal, older, &[tally("", 1, 2_300)]).await);
    let after = (journal.rows().await, revocations(journal).await, call(journal, 1).await);
    assert_eq!(after, before);
    assert_eq!(journal.tallies(&run_id()).await.expect("tallies"), []);
    assert_eq!(journal.group(&run_id(), GroupIx(1)).await.expect("a group"), None);
    let (first, answer) = (first.expect("a claim"), accepted("req-1"));
    let sent = Journal::conclude(&**journal, newer, first, &answer, 2_400);
    sent.await.expect("the newer one goes on");
}

pub(super) async fn nothing_of_an_earlier_epoch_is_stored(store: &impl Storage) {
    let journal = store.open().await;
    with_call(&journal, &["sgr-1"]).await;
    let earlier = take(&*journal, &run_id()).await.expect("leases");
    journal.close().await.expect("closed");
    let journal = &store.open().await;
    let before = (journal.rows().await, journal.run("0193").await.expect("a run"));
    let (lead, held): (&Lead, _) = (&earlier.lead, &earlier.lanes[0]);
    is_lost(&Journal::claim(&**journal, held, CallId(1), &started("t"), 2_000).await);
    let update = RunUpdate { state: Some(RunState::Stopped), ..RunUpdate::default() };
    is_lost(&Journal::update(&**journal, lead, &update, 2_000).await);
    let Since { by, began_ms } = since();
    is_lost(&Journal::invoke(&**journal, lead, &by, began_ms, 2_000).await);
    assert_eq!((journal.rows().await, journal.run("0193").await.expect("a run")), before);
    send(journal, 1, "token-1", 3_000, &accepted("req-1")).await;
}

pub(super) async fn a_lease_takes_no_more_lanes_than_asked_for(store: &impl Storage) {
    let journal = store.open().await;
    journal.begin(&new_run(&run_id()), &pairs()).await.expect("begun");
    let lead = journal.lead(&run_id()).await.expect("a lead");
    assert_eq!(lead.run(), &run_id());
    for (most, lanes) in [(0, vec![]), (1, vec![0]), (9, vec![0, 1])] {
        let held = journal.lease(&lead, most).await.expect("leases");
        assert_eq!(held.iter().map(|held| held.lane.ix).collect::<Vec<_>>(), lanes);
    }
    let none = journal.lead(&"no-such-run".into()).await;
    assert!(matches!(none, Err(JournalError::NoSuchRun(_))), "{none:?}");
}
