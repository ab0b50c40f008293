//! What a process leaves behind when it dies, and who may go on.

use std::pin::Pin;
use std::task::Poll;

use super::fixture::{Place, accepted, claim, new_run, pairs, run_id, with_call};
use crate::journal::{CallId, JournalError};

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
