//! What the next process finds, and what it may do with it.

use super::*;
use crate::journal::Chain;
use crate::journal::tests::fixture::seen;
use crate::model::EventKind;

pub(super) async fn a_call_left_in_flight_is_reclaimed_by_the_next_process(store: &impl Storage) {
    let journal = store.open().await;
    with_call(&journal, &["sgr-1"]).await;
    let lost = claim(&journal, 1, "token-1", 2_000).await;
    assert_eq!(journal.reclaim(2_500).await.expect("reclaimed"), 0, "it is our own");
    drop((lost, journal));

    let journal = store.open().await;
    let left = call(&journal, 1).await;
    assert_eq!(left.status, Status::InFlight { generation: 1, attempt: 1 });
    assert_eq!(journal.reclaim(3_000).await.expect("reclaimed"), 1);
    assert_eq!(journal.reclaim(3_001).await.expect("reclaimed"), 0);
    let back = call(&journal, 1).await;
    assert_eq!((back.status, back.reply_lost), (Status::ReadBack { generation: 1 }, true));
    append(&journal, 1, &verified(&[1], &[])).await;
    let history = journal.history(&run_id(), Chain::Lane(0), 1, 10).await.expect("rows");
    let epochs: Vec<_> = history.iter().map(|row| (row.kind.as_str(), row.epoch)).collect();
    assert_eq!(epochs, [("started", 1), ("reclaimed", 2), ("verified", 2)]);
}

pub(super) async fn everything_is_there_after_a_close_and_after_a_drop(store: &impl Storage) {
    let journal = store.open().await;
    with_call(&journal, &["sgr-1", "sgr-2"]).await;
    send(&journal, 1, "token-1", 2_000, &accepted("req-1")).await;
    journal.close().await.expect("closed");
    let journal = store.open().await;
    append(&journal, 1, &verified(&[1], &[&[2]])).await;
    let (run, found) = (journal.run("0193").await.expect("a run"), revocations(&journal).await);
    drop(journal);
    let journal = store.open().await;
    assert_eq!(journal.run("0193").await.expect("a run"), run);
    assert_eq!(revocations(&journal).await, found);
    assert_eq!(open_calls(&journal).await, [1]);
}

pub(super) async fn a_claim_of_a_former_process_concludes_nothing(store: &impl Storage) {
    let journal = store.open().await;
    with_call(&journal, &["sgr-1"]).await;
    let stale = claim(&journal, 1, "token-1", 2_000).await;
    drop(journal);
    let journal = store.open().await;
    journal.reclaim(3_000).await.expect("reclaimed");
    let refused = journal.conclude(stale, &accepted("req-1"), 4_000).await;
    let Err(JournalError::Illegal(illegal)) = refused else { panic!("{refused:?}") };
    assert_eq!(illegal.event, EventKind::Accepted);
}

pub(super) async fn readings_of_this_process_are_told_from_those_of_earlier_ones(
    store: &impl Storage,
) {
    let journal = store.open().await;
    journal.begin(&new_run(&run_id()), &pairs()).await.expect("begun");
    journal.record_readings(&[seen(0, 5_000, &[])]).await.expect("recorded");
    let times = async |journal: &Opened| {
        let times = journal.reading_times(&run_id()).await.expect("times").expect("read");
        let work = journal.groups(&run_id(), GroupIx(0), 2).await.expect("groups");
        let now: Vec<bool> = work.iter().map(|group| group.looked_now).collect();
        (times.oldest_ms, times.newest_ms, times.earlier_ms, now)
    };
    assert_eq!(times(&journal).await, (5_000, 5_000, None, vec![true, false]));
    journal.close().await.expect("closed");
    let journal = store.open().await;
    assert_eq!(times(&journal).await, (5_000, 5_000, Some(5_000), vec![false, false]));
    // By a clock that was set back.
    journal.record_readings(&[seen(1, 4_000, &[])]).await.expect("recorded");
    assert_eq!(times(&journal).await, (4_000, 5_000, Some(5_000), vec![false, true]));
}
