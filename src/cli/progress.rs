//! Progress on standard error: a bar on a terminal, nothing elsewhere.

use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressState, ProgressStyle};

use super::countdown::Countdown;
use crate::exchange::Progress;
use crate::model::{LaneKey, LaneWork};

/// How often a bar is drawn at most.
const REDRAW: Duration = Duration::from_millis(120);

/// One bar at a time, with rate and time left.
pub(super) struct Bars {
    bars: MultiProgress,
    current: Mutex<Option<Phase>>,
}

/// A bar and what it knows of the time left.
struct Phase {
    bar: ProgressBar,
    countdown: Arc<Mutex<Countdown>>,
}

impl Bars {
    /// A bar, if standard error is a terminal.
    pub(super) fn on_terminal(bars: MultiProgress) -> Option<Self> {
        std::io::stderr().is_terminal().then(|| Self { bars, current: Mutex::new(None) })
    }

    /// Takes the bar off the screen.
    pub(super) fn clear(&self) {
        if let Some(phase) = locked(&self.current).take() {
            phase.bar.finish_and_clear();
        }
    }
}

impl Progress for Bars {
    fn phase(&self, name: &str, lanes: &[LaneWork]) {
        self.clear();
        let countdown = Arc::new(Mutex::new(Countdown::new(lanes)));
        let shown = Arc::clone(&countdown);
        let template = "{msg:16} {wide_bar} {pos}/{len}  {rate}  {left}";
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .with_key("rate", write_rate)
            .with_key("left", move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                write_left(locked(&shown).left(state.elapsed()), out);
            });
        let total = lanes.iter().map(|lane| lane.steps).sum();
        let bar = self.bars.add(ProgressBar::new(total).with_style(style));
        bar.set_message(name.to_owned());
        bar.enable_steady_tick(REDRAW);
        *locked(&self.current) = Some(Phase { bar, countdown });
    }

    fn advance(&self, lane: &LaneKey, n: u64) {
        if let Some(phase) = &*locked(&self.current) {
            locked(&phase.countdown).advance(lane, n);
            phase.bar.inc(n);
            // What an earlier process gave up, and this one takes up again, is not in the plan.
            let done = phase.bar.position();
            phase.bar.update(|bar| bar.set_len(bar.len().map_or(done, |len| len.max(done))));
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `4.8/s`.
fn write_rate(state: &ProgressState, out: &mut dyn std::fmt::Write) {
    // A bar that cannot be drawn is no reason to stop.
    let _ = write!(out, "{:.1}/s", state.per_sec());
}

/// `8s left`.
fn write_left(left: Option<Duration>, out: &mut dyn std::fmt::Write) {
    // A bar that cannot be drawn is no reason to stop.
    let _ = match left {
        None => write!(out, "? left"),
        Some(left) => write!(out, "{:#} left", HumanDuration(left)),
    };
}
