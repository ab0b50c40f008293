//! The file: who may open it, and what happens when it cannot be written.

use std::path::Path;

use super::fixture::{
    Opened, Place, accepted, call, claim, deferred, new_run, pairs, planned, run_id, started,
    with_call,
};
use crate::journal::{CallId, JournalError, RunUpdate, open, open_to_read};
use crate::model::{GroupIx, Status};

/// What a journal is opened for.
#[derive(Clone, Copy, Debug)]
enum Mode {
    Write,
    Read,
}

async fn unusable(url: &str, mode: Mode) -> String {
    let opened = match mode {
        Mode::Write => open(url).await.map(drop),
        Mode::Read => open_to_read(url).await.map(drop),
    };
    match opened {
        Err(JournalError::Unusable { reason, .. }) => reason,
        Err(other) => panic!("{other}"),
        Ok(()) => panic!("{url} was opened"),
    }
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode");
}

#[cfg(unix)]
#[tokio::test]
async fn the_owner_alone_may_read_a_journal_and_its_side_files() {
    let place = Place::new();
    let journal = place.open().await;
    journal.begin(&new_run(&run_id()), &pairs()).await.expect("begun");
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let path = place.folder.path().join(format!("unpair.db{suffix}"));
        assert_eq!(mode(&path), 0o600, "{suffix}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_journal_that_others_can_write_is_refused() {
    let place = Place::new();
    place.open().await.close().await.expect("closed");
    set_mode(&place.path(), 0o666);
    assert!(unusable(&place.url(), Mode::Write).await.contains("chmod 600"));
}

#[tokio::test]
async fn a_missing_folder_is_told_with_the_remedy() {
    let place = Place::new();
    let url = format!("{}/none/unpair.db", place.folder.path().display());
    let reason = unusable(&url, Mode::Write).await;
    assert!(reason.contains("there is no folder") && reason.contains("create it"), "{reason}");
}

#[tokio::test]
async fn a_reader_finds_no_journal_rather_than_making_one() {
    let place = Place::new();
    let reason = unusable(&place.url(), Mode::Read).await;
    assert!(reason.contains("run a command first"), "{reason}");
    assert!(!place.path().exists());
    std::fs::write(place.path(), "").expect("a file");
    assert!(unusable(&place.url(), Mode::Read).await.contains("run a command first"));
}

#[tokio::test]
async fn a_reader_sees_what_the_writer_has_committed_and_changes_nothing() {
    let place = Place::new();
    let journal = place.open().await;
    let reader = place.read().await;
    with_call(&journal, &["sgr-1"]).await;
    let status = async || reader.call(&run_id(), CallId(1)).await.expect("a call").status;
    assert_eq!(status().await, Status::NEW);
    let held = claim(&journal, 1, "token-1", 2_000).await;
    assert_eq!(status().await, held.status);
    reader.close().await.expect("closed");
}

#[tokio::test]
async fn a_journal_on_read_only_media_can_be_read() {
    let place = Place::new();
    let journal = place.open().await;
    with_call(&journal, &["sgr-1"]).await;
    journal.close().await.expect("closed");
    assert!(!place.folder.path().join("unpair.db-wal").exists(), "a close leaves one file");
    set_mode(&place.path(), 0o400);
    set_mode(place.folder.path(), 0o500);
    let reader = place.read().await;
    let call = reader.call(&run_id(), CallId(1)).await.expect("a call");
    assert_eq!(call.status, Status::NEW);
    set_mode(place.folder.path(), 0o700);
}

#[tokio::test]
async fn a_journal_of_a_later_version_is_refused_by_its_number() {
    let place = Place::new();
    place.open().await.close().await.expect("closed");
    place.edit("PRAGMA user_version = 7");
    for mode in [Mode::Write, Mode::Read] {
        let reason = unusable(&place.url(), mode).await;
        assert!(reason.contains("version 7") && reason.contains("newer unpair"), "{reason}");
    }
}

#[tokio::test]
async fn a_file_of_another_kind_is_left_alone() {
    let place = Place::new();
    place.edit("CREATE TABLE theirs (x)");
    let before = std::fs::read(place.path()).expect("a file");
    for mode in [Mode::Write, Mode::Read] {
        assert!(unusable(&place.url(), mode).await.contains("not a journal"));
    }
    assert_eq!(std::fs::read(place.path()).expect("a file"), before);
    std::fs::write(place.path(), "not a database, but long enough to be looked at".repeat(99))
        .expect("written");
    assert!(unusable(&place.url(), Mode::Write).await.contains("not a journal"));
}

#[tokio::test]
async fn sixty_four_tasks_write_at_once_and_each_gets_its_own_answer() {
    let place = Place::new();
    let journal = std::sync::Arc::new(place.open().await);
    journal.begin(&new_run(&run_id()), &pairs()).await.expect("begun");
    let names: Vec<String> = (1..=64).map(|n| format!("sgr-{n}")).collect();
    let calls: Vec<_> = names.iter().map(|name| planned(0, &[name.as_str()])).collect();
    journal.plan_group(GroupIx(0), &calls, 1_100).await.expect("planned");
    let tasks: Vec<_> = (1..=64_u64)
        .map(|id| {
            let journal = std::sync::Arc::clone(&journal);
            tokio::spawn(async move {
                for attempt in 1..=20 {
                    let token = format!("token-{id}");
                    let claim = claim(&journal, id, &token, 2_000).await;
                    assert_eq!(claim.status, Status::InFlight { generation: 1, attempt });
                    // A neighbour's mistake in the same batch is the neighbour's alone.
                    let twice = journal.claim(CallId(id), &started("t"), 1).await;
                    assert!(matches!(twice, Err(JournalError::Illegal(_))));
                    journal.conclude(claim, &deferred(0), 2_100).await.expect("concluded");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a task");
    }
    let report = journal.check().await;
    assert_eq!((report.rows, report.bad), (2 + 64 * 20 * 2, vec![]));
}

#[tokio::test]
async fn a_full_disk_stops_all_writing_and_loses_nothing_that_was_told() {
    let place = Place::new();
    let journal =
        crate::journal::sqlite::testing::with_pages(&place.url(), &place.path(), 60).await;
    let journal = Opened::new(Box::new(journal));
    with_call(&journal, &["sgr-1"]).await;
    let held = claim(&journal, 1, "token-1", 2_000).await;
    let big = RunUpdate { digest: Some(Some("x".repeat(900_000))), ..RunUpdate::default() };
    let refused = journal.update(&big, 2_000).await;
    assert!(matches!(refused, Err(JournalError::Database(_))), "{refused:?}");
    // A small write would fit; but what the disk has lost is not known.
    let after = journal.conclude(held, &accepted("req-1"), 2_100).await;
    assert!(matches!(after, Err(JournalError::Database(_))), "{after:?}");
    let begun = journal.begin(&new_run(&"another".into()), &pairs()).await;
    assert!(matches!(begun, Err(JournalError::Database(_))), "{begun:?}");
    drop(journal);
    let journal = place.open().await;
    assert_eq!(call(&journal, 1).await.status, Status::InFlight { generation: 1, attempt: 1 });
    assert_eq!(journal.check().await.bad, [""; 0]);
}
