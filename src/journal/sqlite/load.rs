//! The bulk of a plan's frame: a row for each group, and its peers with those of its neighbours,
//! made from the caller's pairs as they are sent.

use super::feed::Feed;
use super::sql;
use crate::journal::JournalError;
use crate::journal::pack::{self, Chunk};
use crate::journal::table::Table;
use crate::model::{GroupIx, PairSet};

/// Sends every group.
pub(super) async fn groups(feed: &mut Feed, pairs: &PairSet) -> Result<(), JournalError> {
    feed.table(Table::Group, sql::GROUP_INSERT).await?;
    for (lane, (_, range)) in (0_u32..).zip(pairs.groups.lanes()) {
        for ix in range {
            feed.row(&[ix.into(), lane.into(), pairs.groups.id(GroupIx(ix)).into()]).await?;
        }
    }
    Ok(())
}

/// Sends every lane.
pub(super) async fn lanes(feed: &mut Feed, pairs: &PairSet) -> Result<(), JournalError> {
    feed.table(Table::Lane, sql::LANE_INSERT).await?;
    for (ix, (lane, range)) in pairs.groups.lanes().enumerate() {
        let (account, region) = (lane.account.as_str(), lane.region.as_str());
        let [first, groups] = [range.start.into(), range.len().into()];
        let lane = [ix.into(), lane.cloud.as_str().into(), account.into(), region.into()];
        feed.row(&[&lane[..], &[first, groups]].concat()).await?;
    }
    Ok(())
}

/// Sends the peers of every group.
pub(super) async fn chunks(feed: &mut Feed, pairs: &PairSet) -> Result<(), JournalError> {
    feed.table(Table::Chunk, sql::CHUNK_INSERT).await?;
    let mut chunk = Chunk::default();
    for slice in pairs.both_ends() {
        for own in slice.chunk_by(|one, other| one.a == other.a) {
            let group = own[0].a.0;
            for (ix, some) in (0..).zip(own.chunks(pack::PEERS)) {
                if !chunk.takes(group, ix, some.len()) {
                    send(feed, &chunk).await?;
                    chunk.restart(group, ix);
                }
                chunk.add(some);
            }
        }
    }
    send(feed, &chunk).await
}

/// Sends a row of peers, unless it has none.
async fn send(feed: &mut Feed, chunk: &Chunk) -> Result<(), JournalError> {
    if chunk.entries.is_empty() {
        return Ok(());
    }
    feed.row(&[chunk.group.into(), chunk.ix.into(), chunk.entries.as_slice().into()]).await
}
