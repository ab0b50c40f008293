//! What goes wrong on the way to a cloud and back, drawn from a seed.

use std::time::Duration;

use fastrand::Rng;
use unpair::cloud::{CloudError, ErrorClass};

/// How often things go wrong, each from 0 to 1, and how late things show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FaultRates {
    /// Refusals by the rate limit, of calls and of reads.
    pub(crate) throttled: f64,
    /// Requests that never arrive.
    pub(crate) lost_before: f64,
    /// Answers that never arrive.
    pub(crate) lost_after: f64,
    /// Refused connections.
    pub(crate) unreached: f64,
    /// Server faults, before and after the effect alike.
    pub(crate) transient: f64,
    /// Expired credentials.
    pub(crate) expired: f64,
    /// Requests that are delivered a second time, up to 20 minutes later.
    pub(crate) late: f64,
    /// Reads that come to nothing.
    pub(crate) unread: f64,
    /// Rules that somebody adds again once they are removed.
    pub(crate) added_again: f64,
    /// How long a removed rule may go on to show.
    pub(crate) lag: Duration,
    /// Every answer has the same request id.
    pub(crate) same_request_ids: bool,
    /// How a listing goes on on its next page.
    pub(crate) paging: Paging,
    /// Rules that somebody else removes between two pages of a listing.
    pub(crate) gone_between_pages: f64,
}

/// What the token of a page stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paging {
    /// The last rule of the page before.
    AfterTheLast,
    /// How many rules were listed so far: one that is removed meanwhile moves another one, which
    /// stands, to a page that was listed.
    ByNumber,
}

impl FaultRates {
    /// Nothing goes wrong.
    pub(crate) const NONE: Self = Self {
        throttled: 0.0,
        lost_before: 0.0,
        lost_after: 0.0,
        unreached: 0.0,
        transient: 0.0,
        expired: 0.0,
        late: 0.0,
        unread: 0.0,
        added_again: 0.0,
        lag: Duration::ZERO,
        same_request_ids: false,
        paging: Paging::AfterTheLast,
        gone_between_pages: 0.0,
    };

    /// A usual day: every way of a call's life is met now and then.
    pub(crate) const SOME: Self = Self {
        throttled: 0.05,
        lost_before: 0.03,
        lost_after: 0.03,
        transient: 0.02,
        late: 0.02,
        lag: Duration::from_secs(2),
        ..Self::NONE
    };

    /// A bad one.
    pub(crate) const MANY: Self = Self {
        throttled: 0.15,
        lost_before: 0.1,
        lost_after: 0.1,
        unreached: 0.05,
        transient: 0.1,
        expired: 0.02,
        late: 0.1,
        unread: 0.1,
        lag: Duration::from_secs(120),
        ..Self::NONE
    };
}

/// What becomes of one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delivery {
    /// After how long it arrives; never, if absent.
    pub(crate) arrives: Option<Duration>,
    /// After how long it arrives once more.
    pub(crate) again: Option<Duration>,
    /// After how long the caller hears of it.
    pub(crate) heard: Duration,
    /// What the caller hears in place of the cloud's own answer.
    pub(crate) error: Option<ErrorClass>,
    /// How long the provider asks to wait.
    pub(crate) retry_after: Option<Duration>,
}

/// The longest that a request waits for its answer.
const DEADLINE: Duration = Duration::from_secs(30);

impl Delivery {
    /// What becomes of a mutating request.
    pub(crate) fn of_call(rates: &FaultRates, rng: &mut Rng) -> Self {
        let way = millis(rng, 5..80);
        let heard = way + millis(rng, 5..80);
        let safe = Self { arrives: Some(way), again: None, heard, error: None, retry_after: None };
        let late = rng.f64() < rates.late;
        let again = late.then(|| Duration::from_millis(rng.u64(100..1_200_000)));
        let deliveries = [
            (rates.throttled, ErrorClass::Throttled, None, heard),
            (rates.unreached, ErrorClass::Unreached, None, heard),
            (rates.expired, ErrorClass::Expired, None, heard),
            (rates.lost_before, ErrorClass::Lost, None, DEADLINE),
            (rates.lost_after, ErrorClass::Lost, Some(way), DEADLINE),
            (rates.transient / 2.0, ErrorClass::Transient, None, heard),
            (rates.transient / 2.0, ErrorClass::Transient, Some(way), heard),
        ];
        let mut draw = rng.f64();
        for (share, class, arrives, heard) in deliveries {
            if draw < share {
                let asked = class == ErrorClass::Throttled && rng.f64() < 0.2;
                let retry_after = asked.then(|| Duration::from_secs(rng.u64(0..400)));
                let again = again.filter(|_| arrives.is_some());
                return Self { arrives, again, heard, error: Some(class), retry_after };
            }
            draw -= share;
        }
        Self { again, ..safe }
    }

    /// What becomes of a read.
    pub(crate) fn of_read(rates: &FaultRates, rng: &mut Rng) -> Self {
        let heard = millis(rng, 10..160);
        let classes =
            [ErrorClass::Lost, ErrorClass::Transient, ErrorClass::Throttled, ErrorClass::Resign];
        let unread = rng.f64() < rates.unread;
        let error = unread.then(|| classes[rng.usize(0..classes.len())]);
        Self { arrives: None, again: None, heard, error, retry_after: None }
    }

    /// The error that the caller hears.
    pub(crate) fn refusal(&self) -> Option<CloudError> {
        self.error.map(|class| CloudError { retry_after: self.retry_after, ..refusal(class) })
    }
}

/// An error of this class.
pub(crate) fn refusal(class: ErrorClass) -> CloudError {
    CloudError::local(class, &format!("{class:?}"), "as drawn")
}

fn millis(rng: &mut Rng, range: std::ops::Range<u64>) -> Duration {
    Duration::from_millis(rng.u64(range))
}
