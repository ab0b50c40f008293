//! Packed lists: what would be a row for each pair is a few bytes in a blob.
//!
//! Numbers are big-endian, so that a hexadecimal dump can be read.

use super::{Finding, JournalError, PeerEntry};
use crate::model::{GroupIx, Row};

/// Bytes of peers in one row at most: a hub's list is never one huge row, and no row of the table
/// needs a second page.
const ROOM: usize = 960;
const COUNT_BYTES: usize = 2;
const PEER_BYTES: usize = 10;
const FINDING_NUMBERS: usize = 6;
const FINDING_BYTES: usize = 4 * FINDING_NUMBERS;

/// Peers of one group in one row at most.
pub(super) const PEERS: usize = (ROOM - COUNT_BYTES) / PEER_BYTES;

/// A row of packed peers: those of some groups that follow each other, or some of those of one.
/// Of each group it has their number (2 bytes), then peer, line (4 bytes each) and filter
/// (2 bytes) of each.
#[derive(Default)]
pub(super) struct Chunk {
    /// The first group.
    pub(super) group: u32,
    /// How many rows before this one have peers of that group.
    pub(super) ix: u32,
    /// How many groups it has peers of.
    groups: u32,
    /// The peers, packed.
    pub(super) entries: Vec<u8>,
}

impl Chunk {
    /// Makes it one without peers.
    pub(super) fn restart(&mut self, group: u32, ix: u32) {
        (self.group, self.ix, self.groups) = (group, ix, 0);
        self.entries.clear();
    }

    /// Whether so many peers of a group may be added: they are all that it has, the group is the
    /// next, and there is room.
    pub(super) fn takes(&self, group: u32, ix: u32, peers: usize) -> bool {
        ix == 0
            && self.ix == 0
            && self.group.checked_add(self.groups) == Some(group)
            && self.entries.len() + COUNT_BYTES + peers * PEER_BYTES <= ROOM
    }

    /// Adds at most [`PEERS`] peers of the next group: the larger ends of these rows.
    pub(super) fn add(&mut self, rows: &[Row]) {
        self.groups += 1;
        self.entries.extend(u16::try_from(rows.len()).unwrap_or(u16::MAX).to_be_bytes());
        for row in rows {
            let mut entry = [0; PEER_BYTES];
            entry[..4].copy_from_slice(&row.b.0.to_be_bytes());
            entry[4..8].copy_from_slice(&row.line.to_be_bytes());
            entry[8..].copy_from_slice(&row.filter.to_be_bytes());
            self.entries.extend_from_slice(&entry);
        }
    }
}

/// Hands `take` each peer of a row whose first group is `group`, with its group.
pub(super) fn unpack_peers(
    mut group: u32,
    mut entries: &[u8],
    mut take: impl FnMut(GroupIx, PeerEntry),
) -> Result<(), JournalError> {
    while let Some((count, rest)) = entries.split_first_chunk() {
        let bytes = usize::from(u16::from_be_bytes(*count)) * PEER_BYTES;
        let (own, rest) = rest.split_at_checked(bytes).ok_or_else(|| cut("a list of peers"))?;
        let (peers, _) = own.as_chunks::<PEER_BYTES>();
        for &[a, b, c, d, e, f, g, h, i, j] in peers {
            let peer = GroupIx(u32::from_be_bytes([a, b, c, d]));
            let line = u32::from_be_bytes([e, f, g, h]);
            take(GroupIx(group), PeerEntry { peer, filter: u16::from_be_bytes([i, j]), line });
        }
        (group, entries) = (group.saturating_add(1), rest);
    }
    whole(entries, "a list of peers")
}

pub(super) fn findings(findings: &[Finding]) -> Vec<u8> {
    let mut blob = Vec::with_capacity(findings.len() * FINDING_BYTES);
    for finding in findings {
        let numbers: [u32; FINDING_NUMBERS] = [
            finding.peer.0,
            finding.standing,
            finding.outside,
            finding.drops,
            finding.misowned,
            finding.unclear,
        ];
        for number in numbers {
            blob.extend(number.to_be_bytes());
        }
    }
    blob
}

pub(super) fn unpack_findings(blob: &[u8]) -> Result<Vec<Finding>, JournalError> {
    let (numbers, rest) = blob.as_chunks::<4>();
    whole(rest, "a list of findings")?;
    let (records, rest) = numbers.as_chunks::<FINDING_NUMBERS>();
    if !rest.is_empty() {
        return Err(cut("a list of findings"));
    }
    let number = u32::from_be_bytes;
    Ok(records
        .iter()
        .map(|&[peer, standing, outside, drops, misowned, unclear]| Finding {
            peer: GroupIx(number(peer)),
            standing: number(standing),
            outside: number(outside),
            drops: number(drops),
            misowned: number(misowned),
            unclear: number(unclear),
        })
        .collect())
}

pub(super) fn lines(pairs: &[(u32, u32)]) -> Vec<u8> {
    pairs.iter().flat_map(|(dropped, kept)| [*dropped, *kept]).flat_map(u32::to_be_bytes).collect()
}

fn whole(rest: &[u8], what: &str) -> Result<(), JournalError> {
    if rest.is_empty() { Ok(()) } else { Err(cut(what)) }
}

fn cut(what: &str) -> JournalError {
    JournalError::Damaged(format!("{what} is cut"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(peer: u32) -> Row {
        Row { a: GroupIx(0), b: GroupIx(peer), filter: 65_535, line: peer / 2 }
    }

    #[test]
    fn packed_lists_come_out_as_they_went_in() {
        let mut chunk = Chunk::default();
        chunk.restart(7, 0);
        let lists = [vec![row(1), row(u32::MAX)], vec![row(3)], vec![row(8), row(9), row(10)]];
        for (group, rows) in (7..).zip(&lists) {
            assert!(chunk.takes(group, 0, rows.len()), "{group}");
            assert!(!chunk.takes(group + 1, 0, 1), "a group between has none");
            assert!(!chunk.takes(group, 1, 1), "a part of a list begins a row");
            chunk.add(rows);
        }
        assert!(chunk.takes(10, 0, PEERS - 7) && !chunk.takes(10, 0, PEERS));
        let mut back = Vec::new();
        let told = |group: GroupIx, entry: PeerEntry| back.push((group.0, entry));
        unpack_peers(7, &chunk.entries, told).expect("whole");
        let peer = |row: &Row| PeerEntry { peer: row.b, filter: row.filter, line: row.line };
        let lists = (7..).zip(lists);
        let all = lists.flat_map(|(group, rows)| rows.into_iter().map(move |row| (group, row)));
        assert_eq!(back, all.map(|(group, row)| (group, peer(&row))).collect::<Vec<_>>());
        for end in (1..chunk.entries.len()).filter(|end| ![22, 34].contains(end)) {
            assert!(unpack_peers(7, &chunk.entries[..end], |_, _| {}).is_err(), "{end}");
        }
    }

    #[test]
    fn packed_findings_come_out_as_they_went_in() {
        let found = [Finding {
            peer: GroupIx(9),
            standing: 1,
            outside: 2,
            drops: u32::MAX,
            misowned: 3,
            unclear: 4,
        }];
        assert_eq!(unpack_findings(&findings(&found)).expect("whole"), found);
    }

    #[test]
    fn a_cut_list_is_damage() {
        assert!(unpack_findings(&[0; 23]).is_err());
        assert!(unpack_findings(&[0; 28]).is_err());
    }
}
