//! What reports read: revocations with their sends, and the history.

use std::collections::BTreeMap;
use std::ops::Range;

use rusqlite::Connection;

use super::calls::revocation;
use super::commit::RUN;
use super::row::{
    GroupColumns, Row, bytes, get, group_ref, maybe_text, model_word, parse, select, text,
};
use super::sql;
use crate::journal::ledger::Stay;
use crate::journal::{
    CallId, Chain, GroupOrders, HistoryRow, JournalError, Lane, RevocationRecord,
};
use crate::model::{ClientToken, GroupIx, RequestId, RevocationId, hex};

/// The columns of a revocation's own group.
const GROUP: GroupColumns = ["cloud", "account", "region", "group_id"];
/// Those of the group at its other end.
const PEER: GroupColumns = ["peer_cloud", "peer_account", "peer_region", "peer_id"];

/// One send.
struct Send {
    generation: u32,
    token: Option<String>,
    request_id: Option<String>,
    sent_ms: i64,
}

/// The sends of calls that were asked for, by call, in order.
type Sends = BTreeMap<CallId, Vec<Send>>;

/// Up to `limit` revocations of a lane after `after`.
pub(super) fn revocations(
    conn: &Connection,
    run_no: i64,
    lane: &Lane,
    after: Option<RevocationId>,
    limit: u32,
) -> Result<Vec<RevocationRecord>, JournalError> {
    let mut sends = Sends::new();
    let groups = lane.group_numbers();
    let values = (run_no, after.map_or(0, |id| id.0), groups.start, groups.end, limit);
    select(conn, sql::REVOCATIONS, values, |row| {
        let stays = stays(row)?;
        for Stay(call, ..) in &stays {
            if !sends.contains_key(call) {
                sends.insert(*call, of_call(conn, run_no, *call)?);
            }
        }
        record(row, &stays, &sends)
    })
}

/// The generations of calls during which a revocation was a member, in order.
fn stays(row: &Row<'_>) -> Result<Vec<Stay>, JournalError> {
    let past = maybe_text(row, "past")?;
    let mut stays: Vec<Stay> = past.map(parse).transpose()?.unwrap_or_default();
    let until: Option<u32> = get(row, "until")?;
    stays.push(Stay(CallId(get(row, "call")?), get(row, "since")?, until.unwrap_or(u32::MAX)));
    Ok(stays)
}

/// The sends of a call, in order.
fn of_call(conn: &Connection, run_no: i64, call: CallId) -> Result<Vec<Send>, JournalError> {
    select(conn, sql::ATTEMPTS, (run_no, call.0), |row| {
        Ok(Send {
            generation: get(row, "generation")?,
            token: get(row, "token")?,
            request_id: get(row, "request_id")?,
            sent_ms: get(row, "sent_ms")?,
        })
    })
}

fn record(row: &Row<'_>, stays: &[Stay], sends: &Sends) -> Result<RevocationRecord, JournalError> {
    let own: Vec<&Send> = stays
        .iter()
        .flat_map(|Stay(call, since, until)| {
            let of_call = sends.get(call).into_iter().flatten();
            of_call.filter(move |send| (*since..=*until).contains(&send.generation))
        })
        .collect();
    Ok(RevocationRecord {
        id: RevocationId(get(row, "id")?),
        call: Some(CallId(get(row, "call")?)),
        revocation: revocation(row, GroupIx(get(row, "grp")?))?,
        group: group_ref(row, GROUP)?,
        peer: group_ref(row, PEER)?,
        note: maybe_text(row, "note")?.map(parse).transpose()?.unwrap_or_default(),
        outcome: model_word(text(row, "outcome")?)?,
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
pub(super) fn orders(
    conn: &Connection,
    run_no: i64,
    groups: Range<u32>,
) -> Result<Vec<GroupOrders>, JournalError> {
    select(conn, sql::ORDERS, (run_no, groups.start, groups.end), |row| {
        Ok(GroupOrders::new(GroupIx(get(row, "grp")?), get(row, "orders")?))
    })
}

/// Up to `limit` rows of one of a run's histories after row `after`.
pub(super) fn history(
    conn: &Connection,
    run_no: i64,
    chain: Chain,
    after: u64,
    limit: u32,
) -> Result<Vec<HistoryRow>, JournalError> {
    let lane = match chain {
        Chain::Run => RUN,
        Chain::Lane(ix) => ix.into(),
    };
    select(conn, sql::HISTORY, (run_no, lane, after, limit), |row| {
        Ok(HistoryRow {
            chain,
            seq: get(row, "seq")?,
            at_ms: get(row, "at_ms")?,
            kind: get(row, "kind")?,
            call: get::<Option<u64>>(row, "call")?.map(CallId),
            epoch: get(row, "epoch")?,
            body: get(row, "body")?,
            hash: hex(bytes(row, "hash")?),
        })
    })
}
