//! Whole rows, for the check.

use std::ops::Range;

use rusqlite::Connection;
use serde_json::Value;

use super::row::parse;
use super::sql;
use crate::journal::JournalError;
use crate::journal::table::Table;

const fn statement(table: Table) -> &'static str {
    match table {
        Table::Journal => sql::ROWS_JOURNAL,
        Table::Run => sql::ROWS_RUN,
        Table::Invocation => sql::ROWS_INVOCATION,
        Table::Source => sql::ROWS_SOURCE,
        Table::Note => sql::ROWS_NOTE,
        Table::Duplicate => sql::ROWS_DUPLICATE,
        Table::Filter => sql::ROWS_FILTER,
        Table::Lane => sql::ROWS_LANE,
        Table::LaneHead => sql::ROWS_LANE_HEAD,
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
        Table::History => sql::ROWS_HISTORY,
    }
}

/// The rows of a table with these keys, in order.
pub(super) fn rows(
    conn: &Connection,
    run_no: i64,
    table: Table,
    keys: &Range<i64>,
) -> Result<Vec<Value>, JournalError> {
    let mut statement = conn.prepare_cached(statement(table))?;
    let rows = statement.query_and_then((run_no, keys.start, keys.end), |row| {
        parse(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)
    })?;
    rows.collect()
}
