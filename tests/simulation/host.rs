//! The host of one process: the clouds that it reaches, true time, and when the process ends.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::Notify;
use unpair::exchange::Clock;

use crate::clouds::Clouds;
use crate::time::Time;

/// What a crash leaves: the journal's files, the clouds with what is on its way, and the time.
pub(crate) struct State {
    pub(crate) journal: TempDir,
    pub(crate) clouds: Clouds,
    pub(crate) now: Duration,
}

/// Who is told what crashes leave.
#[derive(Clone)]
pub(crate) struct Watch {
    /// Takes the chosen states, each with its number.
    pub(crate) chosen: SyncSender<(usize, State)>,
    /// One state in so many is chosen; the others are not even copied.
    pub(crate) stride: usize,
    /// States so far.
    pub(crate) count: Arc<AtomicUsize>,
}

/// Where a process lives. It steps once before and after each write of the journal, and before
/// and after each request; its last step ends it, and nothing of it ever goes on.
pub(crate) struct Host {
    clouds: Arc<Mutex<Clouds>>,
    pub(crate) time: Time,
    pub(crate) journal: Arc<TempDir>,
    life: Mutex<Life>,
    over: Notify,
    watch: Option<Watch>,
}

#[derive(Default)]
struct Life {
    steps: u64,
    last: Option<u64>,
    is_over: bool,
}

impl Host {
    /// A host for a process that ends after `last` steps, if it does.
    pub(crate) fn new(
        clouds: Arc<Mutex<Clouds>>,
        time: Time,
        journal: Arc<TempDir>,
        last: Option<u64>,
    ) -> Self {
        let life = Mutex::new(Life { last, ..Life::default() });
        Self { clouds, time, journal, life, over: Notify::new(), watch: None }
    }

    /// Tells `watch` of every state that a crash could leave, if there is one.
    pub(crate) fn watched(self, watch: Option<Watch>) -> Self {
        Self { watch, ..self }
    }

    /// The clouds as they are now.
    pub(crate) fn clouds(&self) -> MutexGuard<'_, Clouds> {
        self.clouds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The clock of the machine.
    pub(crate) fn clock(&self) -> Clock {
        let (clouds, time) = (Arc::clone(&self.clouds), self.time);
        Clock::of(move || clouds.lock().unwrap_or_else(PoisonError::into_inner).wall_ms(time.now()))
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One step; the last one is never over.
    pub(crate) async fn step(&self) {
        let is_over = {
            let mut life = self.life();
            life.steps += 1;
            life.is_over |= life.last.is_some_and(|last| life.steps >= last);
            life.is_over
        };
        if is_over {
            self.over.notify_one();
            pending::<()>().await;
        }
    }

    /// Goes on as long as the process lives.
    pub(crate) async fn alive(&self) {
        if self.life().is_over {
            pending::<()>().await;
        }
    }

    /// Returns when the process made its last step.
    pub(crate) async fn crash(&self) {
        self.over.notified().await;
    }

    /// Steps made so far.
    pub(crate) fn steps(&self) -> u64 {
        self.life().steps
    }

    /// Waits until `at`, then delivers what arrived: each change is a state of its own.
    pub(crate) async fn until(&self, at: Duration) {
        tokio::time::sleep_until(self.time.instant(at)).await;
        let changed = self.clouds().arrive(self.time.now());
        if changed {
            self.tell_state();
        }
    }

    /// Something changed that outlives the process. Nothing else runs meanwhile, neither the
    /// process nor the journal's writer, so the files are what a kill would leave.
    pub(crate) fn tell_state(&self) {
        let Some(watch) = &self.watch else { return };
        let number = watch.count.fetch_add(1, Ordering::Relaxed);
        if number % watch.stride != 0 {
            return;
        }
        let (journal, clouds) = (copy_of(&self.journal), self.clouds().clone());
        let state = State { journal, clouds, now: self.time.now() };
        watch.chosen.send((number, state)).expect("a listener");
    }
}

/// A folder in memory, where there is one: what is tested is the crash of a process, and a disk
/// that keeps what it was told is another harness's concern.
pub(crate) fn folder() -> TempDir {
    let shm = std::path::Path::new("/dev/shm");
    if shm.is_dir() { TempDir::new_in(shm) } else { TempDir::new() }.expect("a folder")
}

fn copy_of(journal: &TempDir) -> TempDir {
    let copy = folder();
    for name in ["unpair.db", "unpair.db-wal"] {
        let from = journal.path().join(name);
        if from.exists() {
            std::fs::copy(from, copy.path().join(name)).expect("a copy");
        }
    }
    copy
}
