//! The journal in memory: the same ledger over ordered maps behind one lock. What is stored lives as
//! long as the [`Memory`] that journals are opened on.

mod begin;
mod calls;
mod head;
mod read;
mod rows;
mod state;
mod store;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::JournalError;
use crate::model::RunId;
use state::{Run, State};

/// What is stored, whichever journal is open on it.
#[derive(Clone, Default)]
pub(in crate::journal) struct Memory(Arc<Mutex<State>>);

impl Memory {
    /// Opens a journal for writing: those that were open before may only read from now on.
    pub(in crate::journal) fn journal(&self) -> MemoryJournal {
        let memory = self.clone();
        let mut state = memory.state();
        state.epoch += 1;
        let epoch = state.epoch;
        drop(state);
        MemoryJournal { memory, epoch }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A journal that is open.
pub(in crate::journal) struct MemoryJournal {
    memory: Memory,
    /// How often the journal was opened until now: no commit of an earlier time is taken.
    epoch: u64,
}

impl MemoryJournal {
    /// What `question` makes of a run, as of one moment; it is told the epoch, too.
    fn ask<T>(
        &self,
        run: &RunId,
        question: impl FnOnce(&Run, u64) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        let state = self.memory.state();
        let epoch = state.epoch;
        question(&state.runs[state.number(run)?], epoch)
    }
}
