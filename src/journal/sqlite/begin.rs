//! The start of a run: its head and its plan's frame, in one transaction, streamed from the
//! caller's pairs without a copy of them.

use serde::Serialize;
use serde_json::json;
use sqlx::SqliteConnection;

use super::row::{bulk_of, get, json as to_json, refused, spell};
use super::sql;
use super::work::Work;
use crate::journal::chain::{FrameDigest, canonical};
use crate::journal::{JournalError, NewRun, PeerEntry, RunState, pack};
use crate::model::{PairSet, hex};

/// Rows in one statement.
const ROWS: usize = 500;
/// Repeated lines in one blob.
const LINES: usize = 1000;

/// Stores a run and its pairs; the run's number.
pub(super) async fn begin(
    work: &mut Work<'_>,
    run: &NewRun,
    pairs: &PairSet,
) -> Result<i64, JournalError> {
    let content = pairs.content_digest().to_string();
    let run_no = head(work, run, pairs, &content).await?;
    let conn = &mut *work.conn;
    let mut digest = FrameDigest::new();
    let frame = &mut digest;
    let sources = pairs.sources.iter().enumerate();
    let sources = sources.map(|(ix, source)| (ix, &source.name, source.first_line));
    fill(conn, frame, sql::SOURCE_INSERT, run_no, sources).await?;
    fill(conn, frame, sql::NOTE_INSERT, run_no, pairs.notes.iter()).await?;
    let duplicates = pairs.duplicates.chunks(LINES).enumerate();
    let duplicates = duplicates.map(|(ix, lines)| (ix, hex(&pack::lines(lines))));
    fill(conn, frame, sql::DUPLICATE_INSERT, run_no, duplicates).await?;
    let filters = pairs.filters.iter().map(to_json).collect::<Result<Vec<_>, _>>()?;
    fill(conn, frame, sql::FILTER_INSERT, run_no, filters.iter().enumerate()).await?;
    lanes_and_groups(conn, frame, run_no, pairs).await?;
    fill(conn, frame, sql::CHUNK_INSERT, run_no, Chunks::new(pairs)).await?;
    let body = canonical(&json!({
        "run": run,
        "content": content,
        "groups": pairs.groups.len(),
        "sources": pairs.sources,
        "pairs": pairs.pair_count(),
        "frame": digest.finish(),
    }))?;
    work.record(run_no, run.created_ms, "begun", None, body).await?;
    Ok(run_no)
}

async fn head(
    work: &mut Work<'_>,
    run: &NewRun,
    pairs: &PairSet,
    content: &str,
) -> Result<i64, JournalError> {
    let row = sqlx::query(sql::RUN_INSERT)
        .bind(run.id.as_str())
        .bind(canonical(run)?)
        .bind(spell(&RunState::Reading)?)
        .bind(content)
        .bind(i64::try_from(pairs.pair_count()).unwrap_or(i64::MAX))
        .bind(work.epoch.cast_signed())
        .fetch_one(&mut *work.conn)
        .await
        .map_err(|error| refused(&error))?;
    get(&row, "no")
}

/// Inserts rows, a statement for every [`ROWS`] of them.
async fn fill<T: Serialize>(
    conn: &mut SqliteConnection,
    frame: &mut FrameDigest,
    sql: &'static str,
    run_no: i64,
    rows: impl Iterator<Item = T>,
) -> Result<(), JournalError> {
    let mut batch = Vec::with_capacity(ROWS);
    for row in rows {
        frame.add(&to_json(&row)?);
        batch.push(row);
        if batch.len() == ROWS {
            bulk_of(conn, sql, run_no, &batch).await?;
            batch.clear();
        }
    }
    bulk_of(conn, sql, run_no, &batch).await
}

async fn lanes_and_groups(
    conn: &mut SqliteConnection,
    frame: &mut FrameDigest,
    run_no: i64,
    pairs: &PairSet,
) -> Result<(), JournalError> {
    let mut first = 0;
    let lanes: Vec<_> = pairs
        .groups
        .chunk_by(|one, next| {
            (one.cloud, &one.account, &one.region) == (next.cloud, &next.account, &next.region)
        })
        .enumerate()
        .map(|(ix, groups)| {
            let lane = &groups[0];
            let row = (ix, lane.cloud.as_str(), &lane.account, &lane.region, first, groups.len());
            first += groups.len();
            row
        })
        .collect();
    let groups = lanes.iter().flat_map(|(lane, _, _, _, first, len)| {
        (*first..first + len).map(|ix| (ix, *lane, &pairs.groups[ix].group))
    });
    fill(conn, frame, sql::GROUP_INSERT, run_no, groups).await?;
    fill(conn, frame, sql::LANE_INSERT, run_no, lanes.iter()).await
}

/// The packed peers of every group: its rows as the smaller end are consecutive already, those
/// as the larger end are found through one index of 4 bytes a row.
struct Chunks<'a> {
    pairs: &'a PairSet,
    /// Rows in order of their larger end.
    by_b: Vec<u32>,
    group: u32,
    next_a: usize,
    next_b: usize,
    /// Peers of `group` not handed out yet, and the number of the next chunk.
    peers: Vec<PeerEntry>,
    given: usize,
    ix: u32,
}

impl<'a> Chunks<'a> {
    fn new(pairs: &'a PairSet) -> Self {
        let count = u32::try_from(pairs.rows.len()).unwrap_or(u32::MAX);
        let mut by_b: Vec<u32> = (0..count).collect();
        by_b.sort_by_key(|at| pairs.rows[*at as usize].b);
        let (next_a, next_b) = (0, 0);
        Self { pairs, by_b, group: 0, next_a, next_b, peers: Vec::new(), given: 0, ix: 0 }
    }

    /// Gathers the peers of the next group: smaller ones first, so sorted.
    fn gather(&mut self) {
        self.peers.clear();
        (self.given, self.ix) = (0, 0);
        let rows = &self.pairs.rows;
        while let Some(row) = self.by_b.get(self.next_b).map(|at| rows[*at as usize])
            && row.b.0 == self.group
        {
            self.peers.push(PeerEntry { peer: row.a, filter: row.filter, line: row.line });
            self.next_b += 1;
        }
        while let Some(row) = rows.get(self.next_a)
            && row.a.0 == self.group
        {
            self.peers.push(PeerEntry { peer: row.b, filter: row.filter, line: row.line });
            self.next_a += 1;
        }
    }
}

impl Iterator for Chunks<'_> {
    type Item = (u32, u32, String);

    fn next(&mut self) -> Option<Self::Item> {
        while self.given == self.peers.len() {
            if self.group as usize == self.pairs.groups.len() {
                return None;
            }
            self.gather();
            self.group += 1;
        }
        let end = self.peers.len().min(self.given + pack::CHUNK);
        let blob = hex(&pack::peers(&self.peers[self.given..end]));
        let chunk = (self.group - 1, self.ix, blob);
        self.given = end;
        self.ix += 1;
        Some(chunk)
    }
}
