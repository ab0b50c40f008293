//! The bulk of a plan's frame: a row for each group and for each hundred of its peers, streamed
//! from the caller's pairs. There are millions: they are bound as they are, not spelled in JSON.

use std::fmt::Write as _;

use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, AssertSqlSafe, SqliteConnection};

use super::row::{json, refused};
use super::sql;
use crate::journal::chain::FrameDigest;
use crate::journal::{JournalError, PeerEntry, pack};
use crate::model::{BothEnds, GroupIx, PairSet, push_hex};

/// Rows in one statement: more are no faster.
const ROWS: usize = 500;

/// Stores every group.
pub(super) async fn groups(
    conn: &mut SqliteConnection,
    frame: &mut FrameDigest,
    run_no: i64,
    pairs: &PairSet,
) -> Result<(), JournalError> {
    let rows = (0_u32..).zip(pairs.groups.lanes()).flat_map(|(lane, (_, range))| {
        range.map(move |ix| (ix, lane, pairs.groups.id(GroupIx(ix)).to_owned()))
    });
    let mut text = String::new();
    load(conn, sql::GROUP_INSERT, run_no, Box::new(rows), |arguments, (ix, lane, id)| {
        text.clear();
        // Writing to a String cannot fail.
        let _ = write!(text, "[{ix},{lane},");
        text.push_str(&json(&id)?);
        text.push(']');
        frame.add(&text);
        arguments.add(ix).and_then(|()| arguments.add(lane)).and_then(|()| arguments.add(id))
    })
    .await
}

/// Stores the peers of every group.
pub(super) async fn chunks(
    conn: &mut SqliteConnection,
    frame: &mut FrameDigest,
    run_no: i64,
    pairs: &PairSet,
) -> Result<(), JournalError> {
    let rows = Chunks { ends: pairs.both_ends().peekable(), last: None };
    let mut text = String::new();
    load(conn, sql::CHUNK_INSERT, run_no, Box::new(rows), |arguments, (group, ix, blob)| {
        text.clear();
        let _ = write!(text, "[{group},{ix},\"");
        push_hex(&mut text, &blob);
        text.push_str("\"]");
        frame.add(&text);
        arguments.add(group).and_then(|()| arguments.add(ix)).and_then(|()| arguments.add(blob))
    })
    .await
}

/// Inserts rows by the statement `one`, whose first value is the run; `bind` also tells the digest
/// of the frame. While the database
/// works on some of them, the next are made.
async fn load<T>(
    conn: &mut SqliteConnection,
    one: &'static str,
    run_no: i64,
    mut rows: Box<dyn Iterator<Item = T> + Send + '_>,
    mut bind: impl FnMut(&mut SqliteArguments, T) -> Result<(), sqlx::error::BoxDynError> + Send,
) -> Result<(), JournalError> {
    let many = repeated(one, ROWS);
    let mut next = || {
        let mut arguments = SqliteArguments::default();
        let mut count = 0;
        for row in rows.by_ref().take(ROWS) {
            arguments.add(run_no)?;
            bind(&mut arguments, row)?;
            count += 1;
        }
        Ok((arguments, count))
    };
    let unbound = |error: sqlx::error::BoxDynError| refused(&sqlx::Error::Encode(error));
    let (mut arguments, mut count) = next().map_err(unbound)?;
    while count > 0 {
        let text = if count == ROWS { many.clone() } else { repeated(one, count) };
        let insert = sqlx::query_with(AssertSqlSafe(text), arguments).execute(&mut *conn);
        let (inserted, made) = futures_util::future::join(insert, async { next() }).await;
        inserted.map_err(|error| refused(&error))?;
        (arguments, count) = made.map_err(unbound)?;
    }
    Ok(())
}

/// The statement `one`, which ends with the values of one row, with those of `rows` rows. The
/// parameters have no numbers: of thousands that have, each is searched for among all.
fn repeated(one: &str, rows: usize) -> String {
    let (head, values) = one.split_once(" VALUES ").unwrap_or((one, ""));
    let row = vec!["?"; values.matches('?').count()].join(", ");
    format!("{head} VALUES {}", vec![format!("({row})"); rows].join(", "))
}

/// The packed peers of every group, at most [`pack::CHUNK`] a row.
struct Chunks<'a> {
    ends: std::iter::Peekable<BothEnds<'a>>,
    /// Group and number of the last chunk.
    last: Option<(GroupIx, u32)>,
}

impl Iterator for Chunks<'_> {
    type Item = (u32, u32, Vec<u8>);

    fn next(&mut self) -> Option<Self::Item> {
        let group = self.ends.peek()?.0;
        let ix = self.last.filter(|last| last.0 == group).map_or(0, |last| last.1 + 1);
        self.last = Some((group, ix));
        let own = std::iter::from_fn(|| self.ends.next_if(|(own, ..)| *own == group));
        let peers: Vec<PeerEntry> = own
            .take(pack::CHUNK)
            .map(|(_, peer, row)| PeerEntry { peer, filter: row.filter, line: row.line })
            .collect();
        Some((group.0, ix, pack::peers(&peers)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_of_many_rows_is_that_of_one_repeated() {
        assert_eq!(
            repeated("INSERT INTO t (a, b, c) VALUES (?1, ?2, ?3)", 2),
            "INSERT INTO t (a, b, c) VALUES (?, ?, ?), (?, ?, ?)"
        );
    }
}
