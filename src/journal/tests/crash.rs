//! What a process leaves behind when it dies, and who may go on.

use std::pin::Pin;
use std::task::Poll;

use super::fixture::{
    Place, accepted, append, call, claim, new_run, open_calls, pairs, revocations, run_id, send,
    verified, with_call,
};
use crate::journal::{CallId, Chain, JournalError};
use crate::model::{EventKind, Status};

#[tokio::test]
async fn a_call_left_in_flight_is_reclaimed_by_the_next_process() {
    let place = Place::new();
    let journal = place.open().await;
    with_call(&journal, &["sgr-1"]).await;
    let lost = claim(&journal, 1, "token-1", 2_000).await;
    assert_eq!(journal.reclaim(2_500).await.expect("reclaimed"), 0, "it is our own");
    drop((lost, journal));

    let journal = place.open().await;
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
    assert_eq!(journal.check().await.bad, [""; 0]);
}

#[tokio::test]
async fn everything_is_there_after_a_close_and_after_a_drop() {
    let place = Place::new();
    let journal = place.open().await;
    with_call(&journal, &["sgr-1", "sgr-2"]).await;
    send(&journal, 1, "token-1", 2_000, &accepted("req-1")).await;
    journal.close().await.expect("closed");
    let journal = place.open().await;
    append(&journal, 1, &verified(&[1], &[&[2]])).await;
    let (run, found) = (journal.run("0193").await.expect("a run"), revocations(&journal).await);
    drop(journal);
    let journal = place.open().await;
    assert_eq!(journal.run("0193").await.expect("a run"), run);
    assert_eq!(revocations(&journal).await, found);
    assert_eq!(open_calls(&journal).await, [1]);
}

#[tokio::test]
async fn a_claim_of_a_former_process_concludes_nothing() {
    let place = Place::new();
    let journal = place.open().await;
    with_call(&journal, &["sgr-1"]).await;
    let stale = claim(&journal, 1, "token-1", 2_000).await;
    drop(journal);
    let journal = place.open().await;
    journal.reclaim(3_000).await.expect("reclaimed");
    let refused = journal.conclude(stale, &accepted("req-1"), 4_000).await;
    let Err(JournalError::Illegal(illegal)) = refused else { panic!("{refused:?}") };
    assert_eq!(illegal.event, EventKind::Accepted);
}

#[tokio::test]
async fn a_second_writer_is_refused_at_once() {
    let place = Place::new();
    let journal = place.open().await;
    let second = crate::journal::open(&place.url()).await;
    let Err(JournalError::Locked { journal: name, .. }) = second else { panic!("two writers") };
    assert_eq!(name, place.url());
    journal.close().await.expect("closed");
    place.open().await;
}

#[tokio::test]
async fn a_process_that_lost_the_journal_writes_nothing_more() {
    let place = Place::new();
    let journal = place.open().await;
    with_call(&journal, &["sgr-1"]).await;
    let held = claim(&journal, 1, "token-1", 2_000).await;
    // A process that knows nothing of our locks took the journal over.
    place.edit("UPDATE journal SET epoch = epoch + 1");
    let fenced = journal.conclude(held, &accepted("req-1"), 2_100).await;
    assert!(matches!(fenced, Err(JournalError::Locked { .. })), "{fenced:?}");
    let late = journal.claim(CallId(1), &super::fixture::started("t"), 3_000).await;
    assert!(matches!(late, Err(JournalError::Locked { .. })));
    drop(journal);
    let other = place.open().await;
    assert_eq!(other.reclaim(3_000).await.expect("reclaimed"), 1);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn without_its_lock_file_a_journal_that_is_held_is_locked_all_the_same() {
    let place = Place::new();
    let journal = place.open().await;
    std::fs::remove_file(place.folder.path().join("unpair.db.lock")).expect("a lock file");
    let second = crate::journal::open(&place.url()).await.map(drop);
    assert!(matches!(second, Err(JournalError::Locked { .. })), "{second:?}");
    journal.close().await.expect("closed");
    place.open().await;
}

/// Polls a future so many times at most, then gives it up.
async fn given_up<F: Future + Unpin>(mut future: F, mut polls: u32) -> Option<F::Output> {
    std::future::poll_fn(|context| {
        polls -= 1;
        match Pin::new(&mut future).poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if polls == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

#[tokio::test]
async fn a_begin_that_is_given_up_leaves_a_whole_run_or_none() {
    let place = Place::new();
    let journal = place.open().await;
    let (run, pairs) = (new_run(&run_id()), pairs());
    let mut polls = 1;
    // One poll more each time, until the run is there: by an answer, or by a commit that was
    // under way when it was given up.
    loop {
        match given_up(journal.begin(&run, &pairs), polls).await {
            None => polls += 1,
            Some(Ok(()) | Err(JournalError::Unusable { .. })) => break,
            Some(Err(other)) => panic!("after {polls} polls: {other}"),
        }
    }
    // How often depends on the writer's thread: what is given up after one poll may be on its way.
    assert!(polls > 1, "it waits for the database");
    assert_eq!(journal.check().await.bad, [""; 0]);
    let planned = journal.plan_group(crate::model::GroupIx(0), &[], 2_000).await;
    planned.expect("nothing is left of the attempts");
}
