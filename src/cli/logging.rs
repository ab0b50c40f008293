//! The log on standard error, kept apart from the bars.

mod record;

use std::io::{self, Write};
use std::sync::OnceLock;

use indicatif::MultiProgress;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use record::Record;

use super::args::{Common, LogFormat};
use super::progress::PROGRESS;
use crate::exchange::EVENT;
use crate::model::RunId;

/// The run that this process works on, named by every JSON record from its beginning on.
static RUN: OnceLock<RunId> = OnceLock::new();

/// From now on this process works on `run`.
pub(super) fn works_on(run: &RunId) {
    // A process works on one run; of a second one in tests the first is kept.
    let _ = RUN.set(run.clone());
}

/// Writes whole records between two drawings of the bars.
#[derive(Clone)]
struct AboveBars(MultiProgress);

impl Write for AboveBars {
    fn write(&mut self, record: &[u8]) -> io::Result<usize> {
        // A run does not end because nobody reads its log any more.
        let _ = self.0.suspend(|| io::stderr().write_all(record));
        Ok(record.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

impl<'a> MakeWriter<'a> for AboveBars {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Starts the log: warnings, or more with `-v`, and for programs every event. Only this crate's
/// records are shown, since other crates may log what they send.
pub(super) fn start(common: &Common, bars: &MultiProgress) {
    let level = match (common.quiet, common.verbose) {
        (true, _) => LevelFilter::ERROR,
        (false, 0) => LevelFilter::WARN,
        (false, 1) => LevelFilter::INFO,
        (false, _) => LevelFilter::DEBUG,
    };
    let events = match common.log_format {
        LogFormat::Json if !common.quiet => level.max(LevelFilter::INFO),
        LogFormat::Json | LogFormat::Text => level,
    };
    let lines =
        if common.quiet || common.no_progress { LevelFilter::OFF } else { LevelFilter::INFO };
    let ours = Targets::new()
        .with_target("unpair", level)
        .with_target(EVENT, events)
        .with_target(PROGRESS, lines);
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(events.max(lines))
        .with_writer(AboveBars(bars.clone()))
        .with_ansi(common.color.is_for(&io::stderr()))
        .event_format(Record(common.log_format));
    // A second start in one process (tests) keeps the first log.
    let _ = subscriber.finish().with(ours).try_init();
}
