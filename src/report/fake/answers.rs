//! What the journal in memory says when it is asked.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::FakeJournal;
use crate::journal::{
    CallId, CallRecord, Chain, Finding, GroupOrders, GroupRecord, GroupWork, Head, HistoryRow,
    JournalError, JournalRead, Lane, OpenCounts, PeerEntry, ReadingTimes, Reopenable,
    RevocationRecord, RunRecord, SideRecord, Table, Tally, Unstored,
};
use crate::model::{Filter, GroupIx, GroupRef, Groups, Identity, RevocationId, RowText, RunId};

fn not_asked<T>() -> Result<T, JournalError> {
    Err(JournalError::Damaged("a report must not ask this".into()))
}

#[async_trait]
impl JournalRead for FakeJournal {
    async fn run(&self, _: &str) -> Result<RunRecord, JournalError> {
        Ok(self.run.clone())
    }
    async fn runs(&self) -> Result<Vec<RunRecord>, JournalError> {
        Ok(vec![self.run.clone()])
    }
    async fn identities(&self, _: &RunId) -> Result<Vec<Identity>, JournalError> {
        Ok(self.identities.clone())
    }
    async fn lanes(&self, _: &RunId) -> Result<Vec<Lane>, JournalError> {
        let lane = |(ix, (key, range)): (u32, (&crate::model::LaneKey, std::ops::Range<u32>))| {
            let (first, groups) = (GroupIx(range.start), range.end - range.start);
            Lane { ix, key: key.clone(), first, groups }
        };
        Ok((0..).zip(self.pairs.groups.lanes()).map(lane).collect())
    }
    async fn filters(&self, _: &RunId) -> Result<Vec<Filter>, JournalError> {
        Ok(self.pairs.filters.clone())
    }
    async fn groups(
        &self,
        _: &RunId,
        from: GroupIx,
        limit: u32,
    ) -> Result<Vec<GroupWork>, JournalError> {
        let wanted = (0..).zip(self.pairs.groups.iter()).skip(from.0 as usize);
        let work = wanted.map(|(ix, group)| {
            let ix = GroupIx(ix);
            let mut peers: Vec<PeerEntry> = self
                .pairs
                .rows
                .iter()
                .filter(|row| row.a == ix || row.b == ix)
                .map(|row| PeerEntry {
                    peer: if row.a == ix { row.b } else { row.a },
                    filter: row.filter,
                    line: row.line,
                })
                .collect();
            peers.sort_by_key(|entry| entry.peer);
            GroupWork {
                ix,
                group: group.group.clone(),
                peers,
                read_ms: Some(0),
                looked_ms: Some(0),
                looked_now: true,
            }
        });
        Ok(self.page(work, limit))
    }
    async fn group_refs(
        &self,
        _: &RunId,
        groups: &[GroupIx],
    ) -> Result<Vec<GroupRef>, JournalError> {
        Ok(groups.iter().map(|ix| self.pairs.group(*ix)).collect())
    }
    async fn names(&self, _: &RunId) -> Result<Groups, JournalError> {
        Ok(self.pairs.groups.clone())
    }
    async fn notes(&self, _: &RunId) -> Result<BTreeMap<u32, RowText>, JournalError> {
        Ok(self.pairs.notes.clone())
    }
    async fn notes_of(
        &self,
        _: &RunId,
        lines: &[u32],
    ) -> Result<BTreeMap<u32, RowText>, JournalError> {
        let mut notes = self.pairs.notes.clone();
        notes.retain(|line, _| lines.contains(line));
        Ok(notes)
    }
    async fn sides(
        &self,
        _: &RunId,
        from: GroupIx,
        limit: u32,
    ) -> Result<Vec<SideRecord>, JournalError> {
        Ok(self.page(self.sides.iter().filter(|side| side.group >= from).cloned(), limit))
    }
    async fn reading_times(&self, _: &RunId) -> Result<Option<ReadingTimes>, JournalError> {
        let times = || self.sides.iter().filter_map(|side| side.at_ms);
        let ends = times().min().zip(times().max());
        Ok(ends.map(|(oldest_ms, newest_ms)| ReadingTimes {
            oldest_ms,
            newest_ms,
            earlier_ms: None,
        }))
    }
    async fn findings(&self, _: &RunId) -> Result<Vec<(GroupIx, Finding)>, JournalError> {
        Ok(self.findings.clone())
    }
    async fn group(&self, _: &RunId, group: GroupIx) -> Result<Option<GroupRecord>, JournalError> {
        let of_group = self.groups.iter().find(|(ix, _)| *ix == group);
        Ok(of_group.map(|(_, record)| record.clone()))
    }
    async fn open_calls(
        &self,
        _: &RunId,
        _: &Lane,
        _: CallId,
        _: u32,
    ) -> Result<Vec<CallRecord>, JournalError> {
        not_asked()
    }
    async fn open_counts(&self, _: &RunId, _: &Lane) -> Result<OpenCounts, JournalError> {
        not_asked()
    }
    async fn call(&self, _: &RunId, _: CallId) -> Result<CallRecord, JournalError> {
        not_asked()
    }
    async fn reopenable(&self, _: &RunId) -> Result<Vec<Reopenable>, JournalError> {
        not_asked()
    }
    async fn tallies(&self, _: &RunId) -> Result<Vec<Tally>, JournalError> {
        Ok(self.tallies.clone())
    }
    async fn recent(&self, _: i64) -> Result<Vec<Tally>, JournalError> {
        not_asked()
    }
    async fn revocations(
        &self,
        _: &RunId,
        lane: &Lane,
        after: Option<RevocationId>,
        limit: u32,
    ) -> Result<Vec<RevocationRecord>, JournalError> {
        let groups = lane.group_numbers();
        let key = |record: &RevocationRecord| (record.revocation.group, record.id);
        let all = self.revocations.iter();
        let after = all.clone().find(|record| Some(record.id) == after).map(key);
        let is_next = |record: &&RevocationRecord| {
            groups.contains(&record.revocation.group.0) && Some(key(record)) > after
        };
        let mut rest: Vec<_> = all.filter(is_next).cloned().collect();
        rest.sort_by_key(key);
        Ok(self.page(rest.into_iter(), limit))
    }
    async fn unstored(
        &self,
        _: &RunId,
    ) -> Result<BTreeMap<u32, (Unstored, RevocationId)>, JournalError> {
        Ok(BTreeMap::new())
    }
    async fn orders(
        &self,
        _: &RunId,
        _: std::ops::Range<u32>,
    ) -> Result<Vec<GroupOrders>, JournalError> {
        not_asked()
    }
    async fn head(&self, _: &RunId) -> Result<Head, JournalError> {
        let last = self.history.last();
        Ok(Head {
            seq: last.map_or(0, |row| row.seq),
            rows: self.history.len() as u64,
            hash: last.map(|row| row.hash.clone()).unwrap_or_default(),
            last_ms: last.map_or(0, |row| row.at_ms),
        })
    }
    async fn lane_ends(&self, _: &RunId) -> Result<Vec<(u32, u64)>, JournalError> {
        Ok(Vec::new())
    }
    async fn history(
        &self,
        _: &RunId,
        _: Chain,
        after: u64,
        limit: u32,
    ) -> Result<Vec<HistoryRow>, JournalError> {
        Ok(self.page(self.history.iter().filter(|row| row.seq > after).cloned(), limit))
    }
    async fn rows(
        &self,
        _: &RunId,
        _: Table,
        _: std::ops::Range<i64>,
    ) -> Result<Vec<serde_json::Value>, JournalError> {
        not_asked()
    }
    async fn close(self: Box<Self>) -> Result<(), JournalError> {
        Ok(())
    }
}
