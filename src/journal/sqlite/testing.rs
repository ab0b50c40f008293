//! What tests need of the inside: a disk that is full, and the statements.

use std::path::Path;

use sqlx::{AssertSqlSafe, Executor as _, Row as _, SqlSafeStr as _};

use super::SqliteJournal;
use super::connect::{self, Name};
use super::sql;

/// A journal whose file cannot grow beyond so many pages of 4 KiB.
pub(in crate::journal) async fn with_pages(url: &str, path: &Path, pages: u32) -> SqliteJournal {
    let journal = SqliteJournal::open_to_write(url, path).await.expect("a journal");
    let limit = AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
    let writer = journal.writer();
    sqlx::raw_sql(limit).execute(&mut writer.lock().await.conn).await.expect("a limit");
    journal
}

/// Tables that grow with the manifest: nothing on the way of a call may walk through them.
const LARGE: [&str; 8] =
    ["grp", "chunk", "call", "member", "revocation", "attempt", "event", "snapshot"];
/// Statements that are made once an invocation, and may walk through what belongs to one run.
const ONCE: [&str; 6] = [
    sql::RUN_INSERT,
    sql::RUN_PRUNE,
    sql::RUN_OUTCOMES,
    sql::RUN_HEAD,
    sql::REOPENABLE,
    sql::LEFT_IN_FLIGHT,
];

/// Whether a line of a query plan walks through a large table.
fn walks(detail: &str) -> bool {
    let table = detail.split(' ').nth(1).unwrap_or_default();
    let narrowed = detail.starts_with("SEARCH") && !detail.contains("(run_no=?)");
    LARGE.contains(&table) && !narrowed
}

#[tokio::test]
async fn every_statement_is_understood_and_none_walks_through_a_large_table() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("unpair.db");
    let name = Name("test".to_owned());
    connect::private_file(&name, &path).expect("a file");
    let mut conn = connect::to_write(&name, &path).await.expect("a journal");
    for statement in sql::ALL {
        conn.prepare((*statement).into_sql_str()).await.expect(statement);
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        for row in sqlx::raw_sql(explain).fetch_all(&mut conn).await.expect(statement) {
            let detail: String = row.get("detail");
            assert!(!walks(&detail) || ONCE.contains(statement), "{detail}: {statement}");
        }
    }
}
