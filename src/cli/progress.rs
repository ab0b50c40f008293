//! Progress on standard error: a bar on a terminal, elsewhere a line a minute.

mod countdown;
mod meter;

use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use tokio::task::JoinHandle;

use super::args::LogFormat;
use crate::exchange::{EVENT, Progress, Wait};
use crate::model::{LaneKey, LaneWork};
use meter::Meter;

/// How often a bar is drawn at most.
const REDRAW: Duration = Duration::from_millis(120);
/// How often a line is written where there is no bar.
const LINE_EVERY: Duration = Duration::from_secs(60);

/// Tells how far the current phase of a command is.
pub(super) struct Reporter {
    meter: Arc<Mutex<Meter>>,
    shown: Shown,
}

/// Where progress is shown.
enum Shown {
    /// One bar at a time on a terminal.
    Bar { bars: MultiProgress, current: Mutex<Option<ProgressBar>> },
    /// Records of the log, by a task that ends with this.
    Lines(JoinHandle<()>),
}

impl Reporter {
    /// A bar if standard error is a terminal that nobody wants JSON lines on, else a line a minute.
    pub(super) fn start(bars: MultiProgress, log: LogFormat) -> Self {
        let meter = Arc::new(Mutex::new(Meter::default()));
        let shown = if std::io::stderr().is_terminal() && log == LogFormat::Text {
            Shown::Bar { bars, current: Mutex::default() }
        } else {
            Shown::Lines(tokio::spawn(write_lines(Arc::clone(&meter))))
        };
        Self { meter, shown }
    }

    /// Takes the bar off the screen.
    pub(super) fn clear(&self) {
        if let Shown::Bar { current, .. } = &self.shown
            && let Some(bar) = locked(current).take()
        {
            bar.finish_and_clear();
        }
    }

    fn draw(&self, bars: &MultiProgress, current: &Mutex<Option<ProgressBar>>) {
        self.clear();
        let shown = Arc::clone(&self.meter);
        let template = "{msg} {wide_bar} {pos}/{len}  {rate}  {left}";
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .with_key("rate", write_rate)
            .with_key("left", move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
                // A bar that cannot be drawn is no reason to stop.
                let _ = out.write_str(&what_is_left(&locked(&shown)));
            });
        // The bar asks the meter whenever it is drawn.
        let (name, total) = {
            let meter = locked(&self.meter);
            (meter.name(), meter.total())
        };
        let bar = bars.add(ProgressBar::new(total).with_style(style));
        bar.set_message(name);
        bar.enable_steady_tick(REDRAW);
        *locked(current) = Some(bar);
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        if let Shown::Lines(task) = &self.shown {
            task.abort();
        }
    }
}

impl Progress for Reporter {
    fn phase(&self, name: &'static str, lanes: &[LaneWork]) {
        locked(&self.meter).begin(name, lanes);
        if let Shown::Bar { bars, current } = &self.shown {
            self.draw(bars, current);
        }
    }

    fn advance(&self, lane: &LaneKey, n: u64) {
        let (done, total) = {
            let mut meter = locked(&self.meter);
            if meter.advance(lane, n) {
                let phase = meter.name();
                tracing::info!(
                    target: EVENT, event = "lane", lane = %lane, phase, state = "done",
                    "{lane}: {phase}: done"
                );
            }
            (meter.done(), meter.total())
        };
        if let Shown::Bar { current, .. } = &self.shown
            && let Some(bar) = &*locked(current)
        {
            bar.set_length(total);
            bar.set_position(done);
        }
    }

    fn waiting(&self, cause: Wait, change: i64) {
        locked(&self.meter).waiting(cause, change);
    }

    fn throttled(&self, lane: &LaneKey, pause: Duration) {
        locked(&self.meter).throttled(lane, pause);
    }
}

/// Writes how far the phase is, once a minute.
async fn write_lines(meter: Arc<Mutex<Meter>>) {
    loop {
        tokio::time::sleep(LINE_EVERY).await;
        let meter = locked(&meter);
        if meter.total() == 0 {
            continue;
        }
        let (phase, done, total) = (meter.name(), meter.done(), meter.total());
        tracing::info!(
            target: PROGRESS, event = "progress", phase, done, total,
            left_s = meter.left().map(|left| left.as_secs()),
            waits_for = meter.waits_for().as_deref(),
            "{phase}: {done} of {total} done, {}", what_is_left(&meter)
        );
    }
}

/// The target of the lines that stand where a bar would be on a terminal.
pub(super) const PROGRESS: &str = "unpair::progress";

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `4.8/s`.
fn write_rate(state: &ProgressState, out: &mut dyn std::fmt::Write) {
    // A bar that cannot be drawn is no reason to stop.
    let _ = write!(out, "{:.1}/s", state.per_sec());
}

/// `8s left`, and what is waited for.
fn what_is_left(meter: &Meter) -> String {
    let left = match meter.left() {
        None => "? left".to_owned(),
        Some(left) => format!("{:#} left", HumanDuration(left)),
    };
    match meter.waits_for() {
        None => left,
        Some(cause) => format!("{left}, {cause}"),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};

    use super::*;
    use crate::model::Provider;

    /// A log that is kept.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, record: &[u8]) -> io::Result<usize> {
            locked(&self.0).write(record)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn where_there_is_no_bar_a_line_a_minute_tells_how_far_it_is() {
        let kept = Kept::default();
        let writer = kept.clone();
        let log = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
        let _log = tracing::subscriber::set_default(log);
        let reporter = Reporter::start(MultiProgress::new(), LogFormat::Json);
        tokio::time::sleep(LINE_EVERY * 2).await;
        assert!(locked(&kept.0).is_empty(), "nothing has begun");
        let lane =
            LaneKey { cloud: Provider::Aws, account: "1".into(), region: "us-east-1".into() };
        let work = LaneWork { lane: lane.clone(), steps: 300, seconds: 300.0 };
        reporter.phase("revoking rules", &[work]);
        reporter.advance(&lane, 100);
        reporter.throttled(&lane, LINE_EVERY * 5);
        tokio::time::sleep(LINE_EVERY * 2).await;
        let told = String::from_utf8(locked(&kept.0).clone()).expect("text");
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines.len(), 2, "{told}");
        assert!(lines[0].contains("revoking rules: 100 of 300 done, "), "{told}");
        assert!(lines[0].contains("left, 1 lane throttled"), "{told}");
    }
}
