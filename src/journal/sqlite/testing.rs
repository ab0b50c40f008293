//! What tests need of the inside: a disk that is full, and the statements.

use std::path::Path;

use super::SqliteJournal;
use super::connect::{self, Name};
use super::row::{get, select};
use super::sql;
use super::writer::Order;

/// A journal whose file cannot grow beyond so many pages of 4 KiB.
pub(in crate::journal) async fn with_pages(url: &str, path: &Path, pages: u32) -> SqliteJournal {
    let journal = SqliteJournal::open_to_write(url, path, None).await.expect("a journal");
    journal.write(Order::Limit(pages)).await.expect("a limit");
    journal
}

/// Tables that grow with the manifest: nothing on the way of a call may walk through them.
const LARGE: [&str; 8] =
    ["grp", "chunk", "call", "member", "revocation", "attempt", "event", "snapshot"];
/// Statements that are made once an invocation, and may walk through what belongs to one run.
const ONCE: [&str; 7] = [
    sql::RUN_INSERT,
    sql::RUN_DROP,
    sql::RUN_OPEN,
    sql::READING_TIMES,
    sql::REOPENABLE,
    sql::GROUPS_READ,
    sql::IDENTITIES,
];

/// Whether a line of a query plan walks through a large table.
fn walks(detail: &str) -> bool {
    let table = detail.split(' ').nth(1).unwrap_or_default();
    let narrowed = detail.starts_with("SEARCH") && !detail.contains("(run_no=?)");
    LARGE.contains(&table) && !narrowed
}

#[test]
fn every_statement_is_understood_and_none_walks_through_a_large_table() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("unpair.db");
    let name = Name("test".to_owned());
    let _held = connect::hold(&name, &path, None).expect("a file");
    let conn = connect::to_write(&name, &path).expect("a journal");
    for statement in sql::ALL {
        let values = conn.prepare(statement).expect(statement).parameter_count();
        let explain = format!("EXPLAIN QUERY PLAN {statement}");
        let nulls = rusqlite::params_from_iter(vec![rusqlite::types::Null; values]);
        let details = select(&conn, &explain, nulls, |row| get::<String>(row, "detail"));
        for detail in details.expect(statement) {
            assert!(!walks(&detail) || ONCE.contains(statement), "{detail}: {statement}");
        }
    }
}
