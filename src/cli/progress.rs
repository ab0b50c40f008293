//! Progress on standard error: a bar on a terminal, nothing elsewhere.

use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressState, ProgressStyle};

use crate::exchange::Progress;

/// How often a bar is drawn at most.
const REDRAW: Duration = Duration::from_millis(120);

/// One bar at a time, with rate and time left.
pub(super) struct Bars {
    bars: MultiProgress,
    current: Mutex<Option<ProgressBar>>,
}

impl Bars {
    /// A bar, if standard error is a terminal.
    pub(super) fn on_terminal(bars: MultiProgress) -> Option<Self> {
        std::io::stderr().is_terminal().then(|| Self { bars, current: Mutex::new(None) })
    }

    /// Takes the bar off the screen.
    pub(super) fn clear(&self) {
        if let Some(bar) = self.current.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Bars {
    fn phase(&self, name: &str, total: u64) {
        self.clear();
        let template = "{msg:16} {wide_bar} {pos}/{len}  {rate}  {left}";
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .with_key("rate", write_rate)
            .with_key("left", write_left);
        let bar = self.bars.add(ProgressBar::new(total).with_style(style));
        bar.set_message(name.to_owned());
        bar.enable_steady_tick(REDRAW);
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar);
    }

    fn advance(&self, n: u64) {
        if let Some(bar) = &*self.current.lock().unwrap_or_else(PoisonError::into_inner) {
            bar.inc(n);
        }
    }
}

/// `4.8/s`.
fn write_rate(state: &ProgressState, out: &mut dyn std::fmt::Write) {
    // A bar that cannot be drawn is no reason to stop.
    let _ = write!(out, "{:.1}/s", state.per_sec());
}

/// `8s left`; nothing is known before the first step.
fn write_left(state: &ProgressState, out: &mut dyn std::fmt::Write) {
    // A bar that cannot be drawn is no reason to stop.
    let _ = match state.pos() {
        0 => write!(out, "? left"),
        _ => write!(out, "{:#} left", HumanDuration(state.eta())),
    };
}
