//! The bulk of a plan's frame: a row for each group and for each hundred of its peers, made from
//! the caller's pairs as they are sent.

use rusqlite::types::Value;

use super::feed::Feed;
use super::sql;
use crate::journal::{JournalError, PeerEntry, pack};
use crate::model::{BothEnds, GroupIx, PairSet};

/// Rows of three columns.
type Rows<'a> = Box<dyn Iterator<Item = [Value; 3]> + Send + 'a>;

/// Sends every group.
pub(super) async fn groups(feed: &mut Feed, pairs: &PairSet) -> Result<(), JournalError> {
    let rows: Rows<'_> =
        Box::new((0_u32..).zip(pairs.groups.lanes()).flat_map(|(lane, (_, range))| {
            let id = |ix| pairs.groups.id(GroupIx(ix)).to_owned();
            range.map(move |ix| [ix.into(), lane.into(), id(ix).into()])
        }));
    feed.fill(sql::GROUP_INSERT, rows).await
}

/// Sends the peers of every group.
pub(super) async fn chunks(feed: &mut Feed, pairs: &PairSet) -> Result<(), JournalError> {
    let chunks = Chunks { ends: pairs.both_ends().peekable(), last: None };
    let rows: Rows<'_> =
        Box::new(chunks.map(|(group, ix, peers)| [group.into(), ix.into(), peers.into()]));
    feed.fill(sql::CHUNK_INSERT, rows).await
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
