//! A thread with a connection of its own, and the way to it.
//!
//! Whoever asks awaits the answer alone: a future that nobody polls holds no connection, and
//! holds nobody up. So the inbox has no bound: whoever waits for room in one that has holds, polled
//! or not, a place in the queue for it. Nobody sends twice without an answer, which bounds it.

use std::thread::{Builder, JoinHandle};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::journal::JournalError;

/// What came of serving, told when the thread ends.
pub(super) type Served = Result<(), JournalError>;

/// A thread that serves messages until it is closed or dropped, and every one that was sent.
pub(super) struct Thread<M> {
    /// `None` once it is closed.
    inbox: Option<mpsc::UnboundedSender<M>>,
    handle: Option<JoinHandle<Served>>,
}

impl<M: Send + 'static> Thread<M> {
    /// Starts a thread: `open` makes there what `serve` then serves with. Returns once it is open.
    pub(super) async fn start<S>(
        open: impl FnOnce() -> Result<S, JournalError> + Send + 'static,
        serve: impl FnOnce(S, mpsc::UnboundedReceiver<M>) -> Served + Send + 'static,
    ) -> Result<Self, JournalError> {
        let (inbox, messages) = mpsc::unbounded_channel();
        let (ready, opened) = oneshot::channel();
        let body = move || match open() {
            Ok(state) => {
                // Nobody waits for it any more: the inbox says so too.
                let _ = ready.send(Ok(()));
                serve(state, messages)
            }
            Err(error) => {
                let _ = ready.send(Err(error));
                Ok(())
            }
        };
        let handle = Builder::new().name("journal".to_owned()).spawn(body).map_err(|error| {
            JournalError::Unusable {
                journal: "the journal".to_owned(),
                reason: format!(
                    "no thread can be started for it: {error}; end other programs, or raise \
                     ulimit -u"
                ),
            }
        })?;
        let thread = Self { inbox: Some(inbox), handle: Some(handle) };
        opened.await.map_err(|_| stopped())??;
        Ok(thread)
    }

    /// Sends what `message` makes of the way back at once; becomes ready with what comes by it.
    pub(super) fn send<T: Send + 'static>(
        &self,
        message: impl FnOnce(oneshot::Sender<Result<T, JournalError>>) -> M,
    ) -> impl Future<Output = Result<T, JournalError>> + Send + 'static {
        let (back, answer) = oneshot::channel();
        let sent = match &self.inbox {
            Some(inbox) => inbox.send(message(back)).map_err(|_| stopped()),
            None => Err(stopped()),
        };
        async move {
            sent?;
            answer.await.map_err(|_| stopped())?
        }
    }

    /// What comes back of what `message` makes of the way back.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        message: impl FnOnce(oneshot::Sender<Result<T, JournalError>>) -> M,
    ) -> Result<T, JournalError> {
        self.send(message).await
    }

    /// Has everything served that was sent, and says how the thread ended.
    pub(super) async fn close(mut self) -> Served {
        drop(self.inbox.take());
        let Some(handle) = self.handle.take() else { return Ok(()) };
        let joined = tokio::task::spawn_blocking(|| handle.join()).await;
        joined.ok().and_then(Result::ok).unwrap_or_else(|| Err(stopped()))
    }
}

impl<M> Drop for Thread<M> {
    /// Waits for the thread: what was sent is served before anybody takes the file over.
    fn drop(&mut self) {
        drop(self.inbox.take());
        if let Some(handle) = self.handle.take() {
            // Nobody is left to be told.
            let _ = handle.join();
        }
    }
}

/// The error of a thread that ended before its time.
pub(super) fn stopped() -> JournalError {
    JournalError::Database("its thread has stopped".to_owned())
}

/// Closes a connection: the last one of a journal leaves a single file.
pub(super) fn close(conn: Connection) -> Served {
    conn.close().map_err(|(_, error)| error.into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;
    use tokio::task::unconstrained;

    use super::*;

    type Back = oneshot::Sender<Result<(), JournalError>>;

    #[tokio::test]
    async fn whoever_asks_and_is_polled_no_more_keeps_nobody_waiting() {
        let (open_gate, gate) = oneshot::channel::<()>();
        let serve = move |(), mut inbox: mpsc::UnboundedReceiver<Back>| {
            gate.blocking_recv().expect("the gate is opened");
            while let Some(back) = inbox.blocking_recv() {
                back.send(Ok(())).expect("nobody went away");
            }
            Ok(())
        };
        let thread = Thread::start(|| Ok(()), serve).await.expect("a thread");
        // Else the runtime has a task that polls so much wait for itself.
        let ask = || unconstrained(thread.ask(|back| back)).boxed();
        let mut idle: Vec<_> = (0..10_000).map(|_| ask()).collect();
        for asking in &mut idle {
            assert!(asking.now_or_never().is_none(), "the gate is shut");
        }
        let mut last = ask();
        assert!((&mut last).now_or_never().is_none(), "the gate is shut");
        open_gate.send(()).expect("the thread is there");
        let answered = tokio::time::timeout(Duration::from_secs(60), last).await;
        answered.expect("it waits for nobody").expect("an answer");
        let answers = idle.into_iter().filter_map(|asking| asking.now_or_never()?.ok());
        assert_eq!(answers.count(), 10_000, "whoever asked first was answered first");
    }
}
