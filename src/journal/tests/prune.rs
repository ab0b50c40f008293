//! Which runs may be dropped, and what goes with them.

use super::fixture::{
    Opened, Place, accepted, append, claim, new_run, pairs, run_id, send, since, verified,
    with_call,
};
use crate::journal::prune::{Pruning, is_at_its_end};
use crate::journal::{JournalError, RunKind, RunState, RunUpdate};
use crate::model::RunId;

/// The ids of the runs that may go.
async fn candidates(place: &Place, before_ms: i64) -> Vec<RunId> {
    let pruning = Pruning::open(&place.url(), &since()).await.expect("a journal");
    let runs = pruning.candidates(before_ms).await.expect("a list");
    pruning.close().await.expect("closed");
    runs.into_iter().map(|run| run.new.id).collect()
}

async fn end(journal: &Opened, exit: u8, at_ms: i64) {
    let ended = RunUpdate {
        state: Some(RunState::Finished),
        exit: Some(Some(exit)),
        started_ms: Some(1_500),
        ended_ms: Some(at_ms),
        ..RunUpdate::default()
    };
    journal.update(&ended, at_ms).await.expect("updated");
}

/// A journal with a run whose only call is settled.
async fn settled_run(place: &Place) -> Opened {
    let journal = place.open().await;
    with_call(&journal, &["sgr-1"]).await;
    send(&journal, 1, "token-1", 2_000, &accepted("req-1")).await;
    append(&journal, 1, &verified(&[1], &[])).await;
    journal
}

#[tokio::test]
async fn a_run_goes_only_when_nothing_of_it_is_left_to_do() {
    use RunKind::{Audit, Revoke, Verify};
    use RunState::{Acting, Finished, Interrupted, Planned, Reading, Stopped};
    // Kind, made by a command that acts, state, exit code, started: whether it may go.
    let cases = [
        (Revoke, true, Finished, Some(0), true, true),
        (Revoke, true, Finished, Some(3), true, false),
        (Revoke, true, Interrupted, Some(4), true, false),
        (Revoke, true, Stopped, Some(5), true, false),
        (Revoke, true, Stopped, Some(7), false, false),
        (Revoke, true, Planned, Some(5), false, false),
        (Revoke, true, Planned, Some(5), true, false),
        (Revoke, true, Acting, None, true, false),
        (Revoke, true, Reading, None, false, false),
        (Revoke, false, Planned, Some(0), false, true),
        (Revoke, false, Planned, Some(3), false, true),
        (Revoke, false, Planned, Some(0), true, false),
        (Revoke, false, Interrupted, Some(4), false, false),
        (Audit, false, Finished, Some(3), false, true),
        (Audit, false, Interrupted, Some(4), false, false),
        (Audit, false, Reading, None, false, false),
        (Verify, false, Finished, Some(0), false, true),
    ];
    let place = Place::new();
    let journal = place.open().await;
    with_call(&journal, &["sgr-1"]).await;
    let mut run = journal.run(run_id().as_str()).await.expect("a run");
    for (kind, may_act, state, exit, started, goes) in cases {
        (run.new.kind, run.new.may_act) = (kind, may_act);
        (run.state, run.exit, run.started_ms) = (state, exit, started.then_some(1));
        assert_eq!(is_at_its_end(&run), goes, "{kind:?} {may_act} {state:?} {exit:?} {started}");
    }
}

#[tokio::test]
async fn a_run_is_as_old_as_its_last_event() {
    let place = Place::new();
    let journal = settled_run(&place).await;
    end(&journal, 0, 5_000).await;
    // Its head says when it ended; something happened since.
    let later = RunUpdate { add_elapsed_ms: 1, ..RunUpdate::default() };
    journal.update(&later, 9_000).await.expect("updated");
    journal.close().await.expect("closed");
    assert_eq!(candidates(&place, 9_000).await, []);
    assert_eq!(candidates(&place, 9_001).await, [run_id()]);
}

#[tokio::test]
async fn a_run_with_a_call_that_is_open_or_in_the_air_stays_whatever_its_head_says() {
    let place = Place::new();
    let journal = place.open().await;
    with_call(&journal, &["sgr-1"]).await;
    end(&journal, 0, 5_000).await;
    journal.close().await.expect("closed");
    assert_eq!(candidates(&place, i64::MAX).await, [], "a call that was never sent");
    let journal = place.open().await;
    drop(claim(&journal, 1, "token-1", 2_000).await);
    journal.close().await.expect("closed");
    assert_eq!(candidates(&place, i64::MAX).await, [], "a call in flight");
    place.edit("UPDATE run SET started_ms = NULL, state = 'planned'");
    assert_eq!(candidates(&place, i64::MAX).await, [], "of a run that says it was never started");
}

#[tokio::test]
async fn a_run_that_is_dropped_goes_with_all_its_rows_and_no_other_does() {
    let place = Place::new();
    let journal = settled_run(&place).await;
    let other: RunId = "01936f00-0000-7000-8000-000000000002".into();
    journal.begin(&new_run(&other), &pairs()).await.expect("begun");
    end(&journal, 0, 5_000).await;
    journal.close().await.expect("closed");
    let pruning = Pruning::open(&place.url(), &since()).await.expect("a journal");
    pruning.drop_runs(&[run_id()]).await.expect("dropped");
    pruning.close().await.expect("closed");
    let left = "SELECT (SELECT count(*) FROM revocation) + (SELECT count(*) FROM call)
        + (SELECT count(*) FROM event WHERE run_no = 1) + (SELECT count(*) FROM grp) - 4";
    assert_eq!(place.number(left), 0);
    let journal = place.read().await;
    assert_eq!(journal.runs().await.expect("runs").len(), 1);
    assert_eq!(crate::journal::check(&*journal, &other).await.expect("checked").bad, [""; 0]);
}

#[tokio::test]
async fn a_journal_that_is_not_there_is_not_made_to_be_emptied() {
    let place = Place::new();
    let refused = Pruning::open(&place.url(), &since()).await.map(drop);
    assert!(matches!(refused, Err(JournalError::Unusable { .. })), "{refused:?}");
    assert!(!place.path().exists());
}
