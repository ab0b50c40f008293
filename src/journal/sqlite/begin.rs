//! The start of a run: its head and its plan's frame, in one transaction.
//!
//! There are millions of rows: whoever begins the run spells them out, a piece at a time, while
//! the writer inserts the piece before.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use serde_json::json;
use tokio::sync::mpsc;

use super::feed::{Feed, Piece, Rows};
use super::row::{first, get, json as to_json, spell};
use super::work::Work;
use super::{load, sql};
use crate::journal::chain::canonical;
use crate::journal::{JournalError, NewRun, RunState, pack};
use crate::model::PairSet;

/// Repeated lines in one blob.
const LINES: usize = 1000;

/// A run to be begun: its head, and where its rows come from.
pub(super) struct BeginOrder {
    pub(super) run: NewRun,
    content: String,
    pairs: u64,
    pieces: mpsc::Receiver<Piece>,
}

impl BeginOrder {
    /// The order, and where its rows go. `content` is the digest of the pairs.
    pub(super) fn new(run: &NewRun, content: &str, pairs: &PairSet) -> (Self, Feed) {
        let (feed, pieces) = Feed::new();
        let (run, content, pairs) = (run.clone(), content.to_owned(), pairs.pair_count() as u64);
        (Self { run, content, pairs, pieces }, feed)
    }
}

/// Spells out the rows of a run; ends early when the writer takes no more of them.
pub(super) async fn tell(
    mut feed: Feed,
    run: &NewRun,
    content: &str,
    pairs: &PairSet,
) -> Result<(), JournalError> {
    let numbered = |ix: usize| Value::from(i64::try_from(ix).unwrap_or(i64::MAX));
    let sources = pairs.sources.iter().enumerate();
    let sources = sources
        .map(|(ix, source)| [numbered(ix), source.name.clone().into(), source.first_line.into()]);
    feed.fill(sql::SOURCE_INSERT, sources).await?;
    let notes = pairs.notes.iter().map(|(line, text)| [(*line).into(), text.clone().into()]);
    feed.fill(sql::NOTE_INSERT, notes).await?;
    let duplicates = pairs.duplicates.chunks(LINES).enumerate();
    let duplicates = duplicates.map(|(ix, lines)| [numbered(ix), pack::lines(lines).into()]);
    feed.fill(sql::DUPLICATE_INSERT, duplicates).await?;
    let filters = pairs.filters.iter().map(to_json).collect::<Result<Vec<_>, _>>()?;
    let filters = filters.into_iter().enumerate().map(|(ix, body)| [numbered(ix), body.into()]);
    feed.fill(sql::FILTER_INSERT, filters).await?;
    load::groups(&mut feed, pairs).await?;
    let lanes = pairs.groups.lanes().enumerate().map(|(ix, (lane, range))| {
        let [account, region] = [lane.account.as_str(), lane.region.as_str()];
        [
            numbered(ix),
            lane.cloud.as_str().to_owned().into(),
            account.to_owned().into(),
            region.to_owned().into(),
            range.start.into(),
            numbered(range.len()),
        ]
    });
    feed.fill(sql::LANE_INSERT, lanes.collect::<Vec<_>>().into_iter()).await?;
    load::chunks(&mut feed, pairs).await?;
    feed.end(|frame| {
        canonical(&json!({
            "run": run,
            "content": content,
            "groups": pairs.groups.len(),
            "sources": pairs.sources,
            "pairs": pairs.pair_count(),
            "frame": frame,
        }))
    })
    .await
}

/// Stores a run and its rows; whether all of them came. Of a run whose teller went away nothing
/// may be kept.
pub(super) fn begin(work: &mut Work<'_>, mut order: BeginOrder) -> Result<bool, JournalError> {
    let run_no = head(work, &order)?;
    while let Some(piece) = order.pieces.blocking_recv() {
        match piece {
            Piece::Rows(rows) => insert(work.conn, run_no, &rows)?,
            Piece::End(body) => {
                work.record(run_no, order.run.created_ms, "begun", None, body)?;
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn head(work: &Work<'_>, order: &BeginOrder) -> Result<i64, JournalError> {
    let BeginOrder { run, content, pairs, .. } = order;
    let state = spell(&RunState::Reading)?;
    let values = (run.id.as_str(), canonical(run)?, state, content, pairs, work.epoch);
    let run_no = first(work.conn, sql::RUN_INSERT, values, |row| get(row, "no"))?;
    run_no.ok_or_else(|| JournalError::Damaged(format!("run {} has no number", run.id)))
}

fn insert(conn: &Connection, run_no: i64, rows: &Rows) -> Result<(), JournalError> {
    let run_no = Value::from(run_no);
    let mut statement = conn.prepare_cached(rows.statement)?;
    for row in rows.values.chunks(rows.columns) {
        statement.execute(params_from_iter(std::iter::once(&run_no).chain(row)))?;
    }
    Ok(())
}
