//! What a run begins with and never changes, row by row: the rows of every store, under one digest.

use serde_json::{Value, json};

use super::cells::Cell;
use super::ledger::{FrameDigest, json as json_of};
use super::pack::{self, Chunk};
use super::table::Table;
use super::{JournalError, NewRun};
use crate::model::{GroupIx, PairSet, Source};

/// Repeated lines in one blob.
const LINES: usize = 1000;

/// Where the rows of a frame go. An error means that no more of them are taken.
pub(super) trait FrameSink: Send {
    /// From here on the rows are those of another table.
    fn table(&mut self, table: Table) -> impl Future<Output = Result<(), JournalError>> + Send;

    /// Takes a row: the cells of its columns but for the run.
    fn row(&mut self, cells: &[u8]) -> impl Future<Output = Result<(), JournalError>> + Send;
}

/// What is known once all rows were told.
pub(super) struct Told {
    /// The digest of the pairs.
    pub(super) content: String,
    /// How many distinct pairs there are.
    pub(super) pairs: u64,
    /// What the first row of the history says.
    pub(super) body: Value,
}

/// Spells out the rows of a run; ends early when the sink takes no more of them.
pub(super) async fn tell(
    sink: &mut impl FrameSink,
    run: &NewRun,
    pairs: &PairSet,
) -> Result<Told, JournalError> {
    let mut frame = Frame { sink, digest: FrameDigest::new(), row: Vec::new() };
    frame.few(pairs).await?;
    frame.groups(pairs).await?;
    // A sink that works beside this has the groups to store meanwhile.
    let (content, count) = (pairs.content_digest().to_string(), pairs.pair_count());
    frame.lanes(pairs).await?;
    frame.chunks(pairs).await?;
    let body = json!({
        "run": run,
        "content": content,
        "groups": pairs.groups.len(),
        "sources": pairs.sources,
        "pairs": count,
        "frame": frame.digest.finish(),
    });
    Ok(Told { content, pairs: count as u64, body })
}

/// The rows on their way, and their digest.
struct Frame<'a, S> {
    sink: &'a mut S,
    digest: FrameDigest,
    /// The row at hand.
    row: Vec<u8>,
}

impl<S: FrameSink> Frame<'_, S> {
    async fn table(&mut self, table: Table) -> Result<(), JournalError> {
        self.digest.table(table);
        self.sink.table(table).await
    }

    async fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), JournalError> {
        self.row.clear();
        for cell in cells {
            cell.write(&mut self.row);
        }
        self.digest.row(&self.row);
        self.sink.row(&self.row).await
    }

    /// Tells what there is little of.
    async fn few(&mut self, pairs: &PairSet) -> Result<(), JournalError> {
        self.sources(&pairs.sources).await?;
        self.table(Table::Note).await?;
        for (line, text) in &pairs.notes {
            self.row(&[(*line).into(), json_of(text)?.as_str().into()]).await?;
        }
        self.table(Table::Duplicate).await?;
        for (ix, lines) in pairs.duplicates.chunks(LINES).enumerate() {
            self.row(&[ix.into(), pack::lines(lines).as_slice().into()]).await?;
        }
        self.table(Table::Filter).await?;
        for (ix, filter) in pairs.filters.iter().enumerate() {
            self.row(&[ix.into(), json_of(filter)?.as_str().into()]).await?;
        }
        Ok(())
    }

    /// Tells the manifests.
    async fn sources(&mut self, sources: &[Source]) -> Result<(), JournalError> {
        self.table(Table::Source).await?;
        for (ix, source) in sources.iter().enumerate() {
            let (name, digest) = (source.name.as_str(), source.digest.as_deref());
            let digest = digest.unwrap_or_default().into();
            self.row(&[ix.into(), name.into(), source.first_line.into(), digest]).await?;
        }
        Ok(())
    }

    /// Tells every group.
    async fn groups(&mut self, pairs: &PairSet) -> Result<(), JournalError> {
        self.table(Table::Group).await?;
        for (lane, (_, range)) in (0_u32..).zip(pairs.groups.lanes()) {
            for ix in range {
                self.row(&[ix.into(), lane.into(), pairs.groups.id(GroupIx(ix)).into()]).await?;
            }
        }
        Ok(())
    }

    /// Tells every lane.
    async fn lanes(&mut self, pairs: &PairSet) -> Result<(), JournalError> {
        self.table(Table::Lane).await?;
        for (ix, (lane, range)) in pairs.groups.lanes().enumerate() {
            let (account, region) = (lane.account.as_str(), lane.region.as_str());
            let [first, groups] = [range.start.into(), range.len().into()];
            let lane = [ix.into(), lane.cloud.as_str().into(), account.into(), region.into()];
            self.row(&[&lane[..], &[first, groups]].concat()).await?;
        }
        Ok(())
    }

    /// Tells the peers of every group.
    async fn chunks(&mut self, pairs: &PairSet) -> Result<(), JournalError> {
        self.table(Table::Chunk).await?;
        let mut chunk = Chunk::default();
        for slice in pairs.both_ends() {
            for own in slice.chunk_by(|one, other| one.a == other.a) {
                let group = own[0].a.0;
                for (ix, some) in (0..).zip(own.chunks(pack::PEERS)) {
                    if !chunk.takes(group, ix, some.len()) {
                        self.chunk(&chunk).await?;
                        chunk.restart(group, ix);
                    }
                    chunk.add(some);
                }
            }
        }
        self.chunk(&chunk).await
    }

    /// Tells a row of peers, unless it has none.
    async fn chunk(&mut self, chunk: &Chunk) -> Result<(), JournalError> {
        if chunk.entries.is_empty() {
            return Ok(());
        }
        self.row(&[chunk.group.into(), chunk.ix.into(), chunk.entries.as_slice().into()]).await
    }
}
