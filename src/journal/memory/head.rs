//! The head of a run: its changes, and what is told of it.

use serde_json::Value;

use super::state::{Invoked, Run, State};
use crate::journal::ledger::{HeadChange, Seal};
use crate::journal::{
    Chain, Head, Invocation, InvocationEnd, JournalError, Lead, RunRecord, RunUpdate,
};

impl State {
    /// Changes a run's head, and seals its lanes as they are; on an error nothing is changed.
    pub(super) fn change_head(
        &mut self,
        lead: &Lead,
        change: HeadChange,
        at_ms: i64,
    ) -> Result<(), JournalError> {
        let (epoch, lost) = (lead.epoch, JournalError::Lost("the run".to_owned()));
        let run = self.held_by(lead.run_no, epoch).ok_or(lost)?;
        let is_invoked = matches!(change, HeadChange::Invoked { .. });
        let cut_ms = is_invoked.then(|| run.last_event());
        run.seal(epoch, change.kind(), at_ms, change.body(cut_ms)?)?;
        match change {
            HeadChange::Updated(update) => run.update(epoch, update),
            HeadChange::Invoked { by, began_ms } => {
                for (_, former) in run.invocations.range_mut(..epoch) {
                    if former.ended_ms.is_none() {
                        former.cut_ms = former.cut_ms.or(cut_ms);
                    }
                }
                let new = Invoked { by, began_ms, asked_ms: 0, ended_ms: None, cut_ms: None };
                run.invocations.entry(epoch).or_insert(new);
            }
        }
        Ok(())
    }
}

impl Run {
    /// Adds a row to the run's own history, which seals the lanes as they are.
    pub(super) fn seal(
        &mut self,
        epoch: u64,
        kind: &'static str,
        at_ms: i64,
        body: Value,
    ) -> Result<(), JournalError> {
        let mut seal = None;
        for row in self.lanes.iter().filter(|row| row.head.seq > 0) {
            let (seq, hash) = (row.head.seq, &row.head.hash);
            seal.get_or_insert_with(Seal::new).add(row.lane.ix, seq, hash);
        }
        let event = self.head.record(epoch, at_ms, kind, body, seal.map(Seal::finish))?;
        self.lanes.iter_mut().for_each(|row| row.sealed = row.head.seq);
        self.last_ms = at_ms;
        self.record(Chain::Run, epoch, event);
        Ok(())
    }

    fn update(&mut self, epoch: u64, update: RunUpdate) {
        let run = &mut self.record;
        run.state = update.state.unwrap_or(run.state);
        run.exit = update.exit.unwrap_or(run.exit);
        run.started_ms = update.started_ms.or(run.started_ms);
        run.declined_ms = update.declined_ms.unwrap_or(run.declined_ms);
        run.frozen_ms = update.frozen_ms.or(run.frozen_ms);
        run.closing_ms = update.closing_ms.unwrap_or(run.closing_ms);
        run.settings = update.settings.or(run.settings.take());
        run.unsent = update.unsent.unwrap_or(std::mem::take(&mut run.unsent));
        run.ended_ms = update.ended_ms.or(run.ended_ms);
        run.elapsed_ms += update.add_elapsed_ms;
        run.digest = update.digest.unwrap_or(run.digest.take());
        run.estimate_s = update.estimate_s.or(run.estimate_s);
        if let Some(invoked) = self.invocations.get_mut(&epoch) {
            invoked.asked_ms += update.add_asked_ms;
            invoked.ended_ms = update.ended_ms.or(invoked.ended_ms);
        }
    }

    /// When the last row of any of its histories was written.
    pub(super) fn last_event(&self) -> i64 {
        let lanes = self.lanes.iter().filter_map(|row| row.head.last_ms);
        lanes.fold(self.last_ms, i64::max)
    }

    pub(super) fn end(&self) -> Head {
        let lanes: u64 = self.lanes.iter().map(|row| row.head.seq).sum();
        let seq = self.head.seq;
        let (hash, last_ms) = (self.head.hash.to_string(), self.last_event());
        Head { seq, rows: seq + lanes, hash, last_ms }
    }

    /// The run as it stands.
    pub(super) fn told(&self) -> RunRecord {
        let mut run = self.record.clone();
        run.invocations = self.invocations.values().map(Invoked::told).collect();
        if let Some(open) = run.invocations.last_mut().filter(|it| it.end == InvocationEnd::Open) {
            open.last_ms = self.last_event();
        }
        let unended = run.invocations.iter().filter(|it| it.end != InvocationEnd::Ended);
        run.elapsed_ms += unended.map(Invocation::worked_ms).sum::<i64>();
        self.lanes.iter().for_each(|row| run.rules.plus(&row.head.counts));
        run
    }
}

impl Invoked {
    fn told(&self) -> Invocation {
        let (end, last_ms) = match (self.ended_ms, self.cut_ms) {
            (Some(ended_ms), _) => (InvocationEnd::Ended, ended_ms),
            (None, Some(cut_ms)) => (InvocationEnd::Killed, cut_ms),
            (None, None) => (InvocationEnd::Open, self.began_ms),
        };
        let (by, began_ms, asked_ms) = (self.by.clone(), self.began_ms, self.asked_ms);
        Invocation { by, began_ms, asked_ms, last_ms, end }
    }
}
