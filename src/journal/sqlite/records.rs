//! What reports read: revocations with their sends, and the history.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use sqlx::sqlite::SqliteRow;
use sqlx::{Connection as _, SqliteConnection};

use super::calls::revocation;
use super::row::{get, group_ref, json, parse, refused};
use super::sql;
use super::steps::model_word;
use crate::journal::desk::Stay;
use crate::journal::{CallId, GroupOrders, HistoryRow, JournalError, RevocationRecord};
use crate::model::{ClientToken, GroupIx, RequestId, RevocationId};

/// One send.
struct Send {
    generation: u32,
    token: Option<String>,
    request_id: Option<String>,
    sent_ms: i64,
}

/// Up to `limit` revocations after `after`, read as of one moment.
pub(super) async fn revocations(
    conn: &mut SqliteConnection,
    run_no: i64,
    after: Option<RevocationId>,
    limit: u32,
) -> Result<Vec<RevocationRecord>, JournalError> {
    let mut moment = conn.begin().await.map_err(|error| refused(&error))?;
    let rows = sqlx::query(sql::REVOCATIONS)
        .bind(run_no)
        .bind(after.map_or(0, |id| id.0.cast_signed()))
        .bind(limit)
        .fetch_all(&mut *moment)
        .await
        .map_err(|error| refused(&error))?;
    let stays: Vec<Vec<Stay>> = rows.iter().map(stays).collect::<Result<_, _>>()?;
    let calls: BTreeSet<u64> = stays.iter().flatten().map(|stay| stay.0).collect();
    let sends = sends(&mut moment, run_no, &calls).await?;
    moment.rollback().await.map_err(|error| refused(&error))?;
    rows.iter().zip(&stays).map(|(row, stays)| record(row, stays, &sends)).collect()
}

/// The generations of calls during which a revocation was a member, in order.
fn stays(row: &SqliteRow) -> Result<Vec<Stay>, JournalError> {
    let past: Option<&str> = get(row, "past")?;
    let mut stays: Vec<Stay> = past.map(parse).transpose()?.unwrap_or_default();
    let until: Option<u32> = get(row, "until")?;
    stays.push(Stay(get(row, "call")?, get(row, "since")?, until.unwrap_or(u32::MAX)));
    Ok(stays)
}

/// The sends of these calls, by call, in order.
async fn sends(
    conn: &mut SqliteConnection,
    run_no: i64,
    calls: &BTreeSet<u64>,
) -> Result<BTreeMap<u64, Vec<Send>>, JournalError> {
    let rows = sqlx::query(sql::ATTEMPTS).bind(run_no).bind(json(calls)?).fetch_all(conn).await;
    let mut sends: BTreeMap<u64, Vec<Send>> = BTreeMap::new();
    for row in &rows.map_err(|error| refused(&error))? {
        sends.entry(get(row, "call")?).or_default().push(Send {
            generation: get(row, "generation")?,
            token: get(row, "token")?,
            request_id: get(row, "request_id")?,
            sent_ms: get(row, "sent_ms")?,
        });
    }
    Ok(sends)
}

fn record(
    row: &SqliteRow,
    stays: &[Stay],
    sends: &BTreeMap<u64, Vec<Send>>,
) -> Result<RevocationRecord, JournalError> {
    let own: Vec<&Send> = stays
        .iter()
        .flat_map(|Stay(call, since, until)| {
            let of_call = sends.get(call).into_iter().flatten();
            of_call.filter(move |send| (*since..=*until).contains(&send.generation))
        })
        .collect();
    let note: Option<String> = get(row, "note")?;
    Ok(RevocationRecord {
        id: RevocationId(get(row, "id")?),
        call: CallId(get(row, "call")?),
        revocation: revocation(row, GroupIx(get(row, "grp")?))?,
        group: group_ref(row, "", "group_id")?,
        peer: group_ref(row, "peer_", "peer_id")?,
        note: note.unwrap_or_default(),
        outcome: model_word(get(row, "outcome")?)?,
        reply_lost: get(row, "reply_lost")?,
        reason: get(row, "reason")?,
        attempts: u32::try_from(own.len()).unwrap_or(u32::MAX),
        request_ids: own
            .iter()
            .filter_map(|send| send.request_id.as_ref())
            .map(RequestId::new)
            .collect(),
        tokens: tokens(&own),
        first_sent_ms: own.first().map(|send| send.sent_ms),
        settled_ms: get(row, "settled_ms")?,
    })
}

/// The tokens of sends; sends of one request share theirs, which is told once.
fn tokens(sends: &[&Send]) -> Vec<ClientToken> {
    let mut tokens: Vec<ClientToken> =
        sends.iter().filter_map(|send| send.token.as_ref()).map(ClientToken::new).collect();
    tokens.dedup();
    tokens
}

/// Every revocation of these groups: a row for each group, because a row costs more than what is
/// in it.
pub(super) async fn orders(
    conn: &mut SqliteConnection,
    run_no: i64,
    groups: Range<u32>,
) -> Result<Vec<GroupOrders>, JournalError> {
    let rows = sqlx::query(sql::ORDERS)
        .bind(run_no)
        .bind(groups.start)
        .bind(groups.end)
        .fetch_all(conn)
        .await;
    rows.map_err(|error| refused(&error))?
        .iter()
        .map(|row| Ok(GroupOrders::new(GroupIx(get(row, "grp")?), get(row, "orders")?)))
        .collect()
}

/// Up to `limit` rows of a run's history after `after`.
pub(super) async fn history(
    conn: &mut SqliteConnection,
    run_no: i64,
    after: u64,
    limit: u32,
) -> Result<Vec<HistoryRow>, JournalError> {
    let rows = sqlx::query(sql::HISTORY)
        .bind(run_no)
        .bind(after.cast_signed())
        .bind(limit)
        .fetch_all(conn)
        .await;
    rows.map_err(|error| refused(&error))?
        .iter()
        .map(|row| {
            Ok(HistoryRow {
                seq: get(row, "seq")?,
                at_ms: get(row, "at_ms")?,
                kind: get(row, "kind")?,
                call: get::<Option<u64>>(row, "call")?.map(CallId),
                epoch: get(row, "epoch")?,
                body: get(row, "body")?,
                hash: get(row, "hash")?,
            })
        })
        .collect()
}
