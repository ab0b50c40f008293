//! What the journal tells.

use std::collections::BTreeMap;
use std::ops::Range;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::MemoryJournal;
use super::state::{GroupRow, Run, add};
use crate::journal::find::{none_fits, several_fit};
use crate::journal::ledger::{Known, ReadingRow};
use crate::journal::table::Table;
use crate::journal::{
    CallId, CallRecord, Chain, Finding, GroupOrders, GroupRecord, GroupWork, Head, HistoryRow,
    JournalError, JournalRead, Lane, OpenCounts, ReadingTimes, Reopenable, RevocationRecord,
    RunRecord, SideReading, SideRecord, Tally, Unstored, pack,
};
use crate::model::{Filter, GroupIx, GroupRef, Groups, Identity, RevocationId, RowText, RunId};

#[async_trait]
impl JournalRead for MemoryJournal {
    async fn run(&self, id: &str) -> Result<RunRecord, JournalError> {
        let state = self.memory.state();
        let fits = |run: &&Run| !id.is_empty() && run.record.new.id.as_str().starts_with(id);
        let found: Vec<&Run> = state.runs.iter().rev().filter(fits).collect();
        let ids = |runs: &mut dyn Iterator<Item = &Run>| -> Vec<String> {
            runs.map(|run| run.record.new.id.to_string()).collect()
        };
        match found.iter().find(|run| run.record.new.id.as_str() == id) {
            Some(whole) => Ok(whole.told()),
            None => match &found[..] {
                [] => Err(none_fits("memory", id, &ids(&mut state.runs.iter().rev()))),
                [one] => Ok(one.told()),
                several => Err(several_fit(id, &ids(&mut several.iter().copied()))),
            },
        }
    }

    async fn runs(&self) -> Result<Vec<RunRecord>, JournalError> {
        Ok(self.memory.state().runs.iter().rev().map(Run::told).collect())
    }

    async fn head(&self, run: &RunId) -> Result<Head, JournalError> {
        self.ask(run, |run, _| Ok(run.end()))
    }

    async fn lane_ends(&self, run: &RunId) -> Result<Vec<(u32, u64)>, JournalError> {
        self.ask(run, |run, _| {
            let written = run.lanes.iter().filter(|row| row.head.seq > 0);
            Ok(written.map(|row| (row.lane.ix, row.head.seq)).collect())
        })
    }

    async fn identities(&self, run: &RunId) -> Result<Vec<Identity>, JournalError> {
        self.ask(run, |run, _| {
            let all = run.lanes.iter().flat_map(|row| &row.head.identities);
            let by_name = all.map(|one| ((&one.account, &one.arn), one.clone()));
            Ok(by_name.collect::<BTreeMap<_, _>>().into_values().collect())
        })
    }

    async fn lanes(&self, run: &RunId) -> Result<Vec<Lane>, JournalError> {
        self.ask(run, |run, _| Ok(run.lanes.iter().map(|row| row.lane.clone()).collect()))
    }

    async fn filters(&self, run: &RunId) -> Result<Vec<Filter>, JournalError> {
        self.ask(run, |run, _| Ok(run.pairs.filters.clone()))
    }

    async fn groups(
        &self,
        run: &RunId,
        from: GroupIx,
        limit: u32,
    ) -> Result<Vec<GroupWork>, JournalError> {
        self.ask(run, |run, now| {
            let told = page(run, from, limit).map(|(ix, group)| GroupWork {
                ix,
                group: run.pairs.groups.id(ix).into(),
                peers: group.peers.clone(),
                read_ms: group.known_ms,
                looked_ms: group.looked_ms(),
                looked_now: group.reading.as_ref().is_some_and(|(_, epoch)| *epoch == now),
            });
            Ok(told.collect())
        })
    }

    async fn group_refs(
        &self,
        run: &RunId,
        groups: &[GroupIx],
    ) -> Result<Vec<GroupRef>, JournalError> {
        self.ask(run, |run, _| {
            let one = |ix: &GroupIx| match run.groups.get(ix.0 as usize) {
                Some(_) => Ok(run.pairs.group(*ix)),
                None => Err(JournalError::Damaged(format!("the run has no group {}", ix.0))),
            };
            groups.iter().map(one).collect()
        })
    }

    async fn names(&self, run: &RunId) -> Result<Groups, JournalError> {
        self.ask(run, |run, _| Ok(run.pairs.groups.clone()))
    }

    async fn notes(&self, run: &RunId) -> Result<BTreeMap<u32, RowText>, JournalError> {
        self.ask(run, |run, _| Ok(run.pairs.notes.clone()))
    }

    async fn notes_of(
        &self,
        run: &RunId,
        lines: &[u32],
    ) -> Result<BTreeMap<u32, RowText>, JournalError> {
        let mut notes = self.notes(run).await?;
        notes.retain(|line, _| lines.contains(line));
        Ok(notes)
    }

    async fn sides(
        &self,
        run: &RunId,
        from: GroupIx,
        limit: u32,
    ) -> Result<Vec<SideRecord>, JournalError> {
        self.ask(run, |run, _| page(run, from, limit).map(|(ix, group)| side(ix, group)).collect())
    }

    async fn reading_times(&self, run: &RunId) -> Result<Option<ReadingTimes>, JournalError> {
        self.ask(run, |run, now| {
            let read = run.groups.iter().filter_map(|group| group.reading.as_ref());
            let told = read.filter(|(row, _)| row.known != Known::Unknown);
            let times: Vec<_> = told.map(|(row, epoch)| (row.at_ms, *epoch)).collect();
            let ends = times.iter().map(|(at, _)| *at).min();
            let ends = ends.zip(times.iter().map(|(at, _)| *at).max());
            let earlier_ms =
                times.iter().filter(|(_, epoch)| *epoch < now).map(|(at, _)| *at).min();
            Ok(ends.map(|(oldest_ms, newest_ms)| ReadingTimes { oldest_ms, newest_ms, earlier_ms }))
        })
    }

    async fn findings(&self, run: &RunId) -> Result<Vec<(GroupIx, Finding)>, JournalError> {
        self.ask(run, |run, _| {
            let mut all = Vec::new();
            for (ix, group) in page(run, GroupIx(0), u32::MAX) {
                let packed = group.reading.as_ref().and_then(|(row, _)| row.findings.as_deref());
                let found = pack::unpack_findings(packed.unwrap_or_default())?;
                all.extend(found.into_iter().map(|finding| (ix, finding)));
            }
            Ok(all)
        })
    }

    async fn group(
        &self,
        run: &RunId,
        group: GroupIx,
    ) -> Result<Option<GroupRecord>, JournalError> {
        self.ask(run, |run, _| {
            let row = run.groups.get(group.0 as usize);
            row.and_then(|row| row.snapshot.as_deref()).map(parse).transpose()
        })
    }

    async fn open_calls(
        &self,
        run: &RunId,
        lane: &Lane,
        from: CallId,
        limit: u32,
    ) -> Result<Vec<CallRecord>, JournalError> {
        let open = self.ask(run, |run, _| run.open_calls(lane, from, limit))?;
        Ok(open.into_iter().map(|(call, _)| call).collect())
    }

    async fn open_counts(&self, run: &RunId, lane: &Lane) -> Result<OpenCounts, JournalError> {
        self.ask(run, |run, _| Ok(run.open_counts(lane)))
    }

    async fn call(&self, run: &RunId, call: CallId) -> Result<CallRecord, JournalError> {
        self.ask(run, |run, _| run.call(call))
    }

    async fn reopenable(&self, run: &RunId) -> Result<Vec<Reopenable>, JournalError> {
        self.ask(run, |run, _| Ok(run.reopenable()))
    }

    async fn tallies(&self, run: &RunId) -> Result<Vec<Tally>, JournalError> {
        self.ask(run, |run, _| Ok(told_tallies(run).collect()))
    }

    async fn recent(&self, since_ms: i64) -> Result<Vec<Tally>, JournalError> {
        let mut sums = BTreeMap::new();
        for run in &self.memory.state().runs {
            for tally in told_tallies(run).filter(|tally| tally.last_ms >= since_ms) {
                let key = (tally.lane.clone(), tally.action.clone(), tally.code.clone());
                add(sums.entry(key), tally);
            }
        }
        Ok(sums.into_values().collect())
    }

    async fn revocations(
        &self,
        run: &RunId,
        lane: &Lane,
        after: Option<RevocationId>,
        limit: u32,
    ) -> Result<Vec<RevocationRecord>, JournalError> {
        self.ask(run, |run, _| run.told_revocations(lane, after, limit))
    }

    async fn unstored(
        &self,
        run: &RunId,
    ) -> Result<BTreeMap<u32, (Unstored, RevocationId)>, JournalError> {
        self.ask(run, |run, _| {
            let of_lane = run.lanes.iter().filter_map(|row| {
                Some((row.lane.ix, (row.head.unstored?, row.head.next_revocation)))
            });
            Ok(of_lane.collect())
        })
    }

    async fn orders(
        &self,
        run: &RunId,
        groups: Range<u32>,
    ) -> Result<Vec<GroupOrders>, JournalError> {
        self.ask(run, |run, _| Ok(run.orders(groups)))
    }

    async fn history(
        &self,
        run: &RunId,
        chain: Chain,
        after: u64,
        limit: u32,
    ) -> Result<Vec<HistoryRow>, JournalError> {
        self.ask(run, |run, _| {
            let rows = run.history.get(&chain).into_iter().flatten();
            Ok(rows.filter(|row| row.seq > after).take(limit as usize).cloned().collect())
        })
    }

    async fn rows(
        &self,
        run: &RunId,
        table: Table,
        keys: Range<i64>,
    ) -> Result<Vec<Value>, JournalError> {
        self.ask(run, |run, epoch| match table {
            Table::Journal => Ok(vec![json!([epoch])]),
            own => run.rows(own, &keys),
        })
    }

    async fn close(self: Box<Self>) -> Result<(), JournalError> {
        Ok(())
    }
}

fn page(run: &Run, from: GroupIx, limit: u32) -> impl Iterator<Item = (GroupIx, &GroupRow)> {
    let groups = (0..).map(GroupIx).zip(&run.groups);
    groups.skip(from.0 as usize).take(limit as usize)
}

fn told_tallies(run: &Run) -> impl Iterator<Item = Tally> {
    run.tallies.iter().map(|((lane, ..), tally)| Tally {
        lane: run.lanes[*lane as usize].lane.key.clone(),
        ..tally.clone()
    })
}

fn side(group: GroupIx, row: &GroupRow) -> Result<SideRecord, JournalError> {
    let Some((row, _)) = &row.reading else {
        return Ok(SideRecord { group, at_ms: None, state: SideReading::Unread, elsewhere: 0 });
    };
    Ok(SideRecord { group, at_ms: Some(row.at_ms), state: state(row)?, elsewhere: row.elsewhere })
}

fn state(row: &ReadingRow) -> Result<SideReading, JournalError> {
    let said = |text: &Option<String>| text.clone().unwrap_or_default();
    Ok(match row.state {
        "seen" => SideReading::Seen { service_managed: row.service_managed },
        "missing" => SideReading::Missing { code: said(&row.code) },
        "not_ours" => {
            SideReading::NotOurs { naming: row.naming.as_deref().map(parse).transpose()? }
        }
        _ => SideReading::Failed { code: said(&row.code), message: said(&row.message) },
    })
}

fn parse<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, JournalError> {
    serde_json::from_str(text).map_err(|error| JournalError::Damaged(error.to_string()))
}
