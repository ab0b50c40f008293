//! A run's history told in time: what was read and answered, counted in equal spans.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::journal::{Chain, HistoryRow, JournalError, JournalRead};
use crate::model::{EventKind, RunId};
use crate::report::evidence::PAGE;

/// How many spans one process is told in.
pub(super) const SPANS: usize = 120;
/// How long a span is at first, in milliseconds; it doubles whenever they do not suffice.
const SHORTEST_MS: u64 = 50;
/// How many processes are told, the latest ones.
const PROCESSES: usize = 12;

/// What may happen to a call, in the order of [`Counts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happened {
    /// A group was read.
    Read = 0,
    /// A change was answered with success.
    Accepted = 1,
    /// A change was refused by the provider's rate limit.
    Throttled = 2,
    /// A group could not be read, or a change was refused, not answered or put off.
    Failed = 3,
}

/// How often each of [`Happened`] happened.
pub(super) type Counts = [u64; 4];

/// What one process did.
#[derive(Debug)]
pub(super) struct Timeline {
    /// When it began, in milliseconds since 1970.
    pub(super) from_ms: i64,
    /// How long a span is, in milliseconds.
    pub(super) span_ms: u64,
    /// What happened in each span, one after the other.
    pub(super) spans: Vec<Counts>,
}

/// A run's history, as a page tells it.
#[derive(Debug, Default)]
pub(super) struct History {
    /// The latest processes that read or changed something, the latest last.
    pub(super) processes: Vec<Timeline>,
    /// Earlier ones.
    pub(super) earlier: u64,
    /// The hash of the last row of the run's own history.
    pub(super) head: Option<String>,
}

impl History {
    /// Walks over the histories of `run`, page by page.
    pub(super) async fn load(journal: &dyn JournalRead, run: &RunId) -> Result<Self, JournalError> {
        let mut processes = Processes::default();
        let lanes = journal.lane_ends(run).await?.into_iter().map(|(lane, _)| Chain::Lane(lane));
        for chain in [Chain::Run].into_iter().chain(lanes) {
            let mut after = 0;
            loop {
                let page = journal.history(run, chain, after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after = last.seq;
                for row in &page {
                    processes.add(row);
                }
            }
        }
        let head = Some(journal.head(run).await?.hash).filter(|hash| !hash.is_empty());
        Ok(Self { head, ..processes.latest() })
    }
}

/// What each process did, by its epoch. A run's own history comes first, and tells when each began.
#[derive(Default)]
struct Processes(BTreeMap<u64, Timeline>);

impl Processes {
    fn add(&mut self, row: &HistoryRow) {
        let process = self.0.entry(row.epoch).or_insert_with(|| Timeline::new(row.at_ms));
        if let Some(happened) = happened(row) {
            process.add(row.at_ms, happened);
        }
    }

    /// The latest of those that read or changed something.
    fn latest(self) -> History {
        let mut processes: Vec<Timeline> =
            self.0.into_values().filter(|process| !process.spans.is_empty()).collect();
        let earlier = processes.len().saturating_sub(PROCESSES);
        processes.drain(..earlier);
        History { processes, earlier: earlier as u64, head: None }
    }
}

impl Timeline {
    const fn new(from_ms: i64) -> Self {
        Self { from_ms, span_ms: SHORTEST_MS, spans: Vec::new() }
    }

    fn add(&mut self, at_ms: i64, happened: Happened) {
        // A clock that was set back counts for the first span.
        let ms = u64::try_from(at_ms.saturating_sub(self.from_ms)).unwrap_or_default();
        while ms / self.span_ms >= SPANS as u64 {
            self.double();
        }
        // Below SPANS.
        let at = usize::try_from(ms / self.span_ms).unwrap_or_default();
        if self.spans.len() <= at {
            self.spans.resize(at + 1, Counts::default());
        }
        self.spans[at][happened as usize] += 1;
    }

    /// Makes one span of two.
    fn double(&mut self) {
        self.span_ms *= 2;
        self.spans = self.spans.chunks(2).map(sum).collect();
    }

    /// What happened in all spans.
    pub(super) fn total(&self) -> Counts {
        sum(&self.spans)
    }
}

fn sum(spans: &[Counts]) -> Counts {
    let mut sum = Counts::default();
    for span in spans {
        sum.iter_mut().zip(span).for_each(|(sum, n)| *sum += n);
    }
    sum
}

/// What a row of history tells of a call, if it does.
fn happened(row: &HistoryRow) -> Option<Happened> {
    /// The parts of a row that make a difference.
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Body {
        reading: String,
        throttled: bool,
    }
    // Whether a journal is whole is for its check to say, not for its report.
    let body = || serde_json::from_str::<Body>(&row.body).unwrap_or_default();
    if row.kind == "read" {
        let failed = body().reading == "failed";
        return Some(if failed { Happened::Failed } else { Happened::Read });
    }
    match row.kind.parse().ok()? {
        EventKind::Accepted => Some(Happened::Accepted),
        EventKind::Deferred if body().throttled => Some(Happened::Throttled),
        EventKind::Deferred
        | EventKind::MemberMissing
        | EventKind::Refused
        | EventKind::Ambiguous => Some(Happened::Failed),
        EventKind::Started
        | EventKind::Reclaimed
        | EventKind::Lapsed
        | EventKind::Verified
        | EventKind::Reopened => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(epoch: u64, at_ms: i64, kind: &str, body: &str) -> HistoryRow {
        HistoryRow {
            chain: Chain::Lane(0),
            seq: 1,
            at_ms,
            kind: kind.to_owned(),
            call: None,
            epoch,
            body: body.to_owned(),
            hash: String::new(),
        }
    }

    #[test]
    fn a_row_tells_what_happened_to_its_call() {
        for (kind, body, told) in [
            ("read", r#"{"reading":"seen"}"#, Some(Happened::Read)),
            ("read", r#"{"reading":"failed"}"#, Some(Happened::Failed)),
            ("accepted", "{}", Some(Happened::Accepted)),
            ("deferred", r#"{"throttled":true}"#, Some(Happened::Throttled)),
            (
                "deferred",
                r#"{"code":"\"throttled\":true","throttled":false}"#,
                Some(Happened::Failed),
            ),
            ("refused", "{}", Some(Happened::Failed)),
            ("ambiguous", "{}", Some(Happened::Failed)),
            ("started", "{}", None),
            ("updated", "{}", None),
        ] {
            assert_eq!(happened(&row(1, 0, kind, body)), told, "{kind} {body}");
        }
    }

    #[test]
    fn spans_grow_with_the_time_and_nothing_is_lost() {
        let mut processes = Processes::default();
        for second in 0..36_000 {
            processes.add(&row(1, 1_000 * second, "accepted", "{}"));
        }
        let history = processes.latest();
        let timeline = &history.processes[0];
        assert!(timeline.spans.len() <= SPANS);
        assert_eq!(timeline.total(), [0, 36_000, 0, 0]);
        let covered = timeline.span_ms * timeline.spans.len() as u64;
        assert!((36_000_000 - 1_000..=2 * 36_000_000).contains(&covered), "{covered}");
    }

    #[test]
    fn times_of_any_size_fit() {
        let mut processes = Processes::default();
        for at_ms in [0, i64::MAX, i64::MIN] {
            processes.add(&row(1, at_ms, "accepted", "{}"));
        }
        assert_eq!(processes.latest().processes[0].total(), [0, 3, 0, 0]);
    }

    #[test]
    fn each_process_is_told_apart_and_the_earliest_are_counted() {
        let mut processes = Processes::default();
        for epoch in 1..=20 {
            processes.add(&row(epoch, 0, "accepted", "{}"));
            processes.add(&row(epoch, 10, "accepted", "{}"));
        }
        let history = processes.latest();
        assert_eq!((history.processes.len(), history.earlier), (12, 8));
        assert!(history.processes.iter().all(|process| process.total() == [0, 2, 0, 0]));
    }
}
