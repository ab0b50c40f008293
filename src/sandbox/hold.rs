//! Calls paused in flight: what a client leaves behind that dies while it waits for an answer.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use tokio_util::sync::{CancellationToken, DropGuard};

use super::call::Call;

/// On which side of its effect a call is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Nothing happens; when it is let go, its connection is closed.
    BeforeEffect,
    /// It takes effect; when it is let go, it is answered.
    AfterEffect,
}

/// The calls that a sandbox holds; they are let go, and no more are held, when this is dropped.
#[derive(Debug)]
pub struct Held {
    arrivals: Receiver<()>,
    _release: DropGuard,
}

impl Held {
    /// Waits for one more call to be held; false if none was within `patience`.
    pub fn wait(&self, patience: Duration) -> bool {
        self.arrivals.recv_timeout(patience).is_ok()
    }
}

/// The sandbox's end of a [`Held`].
#[derive(Debug)]
pub(super) struct Hold {
    /// Calls that are still let through.
    pass: usize,
    moment: Moment,
    arrived: Sender<()>,
    release: CancellationToken,
}

/// A call that is held.
#[derive(Debug)]
pub(super) struct HeldCall {
    pub(super) moment: Moment,
    pub(super) release: CancellationToken,
}

impl Hold {
    /// Lets `pass` calls through that change something, then holds every one.
    pub(super) fn new(pass: usize, moment: Moment) -> (Self, Held) {
        let (arrived, arrivals) = channel();
        let release = CancellationToken::new();
        let held = Held { arrivals, _release: release.clone().drop_guard() };
        (Self { pass, moment, arrived, release }, held)
    }

    /// Whether this call is held.
    pub(super) fn held(&mut self, call: &Call) -> Option<HeldCall> {
        if !call.changes_something() || self.release.is_cancelled() {
            return None;
        }
        if self.pass > 0 {
            self.pass -= 1;
            return None;
        }
        // Whoever holds it may have lost interest in more.
        let _ = self.arrived.send(());
        Some(HeldCall { moment: self.moment, release: self.release.clone() })
    }
}
