//! Columns and JSON rows: what every statement needs to bind and to decode.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{Decode, Row as _, SqliteConnection, Type};

use crate::journal::JournalError;
use crate::model::{GroupRef, LaneKey, Provider, Status};

/// `SQLite`'s primary result codes for a damaged file and for a file of another kind.
const DAMAGE: [&str; 2] = ["11", "26"];

/// Sorts a refusal of the database: damage, or one after which nothing may be sent.
pub(super) fn refused(error: &sqlx::Error) -> JournalError {
    let damaged = match error {
        sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::Decode(_)
        | sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::RowNotFound => true,
        sqlx::Error::Database(database) => {
            database.code().is_some_and(|code| DAMAGE.contains(&code.as_ref()))
        }
        _ => false,
    };
    let said = match error {
        sqlx::Error::Database(database) => database.message().to_owned(),
        other => other.to_string(),
    };
    if damaged { JournalError::Damaged(said) } else { JournalError::Database(said) }
}

/// The column `name` of `row`.
pub(super) fn get<'r, T>(row: &'r SqliteRow, name: &str) -> Result<T, JournalError>
where
    T: Decode<'r, Sqlite> + Type<Sqlite>,
{
    row.try_get(name).map_err(|error| refused(&error))
}

/// A word of an enumeration that serde spells, read back.
pub(super) fn word<T: DeserializeOwned>(text: &str) -> Result<T, JournalError> {
    serde_json::from_value(serde_json::Value::String(text.to_owned()))
        .map_err(|error| JournalError::Damaged(format!("`{text}`: {error}")))
}

/// The word of an enumeration that serde spells.
pub(super) fn spell<T: Serialize>(value: &T) -> Result<String, JournalError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => Ok(text),
        other => Err(JournalError::Damaged(format!("not a word: {other:?}"))),
    }
}

/// JSON of a column or of a bulk statement's rows.
pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> Result<String, JournalError> {
    serde_json::to_string(value)
        .map_err(|error| JournalError::Damaged(format!("content has no JSON form: {error}")))
}

/// A column of JSON, read back.
pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, JournalError> {
    serde_json::from_str(text).map_err(|error| JournalError::Damaged(error.to_string()))
}

/// Runs a bulk statement whose only parameter is its rows; no rows, no statement.
pub(super) async fn bulk<T: Serialize>(
    conn: &mut SqliteConnection,
    sql: &'static str,
    rows: &[T],
) -> Result<(), JournalError> {
    if rows.is_empty() {
        return Ok(());
    }
    let query = sqlx::query(sql).bind(json(rows)?);
    query.execute(conn).await.map(|_| ()).map_err(|error| refused(&error))
}

/// Runs a bulk statement of one run: `?1` is the run, `?2` the rows.
pub(super) async fn bulk_of<T: Serialize>(
    conn: &mut SqliteConnection,
    sql: &'static str,
    run_no: i64,
    rows: &[T],
) -> Result<(), JournalError> {
    if rows.is_empty() {
        return Ok(());
    }
    let query = sqlx::query(sql).bind(run_no).bind(json(rows)?);
    query.execute(conn).await.map(|_| ()).map_err(|error| refused(&error))
}

/// Every row of a query whose only parameter is JSON.
pub(super) async fn select<T: Serialize>(
    conn: &mut SqliteConnection,
    sql: &'static str,
    rows: &[T],
) -> Result<Vec<SqliteRow>, JournalError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let query = sqlx::query(sql).bind(json(rows)?);
    query.fetch_all(conn).await.map_err(|error| refused(&error))
}

/// A call's status, from the columns of its row.
pub(super) fn status(row: &SqliteRow) -> Result<Status, JournalError> {
    let generation = get(row, "generation")?;
    let attempt = get(row, "attempt")?;
    let not_before_ms: Option<i64> = get(row, "not_before_ms")?;
    Ok(match (get::<&str>(row, "status")?, not_before_ms) {
        ("pending", None) => Status::Pending { generation },
        ("in_flight", None) => Status::InFlight { generation, attempt },
        ("waiting", Some(not_before_ms)) => Status::Waiting { generation, attempt, not_before_ms },
        ("read_back", None) => Status::ReadBack { generation },
        ("settled", None) => Status::Settled { generation },
        ("failed", None) => Status::Failed { generation },
        (other, _) => return Err(JournalError::Damaged(format!("a call that is `{other}`"))),
    })
}

/// A lane, from columns named `cloud`, `account` and `region` after `prefix`.
pub(super) fn lane_key(row: &SqliteRow, prefix: &str) -> Result<LaneKey, JournalError> {
    let text = |name: &str| get::<&str>(row, &format!("{prefix}{name}"));
    let cloud: Provider =
        text("cloud")?.parse().map_err(|error| JournalError::Damaged(format!("{error}")))?;
    Ok(LaneKey { cloud, account: text("account")?.into(), region: text("region")?.into() })
}

/// A group spelled out, from the columns of its lane and the column `id`.
pub(super) fn group_ref(row: &SqliteRow, prefix: &str, id: &str) -> Result<GroupRef, JournalError> {
    let LaneKey { cloud, account, region } = lane_key(row, prefix)?;
    Ok(GroupRef { cloud, account, region, group: get::<&str>(row, id)?.into() })
}
