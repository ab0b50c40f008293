//! The check of a run: every hash chain is recomputed, the histories are folded again, and the rest
//! of the journal is compared with what comes out, a lane at a time.

mod compare;
mod expect;
mod lane;
mod orders;
mod run;

use std::ops::Range;

use super::ledger::{Link, Seal, lane_genesis, link, run_genesis};
use super::table::Table;
use super::{Chain, HistoryRow, JournalError, JournalRead, Lane};
use crate::model::{Digest, RunId};
use compare::Lanes;
use lane::LaneFold;
use run::RunFold;

/// Rows asked for at a time.
const PAGE: u32 = 4096;
/// Findings after which the rest are not spelled out: a broken journal is broken.
const SPELLED: usize = 100;

/// What a check of a run's journal found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Rows of history, those of all chains.
    pub rows: u64,
    /// The hash of the last row of the run's own chain, hexadecimal. Remembered elsewhere, it tells
    /// of a cut tail.
    pub head: String,
    /// What does not hold, one line each, at most a hundred; empty if all is well.
    pub bad: Vec<String>,
}

impl CheckReport {
    fn find(&mut self, what: impl Into<String>) {
        if self.bad.len() < SPELLED {
            self.bad.push(what.into());
        }
    }
}

/// Checks one run. To be used while nothing is being written to it.
///
/// Detects every row of any table that was edited, dropped, added or swapped: the history by its
/// hashes, all else because it does not follow from the history.
pub async fn check(journal: &dyn JournalRead, run: &RunId) -> Result<CheckReport, JournalError> {
    let mut report = CheckReport::default();
    let checked = Check { journal, run };
    match checked.all(&mut report).await {
        Ok(()) => {}
        // Asked by the id that its options hold.
        Err(JournalError::NoSuchRun(_)) => report.find("run: it has another id"),
        Err(JournalError::Damaged(what)) => report.find(what),
        Err(other) => return Err(other),
    }
    Ok(report)
}

/// A check under way.
struct Check<'a> {
    journal: &'a dyn JournalRead,
    run: &'a RunId,
}

impl Check<'_> {
    async fn all(&self, report: &mut CheckReport) -> Result<(), JournalError> {
        let mut of_run = RunFold::default();
        let followed = Followed::new(Chain::Run, run_genesis(self.run.as_str()));
        let chain = self.follow(followed, report, |row| of_run.take(row)).await?;
        report.head = chain.hash.to_string();
        compare::frame(self, &of_run, report).await?;
        let lanes = Lanes::of(self.journal.lanes(self.run).await?);
        let mut sealed = None;
        for (lane, keys, groups) in lanes.iter() {
            let end = self.lane(lane, keys, groups, &mut of_run.epoch, report).await?;
            if let Some((seq, hash)) = end {
                sealed.get_or_insert_with(Seal::new).add(lane.ix, seq, &hash);
            }
        }
        compare::histories(self, &lanes, report).await?;
        let sealed = sealed.map(|seal| seal.finish().to_string());
        if sealed != of_run.sealed {
            report.find("the ends of the lanes are not those that the run's last row seals");
        }
        compare::epoch(self, of_run.epoch, report).await?;
        compare::run(self, &of_run, &chain, report).await
    }

    /// Checks a lane; returns the row that the run's own history last sealed, with its hash.
    async fn lane(
        &self,
        lane: &Lane,
        keys: Range<i64>,
        groups: Range<i64>,
        epoch: &mut u64,
        report: &mut CheckReport,
    ) -> Result<Option<(u64, Digest)>, JournalError> {
        let ix = i64::from(lane.ix);
        let stored = self.journal.rows(self.run, Table::LaneHead, ix..ix + 1).await?;
        let sealed = stored.first().and_then(|row| row[4].as_u64()).unwrap_or_default();
        let mut fold = LaneFold::new(lane);
        let mut chain =
            Followed::new(Chain::Lane(lane.ix), lane_genesis(self.run.as_str(), lane.ix));
        chain.watched = sealed;
        let chain = self.follow(chain, report, |row| fold.take(row)).await?;
        *epoch = fold.epoch.max(*epoch);
        compare::lane(self, &fold, &chain, (lane, keys, groups), report).await?;
        let end = chain.seen.map(|hash| (sealed, hash));
        if sealed > 0 && end.is_none() {
            report.find(format!("history of lane {}: row {sealed} is missing", lane.ix));
        }
        Ok(end)
    }

    /// Follows a chain to its end, and hands every row to `take`.
    async fn follow(
        &self,
        mut chain: Followed,
        report: &mut CheckReport,
        mut take: impl FnMut(&HistoryRow) -> Result<(), String>,
    ) -> Result<Followed, JournalError> {
        loop {
            let rows = self.journal.history(self.run, chain.of, chain.last, PAGE).await?;
            if rows.is_empty() {
                return Ok(chain);
            }
            for row in &rows {
                if row.seq <= chain.last {
                    // A damaged file gives rows out of order, and might do so for ever.
                    let (name, seq, last) = (chain.name(), row.seq, chain.last);
                    report.find(format!("{name}: row {seq} is out of order after row {last}"));
                    return Ok(chain);
                }
                chain.take(row, report);
                if let Err(reason) = take(row) {
                    report.find(format!("{}: row {}: {reason}", chain.name(), row.seq));
                }
            }
        }
    }
}

/// A hash chain, as far as it was followed.
#[derive(Clone)]
pub(super) struct Followed {
    of: Chain,
    hash: Digest,
    last: u64,
    last_ms: Option<i64>,
    /// A row whose hash is remembered,
    watched: u64,
    /// and that hash.
    seen: Option<Digest>,
}

impl Followed {
    pub(super) const fn new(of: Chain, genesis: Digest) -> Self {
        Self { of, hash: genesis, last: 0, last_ms: None, watched: 0, seen: None }
    }

    fn name(&self) -> String {
        match self.of {
            Chain::Run => "history of the run".to_owned(),
            Chain::Lane(ix) => format!("history of lane {ix}"),
        }
    }

    /// Takes the next row; what does not follow is a finding.
    pub(super) fn take(&mut self, row: &HistoryRow, report: &mut CheckReport) {
        let (seq, at_ms, epoch, call) = (row.seq, row.at_ms, row.epoch, row.call);
        if seq != self.last + 1 {
            let (from, to) = (self.last + 1, seq.saturating_sub(1));
            report.find(format!("{}: rows {from} to {to} are missing", self.name()));
        }
        let next = Link { seq, at_ms, epoch, kind: &row.kind, call, body: &row.body };
        self.hash = link(&self.hash, &next);
        if self.hash.to_string() != row.hash {
            report.find(format!("{}: row {seq}: its hash does not follow", self.name()));
        }
        if seq == self.watched {
            self.seen = Some(self.hash);
        }
        (self.last, self.last_ms) = (seq, Some(at_ms));
        report.rows += 1;
    }
}
