//! Statements and columns: what every query needs to be run and to be decoded.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use rusqlite::types::{FromSql, FromSqlError, ValueRef};
use rusqlite::{Connection, Error, ErrorCode, Params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::journal::JournalError;
use crate::model::{GroupRef, LaneKey, Provider, Status};

impl From<Error> for JournalError {
    /// Sorts a refusal of the database: damage, or one after which nothing may be sent.
    fn from(error: Error) -> Self {
        let damaged = match &error {
            Error::SqliteFailure(code, _) => {
                matches!(code.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
            }
            Error::QueryReturnedNoRows
            | Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnName(_)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(..) => true,
            _ => false,
        };
        let said = match error {
            Error::SqliteFailure(_, Some(said)) => said,
            other => other.to_string(),
        };
        if damaged { Self::Damaged(said) } else { Self::Database(said) }
    }
}

/// Runs a statement; returns how many rows it changed.
pub(super) fn execute(
    conn: &Connection,
    sql: &str,
    values: impl Params,
) -> Result<usize, JournalError> {
    Ok(conn.prepare_cached(sql)?.execute(values)?)
}

/// Runs a statement once for each row of values.
pub(super) fn bulk<P: Params>(
    conn: &Connection,
    sql: &str,
    rows: impl IntoIterator<Item = P>,
) -> Result<(), JournalError> {
    let mut statement = conn.prepare_cached(sql)?;
    for values in rows {
        statement.execute(values)?;
    }
    Ok(())
}

/// A row of a query.
pub(super) struct Row<'r> {
    of: &'r rusqlite::Row<'r>,
    places: &'r Places,
    /// How many columns of it were asked for.
    asked: Cell<usize>,
}

/// Where the columns of a query were found, in the order in which they were asked for.
type Places = RefCell<Vec<(&'static str, usize)>>;

thread_local! {
    /// Those of every query of this thread, which has one connection: most queries are run for each
    /// call anew, for a row or none.
    static PLACES: RefCell<HashMap<String, Rc<Places>>> = RefCell::default();
}

fn places(sql: &str) -> Rc<Places> {
    PLACES.with_borrow_mut(|known| match known.get(sql) {
        Some(places) => Rc::clone(places),
        None => Rc::clone(known.entry(sql.to_owned()).or_default()),
    })
}

impl<'r> Row<'r> {
    fn new(row: &'r rusqlite::Row<'r>, places: &'r Places) -> Self {
        Self { of: row, places, asked: Cell::new(0) }
    }

    /// A name is searched for once: every row is asked for the same columns in the same order.
    fn place(&self, name: &'static str) -> Result<usize, JournalError> {
        let asked = self.asked.replace(self.asked.get() + 1);
        let mut places = self.places.borrow_mut();
        let is_it = |known: &(&str, usize)| std::ptr::eq(known.0, name);
        let known = places.get(asked).filter(|known| is_it(known));
        if let Some((_, place)) = known.or_else(|| places.iter().find(|known| is_it(known))) {
            return Ok(*place);
        }
        let place = self.of.as_ref().column_index(name)?;
        places.push((name, place));
        Ok(place)
    }

    fn value(&self, name: &'static str) -> Result<ValueRef<'r>, JournalError> {
        Ok(self.of.get_ref(self.place(name)?)?)
    }
}

/// Hands `take` each row of a query.
pub(super) fn each(
    conn: &Connection,
    sql: &str,
    values: impl Params,
    mut take: impl FnMut(&Row<'_>) -> Result<(), JournalError>,
) -> Result<(), JournalError> {
    let places = places(sql);
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    while let Some(row) = rows.next()? {
        take(&Row::new(row, &places))?;
    }
    Ok(())
}

/// What `read` makes of each row of a query.
pub(super) fn select<T>(
    conn: &Connection,
    sql: &str,
    values: impl Params,
    mut read: impl FnMut(&Row<'_>) -> Result<T, JournalError>,
) -> Result<Vec<T>, JournalError> {
    let mut all = Vec::new();
    each(conn, sql, values, |row| {
        all.push(read(row)?);
        Ok(())
    })?;
    Ok(all)
}

/// What `read` makes of the first row of a query, if there is one.
pub(super) fn first<T>(
    conn: &Connection,
    sql: &str,
    values: impl Params,
    read: impl FnOnce(&Row<'_>) -> Result<T, JournalError>,
) -> Result<Option<T>, JournalError> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let row = rows.next()?;
    row.map(|row| read(&Row::new(row, &places(sql)))).transpose()
}

/// The column `name` of `row`.
pub(super) fn get<T: FromSql>(row: &Row<'_>, name: &'static str) -> Result<T, JournalError> {
    Ok(row.of.get(row.place(name)?)?)
}

/// The text in the column `name` of `row`.
pub(super) fn text<'r>(row: &Row<'r>, name: &'static str) -> Result<&'r str, JournalError> {
    row.value(name)?.as_str().map_err(|error| unfit(name, &error))
}

/// The text in the column `name` of `row`, if there is one.
pub(super) fn maybe_text<'r>(
    row: &Row<'r>,
    name: &'static str,
) -> Result<Option<&'r str>, JournalError> {
    row.value(name)?.as_str_or_null().map_err(|error| unfit(name, &error))
}

/// The bytes in the column `name` of `row`.
pub(super) fn bytes<'r>(row: &Row<'r>, name: &'static str) -> Result<&'r [u8], JournalError> {
    row.value(name)?.as_blob().map_err(|error| unfit(name, &error))
}

/// The bytes in the column `name` of `row`, if there are any.
pub(super) fn maybe_bytes<'r>(
    row: &Row<'r>,
    name: &'static str,
) -> Result<Option<&'r [u8]>, JournalError> {
    row.value(name)?.as_blob_or_null().map_err(|error| unfit(name, &error))
}

fn unfit(name: &str, error: &FromSqlError) -> JournalError {
    JournalError::Damaged(format!("column {name}: {error}"))
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

/// A word of the model, read back.
pub(super) fn model_word<T>(text: &str) -> Result<T, JournalError>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    text.parse().map_err(|error| JournalError::Damaged(format!("{error}")))
}

/// JSON of a column.
pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> Result<String, JournalError> {
    serde_json::to_string(value)
        .map_err(|error| JournalError::Damaged(format!("content has no JSON form: {error}")))
}

/// A column of JSON, read back.
pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, JournalError> {
    serde_json::from_str(text).map_err(|error| JournalError::Damaged(error.to_string()))
}

/// A call's status, from the columns of its row.
pub(super) fn status(row: &Row<'_>) -> Result<Status, JournalError> {
    let generation = get(row, "generation")?;
    let attempt = get(row, "attempt")?;
    let not_before_ms: Option<i64> = get(row, "not_before_ms")?;
    Ok(match (text(row, "status")?, not_before_ms) {
        ("pending", None) => Status::Pending { generation },
        ("in_flight", None) => Status::InFlight { generation, attempt },
        ("waiting", Some(not_before_ms)) => Status::Waiting { generation, attempt, not_before_ms },
        ("read_back", None) => Status::ReadBack { generation },
        ("settled", None) => Status::Settled { generation },
        ("failed", None) => Status::Failed { generation },
        (other, _) => return Err(JournalError::Damaged(format!("a call that is `{other}`"))),
    })
}

/// The names of the columns of a lane, and of its group's id.
pub(super) type GroupColumns = [&'static str; 4];

/// A lane, from its columns `cloud`, `account` and `region`.
pub(super) fn lane_key(row: &Row<'_>) -> Result<LaneKey, JournalError> {
    named_lane(row, ["cloud", "account", "region"])
}

fn named_lane(row: &Row<'_>, names: [&'static str; 3]) -> Result<LaneKey, JournalError> {
    let [cloud, account, region] = names;
    let cloud: Provider =
        text(row, cloud)?.parse().map_err(|error| JournalError::Damaged(format!("{error}")))?;
    Ok(LaneKey { cloud, account: text(row, account)?.into(), region: text(row, region)?.into() })
}

/// A group spelled out, from the columns of its lane and its id.
pub(super) fn group_ref(row: &Row<'_>, names: GroupColumns) -> Result<GroupRef, JournalError> {
    let [cloud, account, region, id] = names;
    let LaneKey { cloud, account, region } = named_lane(row, [cloud, account, region])?;
    Ok(GroupRef { cloud, account, region, group: text(row, id)?.into() })
}
