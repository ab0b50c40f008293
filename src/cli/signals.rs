//! What ends a command before its time: SIGINT, SIGTERM, SIGHUP and `--max-duration`. The first
//! ends the intake, a second signal the process.
//!
//! Every wait of a command is one that [`Waits::stop`] reaches, or one that is bounded here: a
//! process that does not come to its end after it was told to is ended, as by a second signal.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::exit::{Exit, Failure};
use crate::cloud::kill_commands;

/// How often is looked how far a command is that was told to stop.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long a command may take to begin once it was told to stop: it waits for its input.
const TO_BEGIN: Duration = Duration::from_secs(2);
/// How long it may take to finish calls in flight: one exchange may take half as long.
const TO_FINISH: Duration = Duration::from_secs(60);

/// How far a command is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// Nothing is begun.
    #[default]
    Beginning,
    /// Calls may be in flight.
    Working,
    /// A person is asked, and nothing is in flight.
    Asking,
    /// Its result is told.
    Telling,
    /// The result is shown: whoever reads it presses Ctrl-C for the pager.
    Showing,
}

/// The place of SIGINT among the signals that are heeded.
const INTERRUPT: usize = 0;

/// What the waits of one command have in common.
#[derive(Clone, Default)]
pub(super) struct Waits {
    /// Cancelled when nothing new is to be sent.
    pub(super) stop: CancellationToken,
    phase: Arc<Mutex<Phase>>,
}

impl Waits {
    /// Watches for signals, and for the end of `limit`, from now on. The first cancels `stop`. A
    /// second signal, or more time than it takes to finish, ends the process at once, which a
    /// resume handles like a crash; of the latter `tell` is told. On a thread of its own: it heeds
    /// them while all others are busy.
    pub(super) fn watch(
        &self,
        limit: Option<Duration>,
        tell: impl FnOnce(&Failure) + Send + 'static,
    ) -> std::io::Result<()> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let entered = runtime.enter();
        let mut signals = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()]
            .into_iter()
            .map(signal)
            .collect::<std::io::Result<Vec<Signal>>>()?;
        drop(entered);
        let waits = self.clone();
        let heed = async move {
            let why = tokio::select! {
                // At the question nothing is in flight: the answer to it says what became of it.
                () = waits.told_to_stop(&mut signals) => (waits.phase() != Phase::Asking)
                    .then_some("finishing the calls in flight; press again to quit now"),
                () = after(limit) => Some("--max-duration is reached"),
            };
            waits.stop.cancel();
            // Once it is told, nothing new begins: whoever reads it may rely on that.
            if let Some(why) = why {
                tracing::warn!("stopping: {why}");
            }
            tokio::select! {
                () = waits.told_to_stop(&mut signals) => {}
                failure = waits.overdue() => tell(&failure),
            }
            kill_commands();
            std::process::exit(Exit::Interrupted as i32);
        };
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || runtime.block_on(heed))?;
        Ok(())
    }

    /// From now on calls may be in flight, and are given the time to be answered.
    pub(super) fn work(&self) {
        self.enter(Phase::Working);
    }

    /// A person is asked until the guard is dropped: nothing is in flight.
    pub(super) fn ask(&self) -> Asking<'_> {
        self.enter(Phase::Asking);
        Asking(self)
    }

    fn enter(&self, phase: Phase) {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) = phase;
    }

    fn phase(&self) -> Phase {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All is in the journal. To tell it takes as long as it takes whoever reads.
    pub(super) fn tell(&self) {
        self.enter(Phase::Telling);
    }

    /// The command is done, and its result is read: from now on Ctrl-C is the pager's. Needs a
    /// runtime.
    pub(super) fn show(&self) {
        self.enter(Phase::Showing);
        // The stream may go: the handler stays, and a command that heeds no signals is not ended.
        let _ = signal(SignalKind::interrupt());
    }

    /// Waits for a signal that is meant for us.
    async fn told_to_stop(&self, signals: &mut [Signal]) {
        while next(signals).await == INTERRUPT && self.phase() == Phase::Showing {}
    }

    /// Waits until a command that was told to stop has had the time to.
    async fn overdue(&self) -> Failure {
        let (mut phase, mut waited) = (Phase::Beginning, Duration::ZERO);
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let now = self.phase();
            waited = if now == phase { waited + LOOK_EVERY } else { Duration::ZERO };
            phase = now;
            let why = match phase {
                Phase::Asking if waited >= TO_BEGIN => "at the question: nothing was sent",
                Phase::Beginning if waited >= TO_BEGIN => "before anything was begun",
                Phase::Working if waited >= TO_FINISH => {
                    "and ended without waiting any longer for what was under way, such as the \
                     journal: `unpair resume` reads back what was sent, and goes on"
                }
                _ => continue,
            };
            return Failure::new(Exit::Interrupted, format!("interrupted {why}"));
        }
    }
}

/// While this lives, a person is asked.
#[must_use = "the question is over when this is dropped"]
pub(super) struct Asking<'a>(&'a Waits);

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.work();
    }
}

/// Waits for `limit`; for ever, without one.
async fn after(limit: Option<Duration>) {
    match limit {
        Some(limit) => tokio::time::sleep(limit).await,
        None => std::future::pending().await,
    }
}

/// Waits for one of the signals, and says which it was.
async fn next(signals: &mut [Signal]) -> usize {
    let received = signals.iter_mut().map(|signal| Box::pin(signal.recv()));
    futures_util::future::select_all(received).await.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_command_that_is_stuck_is_ended_and_one_that_tells_is_not() {
        let waits = Waits::default();
        let began = tokio::time::Instant::now();
        assert!(waits.overdue().await.messages[0].contains("before anything was begun"));
        assert!(began.elapsed() <= TO_BEGIN + LOOK_EVERY * 2, "{:?}", began.elapsed());
        // A journal that takes nothing more, for one.
        waits.work();
        let began = tokio::time::Instant::now();
        assert!(waits.overdue().await.messages[0].contains("unpair resume"));
        assert!(began.elapsed() <= TO_FINISH + LOOK_EVERY * 2, "{:?}", began.elapsed());
        waits.tell();
        let forever = tokio::time::timeout(Duration::from_secs(86_400), waits.overdue());
        assert!(forever.await.is_err(), "whoever reads the report may take his time");
    }
}
