//! Whole rows, for the check.

use std::ops::Range;

use serde_json::Value;
use sqlx::SqliteConnection;

use super::row::{parse, refused};
use super::sql;
use crate::journal::JournalError;
use crate::journal::table::Table;

const fn statement(table: Table) -> &'static str {
    match table {
        Table::Journal => sql::ROWS_JOURNAL,
        Table::Run => sql::ROWS_RUN,
        Table::Source => sql::ROWS_SOURCE,
        Table::Note => sql::ROWS_NOTE,
        Table::Duplicate => sql::ROWS_DUPLICATE,
        Table::Filter => sql::ROWS_FILTER,
        Table::Lane => sql::ROWS_LANE,
        Table::Group => sql::ROWS_GROUP,
        Table::Reading => sql::ROWS_READING,
        Table::Chunk => sql::ROWS_CHUNK,
        Table::Snapshot => sql::ROWS_SNAPSHOT,
        Table::Finding => sql::ROWS_FINDING,
        Table::Call => sql::ROWS_CALL,
        Table::Attempt => sql::ROWS_ATTEMPT,
        Table::Revocation => sql::ROWS_REVOCATION,
        Table::Member => sql::ROWS_MEMBER,
        Table::Tally => sql::ROWS_TALLY,
    }
}

/// The rows of a table with these keys, in order.
pub(super) async fn rows(
    conn: &mut SqliteConnection,
    run_no: i64,
    table: Table,
    keys: Range<i64>,
) -> Result<Vec<Value>, JournalError> {
    let rows: Vec<String> = sqlx::query_scalar(statement(table))
        .bind(run_no)
        .bind(keys.start)
        .bind(keys.end)
        .fetch_all(conn)
        .await
        .map_err(|error| refused(&error))?;
    rows.iter().map(|row| parse(row)).collect()
}
