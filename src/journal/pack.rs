//! Packed lists: what would be a row for each pair is a few bytes in a blob.
//!
//! Numbers are big-endian, so that a hexadecimal dump can be read.

use super::{Finding, JournalError, PeerEntry};
use crate::model::GroupIx;

/// Peers in one blob at most: a hub's list is never one huge row.
pub(super) const CHUNK: usize = 100;
const PEER_BYTES: usize = 10;
const FINDING_BYTES: usize = 16;

pub(super) fn peers(entries: &[PeerEntry]) -> Vec<u8> {
    let mut blob = Vec::with_capacity(entries.len() * PEER_BYTES);
    for entry in entries {
        blob.extend(entry.peer.0.to_be_bytes());
        blob.extend(entry.line.to_be_bytes());
        blob.extend(entry.filter.to_be_bytes());
    }
    blob
}

/// Appends the peers of `blob` to `entries`.
pub(super) fn unpack_peers(blob: &[u8], entries: &mut Vec<PeerEntry>) -> Result<(), JournalError> {
    let (records, rest) = blob.as_chunks::<PEER_BYTES>();
    whole(rest, "a list of peers")?;
    entries.extend(records.iter().map(|&[a, b, c, d, e, f, g, h, i, j]| PeerEntry {
        peer: GroupIx(u32::from_be_bytes([a, b, c, d])),
        line: u32::from_be_bytes([e, f, g, h]),
        filter: u16::from_be_bytes([i, j]),
    }));
    Ok(())
}

pub(super) fn findings(findings: &[Finding]) -> Vec<u8> {
    let mut blob = Vec::with_capacity(findings.len() * FINDING_BYTES);
    for finding in findings {
        for number in [finding.peer.0, finding.standing, finding.outside, finding.drops] {
            blob.extend(number.to_be_bytes());
        }
    }
    blob
}

pub(super) fn unpack_findings(blob: &[u8]) -> Result<Vec<Finding>, JournalError> {
    let (numbers, rest) = blob.as_chunks::<4>();
    whole(rest, "a list of findings")?;
    let (records, rest) = numbers.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(JournalError::Damaged("a list of findings is cut".to_owned()));
    }
    let number = u32::from_be_bytes;
    Ok(records
        .iter()
        .map(|&[peer, standing, outside, drops]| Finding {
            peer: GroupIx(number(peer)),
            standing: number(standing),
            outside: number(outside),
            drops: number(drops),
        })
        .collect())
}

pub(super) fn lines(pairs: &[(u32, u32)]) -> Vec<u8> {
    pairs.iter().flat_map(|(dropped, kept)| [*dropped, *kept]).flat_map(u32::to_be_bytes).collect()
}

fn whole(rest: &[u8], what: &str) -> Result<(), JournalError> {
    if rest.is_empty() { Ok(()) } else { Err(JournalError::Damaged(format!("{what} is cut"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_lists_come_out_as_they_went_in() {
        let entries: Vec<PeerEntry> = (0..3)
            .map(|n| PeerEntry { peer: GroupIx(n << 24 | 7), filter: 65_535, line: n + 1 })
            .collect();
        let blob = peers(&entries);
        assert_eq!(blob.len(), 30);
        let mut back = Vec::new();
        unpack_peers(&blob, &mut back).expect("whole");
        assert_eq!(back, entries);
        let found = [Finding { peer: GroupIx(9), standing: 1, outside: 2, drops: u32::MAX }];
        assert_eq!(unpack_findings(&findings(&found)).expect("whole"), found);
    }

    #[test]
    fn a_cut_list_is_damage() {
        assert!(unpack_peers(&[0; 11], &mut Vec::new()).is_err());
        assert!(unpack_findings(&[0; 15]).is_err());
        assert!(unpack_findings(&[0; 20]).is_err());
    }
}
