//! Who worked on a run, and for how long.

use super::fixture::{Opened, Place, new_run, pairs, run_id, since};
use crate::journal::{InvocationEnd, RunState, RunUpdate, Since, open, open_to_read};

/// A process that begins at `began_ms`, and the journal that it holds.
async fn begins(place: &Place, began_ms: i64) -> Opened {
    let journal = place.open().await;
    let Since { by, .. } = since();
    journal.invoke(&by, began_ms, began_ms + 10).await.expect("invoked");
    journal
}

async fn update(journal: &Opened, at_ms: i64, update: RunUpdate) {
    journal.update(&update, at_ms).await.expect("updated");
}

fn acting(add_asked_ms: i64) -> RunUpdate {
    RunUpdate { state: Some(RunState::Acting), add_asked_ms, ..RunUpdate::default() }
}

#[tokio::test]
async fn the_time_of_a_process_that_was_killed_counts_without_that_of_the_question() {
    let place = Place::new();
    let journal = place.open().await;
    journal.begin(&new_run(&run_id()), &pairs()).await.expect("begun");
    journal.close().await.expect("closed");
    // Killed at 9,000, after 3,000 ms at the question.
    let journal = begins(&place, 2_000).await;
    update(&journal, 9_000, acting(3_000)).await;
    drop(journal);
    let killed = place.read().await.run(run_id().as_str()).await.expect("a run");
    assert_eq!((killed.elapsed_ms, killed.asked_ms()), (4_000, 3_000));
    assert_eq!(killed.invocations[0].end, InvocationEnd::Open);
    assert_eq!(killed.running, None, "nobody holds the journal");
    // The next one ends well.
    let journal = begins(&place, 50_000).await;
    let ended = RunUpdate {
        state: Some(RunState::Finished),
        ended_ms: Some(51_000),
        add_elapsed_ms: 1_000,
        ..RunUpdate::default()
    };
    update(&journal, 51_000, ended).await;
    let run = journal.run(run_id().as_str()).await.expect("a run");
    assert_eq!((run.elapsed_ms, run.asked_ms()), (5_000, 0));
    let ends: Vec<_> = run.invocations.iter().map(|it| (it.end, it.last_ms)).collect();
    assert_eq!(ends, [(InvocationEnd::Killed, 9_000), (InvocationEnd::Ended, 51_000)]);
    assert_eq!(run.invocations[1].by, since().by);
    assert_eq!(journal.check().await.bad, [""; 0]);
}

#[tokio::test]
async fn a_journal_of_an_earlier_shape_is_refused_with_what_to_do() {
    let place = Place::new();
    place.open().await.close().await.expect("closed");
    for version in [0, 1, 2] {
        place.edit(&format!("PRAGMA user_version = {version}"));
        let refused = open(&place.url()).await.map(drop).expect_err("an earlier shape");
        let told = refused.to_string();
        assert!(told.contains(&format!("version {version}")), "{told}");
        assert!(told.contains("use another --journal"), "{told}");
        let to_read = open_to_read(&place.url()).await.map(drop).expect_err("an earlier shape");
        assert_eq!(to_read.to_string(), told);
    }
}
