//! How much the machine itself holds everything up, measured beside what is judged by the clock.

use std::io::Write as _;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long the watch sleeps at a time.
const NAP: Duration = Duration::from_millis(1);

/// A watch that sleeps a little and flushes a byte to the disk, again and again.
pub(crate) struct Drag {
    stop: Sender<()>,
    watch: JoinHandle<Duration>,
}

impl Drag {
    pub(crate) fn start() -> Self {
        let (stop, stopped) = channel();
        Self { stop, watch: std::thread::spawn(move || watch(&stopped)) }
    }

    /// By how much the longest nap and flush was longer than the nap.
    pub(crate) fn end(self) -> Duration {
        drop(self.stop);
        self.watch.join().expect("the watch does not panic")
    }
}

fn watch(stopped: &Receiver<()>) -> Duration {
    let mut file = tempfile::tempfile().expect("a file beside the journals");
    let mut worst = Duration::ZERO;
    loop {
        let begun = Instant::now();
        let nap = stopped.recv_timeout(NAP);
        file.write_all(b".").and_then(|()| file.sync_data()).expect("a disk with room");
        worst = worst.max(begun.elapsed().saturating_sub(NAP));
        if nap != Err(RecvTimeoutError::Timeout) {
            return worst;
        }
    }
}
