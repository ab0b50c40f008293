//! What to do after a failed exchange: one `match`.

use std::time::Duration;

use tokio::time::Instant;

use crate::model::ErrorClass;

/// How often and how patiently a call is sent again.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// Sends of one request before it is given up; refusals by the rate limit do not count.
    pub attempts: u32,
    /// Sends that this machine was too short of something for, before one request is given up.
    pub waits: u32,
    /// First bound of the jittered delay after a fault.
    pub fault_base: Duration,
    /// Last bound of it.
    pub cap: Duration,
    /// The longest `Retry-After` that is honoured; a longer one is cut to this.
    pub longest_wait: Duration,
    /// How long one request may be refused by the rate limit before its lane is left alone.
    pub longest_throttling: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 6,
            waits: 20,
            fault_base: Duration::from_millis(200),
            cap: Duration::from_secs(20),
            longest_wait: Duration::from_secs(120),
            longest_throttling: Duration::from_secs(30 * 60),
        }
    }
}

/// What became of one request so far, in this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tries {
    /// Sends that failed for another reason than those below.
    pub faults: u32,
    /// The first refusal by the rate limit of those that follow each other now.
    pub throttled_since: Option<Instant>,
    /// Refusals because the credentials expired.
    pub expiries: u32,
    /// Sends that this machine was too short of something for.
    pub waits: u32,
}

impl Tries {
    /// Counts a send that failed at `now`.
    pub fn count(&mut self, class: ErrorClass, now: Instant) {
        if class == ErrorClass::Throttled {
            self.throttled_since.get_or_insert(now);
            return;
        }
        self.throttled_since = None;
        match class {
            ErrorClass::Expired => self.expiries += 1,
            ErrorClass::Scarce => self.waits += 1,
            _ => self.faults += 1,
        }
    }

    /// How long refusals by the rate limit have followed each other.
    fn throttled_for(&self, now: Instant) -> Duration {
        self.throttled_since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }
}

/// What to do after a failed exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was not carried out: send it again after this long.
    Again(Duration),
    /// Refused by the rate limit: send it again when the lane's pace allows it.
    Throttled,
    /// Get fresh credentials, then send it again.
    Refresh,
    /// Stop acting as this account; the call stays to be done.
    LeaveAlone,
    /// It may have been carried out: only a read can tell.
    Ambiguous,
    /// Something that it names is not there: only a read can tell what.
    ReadFirst,
    /// Refused for good.
    GiveUp,
}

impl RetryPolicy {
    /// The verdict on a mutating call that failed at `now`.
    ///
    /// ```
    /// use tokio::time::Instant;
    /// use unpair::model::ErrorClass;
    /// use unpair::pace::{RetryPolicy, Tries, Verdict};
    ///
    /// let verdict = |class| {
    ///     RetryPolicy::default().after_call(class, Tries::default(), None, 0.5, Instant::now())
    /// };
    /// // It may have been carried out, so it is not sent again before a read.
    /// assert_eq!(verdict(ErrorClass::Lost), Verdict::Ambiguous);
    /// // It never left, so it may go again.
    /// assert!(matches!(verdict(ErrorClass::Unreached), Verdict::Again(_)));
    /// ```
    ///
    /// `tries` is what became of its earlier sends, `random` is in `[0, 1)`.
    pub fn after_call(
        &self,
        class: ErrorClass,
        tries: Tries,
        retry_after: Option<Duration>,
        random: f64,
        now: Instant,
    ) -> Verdict {
        let attempt = tries.faults + 1;
        match class {
            ErrorClass::Throttled if tries.throttled_for(now) < self.longest_throttling => {
                Verdict::Throttled
            }
            ErrorClass::Throttled => Verdict::LeaveAlone,
            ErrorClass::Unreached | ErrorClass::Resign if attempt < self.attempts => {
                Verdict::Again(self.fault_delay(attempt, retry_after, random))
            }
            ErrorClass::Unreached | ErrorClass::Resign => Verdict::LeaveAlone,
            ErrorClass::Scarce if tries.waits < self.waits => {
                Verdict::Again(self.fault_delay(tries.waits + 1, None, random))
            }
            ErrorClass::Scarce => Verdict::LeaveAlone,
            ErrorClass::Transient | ErrorClass::Lost => Verdict::Ambiguous,
            ErrorClass::Expired if tries.expiries == 0 => Verdict::Refresh,
            ErrorClass::Expired
            | ErrorClass::ClockSkew
            | ErrorClass::Credential
            | ErrorClass::Denied
            | ErrorClass::NotOurs
            | ErrorClass::Config => Verdict::LeaveAlone,
            ErrorClass::RuleMissing
            | ErrorClass::GroupMissing
            | ErrorClass::PeerMissing
            | ErrorClass::TokenReused => Verdict::ReadFirst,
            ErrorClass::Managed | ErrorClass::Refused | ErrorClass::PageExpired => Verdict::GiveUp,
        }
    }

    /// The verdict on a failed read: as for a call, but what may have been carried out is simply
    /// sent again, and what is missing is an answer.
    pub fn after_read(
        &self,
        class: ErrorClass,
        tries: Tries,
        retry_after: Option<Duration>,
        random: f64,
        now: Instant,
    ) -> Verdict {
        let attempt = tries.faults + 1;
        match class {
            ErrorClass::Transient | ErrorClass::Lost if attempt < self.attempts => {
                Verdict::Again(self.fault_delay(attempt, retry_after, random))
            }
            ErrorClass::Transient | ErrorClass::Lost => Verdict::GiveUp,
            ErrorClass::Unreached | ErrorClass::Resign if attempt >= self.attempts => {
                Verdict::GiveUp
            }
            other => match self.after_call(other, tries, retry_after, random, now) {
                Verdict::ReadFirst => Verdict::GiveUp,
                verdict => verdict,
            },
        }
    }

    fn fault_delay(&self, attempt: u32, asked: Option<Duration>, random: f64) -> Duration {
        self.delay(self.fault_base, attempt.saturating_sub(1), asked, random)
    }

    /// Full jitter: anything from nothing to the bound, but never less than was asked for.
    fn delay(&self, base: Duration, n: u32, asked: Option<Duration>, random: f64) -> Duration {
        let bound = base.saturating_mul(1 << n.min(16)).min(self.cap);
        let jittered = bound.mul_f64(random.clamp(0.0, 1.0));
        asked.map_or(jittered, |asked| asked.min(self.longest_wait) + jittered / 4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: fn() -> RetryPolicy = RetryPolicy::default;

    fn call(class: ErrorClass, attempt: u32) -> Verdict {
        POLICY().after_call(class, after(attempt - 1), None, 0.5, Instant::now())
    }

    fn after(faults: u32) -> Tries {
        Tries { faults, ..Tries::default() }
    }

    #[test]
    fn a_lost_answer_is_never_answered_by_a_blind_retry() {
        assert_eq!(call(ErrorClass::Lost, 1), Verdict::Ambiguous);
        assert_eq!(call(ErrorClass::Transient, 1), Verdict::Ambiguous);
    }

    #[test]
    fn a_read_that_got_lost_is_read_again_until_the_attempts_are_used_up() {
        let read = |attempt: u32| {
            POLICY().after_read(ErrorClass::Lost, after(attempt - 1), None, 0.5, Instant::now())
        };
        assert_eq!(read(1), Verdict::Again(Duration::from_millis(100)));
        assert_eq!(read(6), Verdict::GiveUp);
    }

    #[test]
    fn a_shortage_of_this_machine_is_waited_for_and_costs_no_attempts() {
        let now = Instant::now();
        let mut tries = Tries::default();
        for _ in 0..20 {
            let verdict = POLICY().after_call(ErrorClass::Scarce, tries, None, 0.5, now);
            assert!(matches!(verdict, Verdict::Again(_)), "{verdict:?}");
            tries.count(ErrorClass::Scarce, now);
        }
        let verdict = |class| POLICY().after_call(class, tries, None, 0.5, now);
        assert_eq!(verdict(ErrorClass::Scarce), Verdict::LeaveAlone);
        assert!(matches!(verdict(ErrorClass::Unreached), Verdict::Again(_)));
    }

    #[test]
    fn throttling_costs_time_but_no_attempts() {
        let now = Instant::now();
        let mut tries = Tries { faults: 1_000, throttled_since: Some(now), expiries: 0, waits: 0 };
        let verdict = |tries, seconds| {
            let later = now + Duration::from_secs(seconds);
            POLICY().after_call(ErrorClass::Throttled, tries, None, 0.5, later)
        };
        assert_eq!(verdict(tries, 1_799), Verdict::Throttled);
        assert_eq!(
            verdict(tries, 1_800),
            Verdict::LeaveAlone,
            "half an hour of nothing but refusals"
        );
        tries.count(ErrorClass::Unreached, now);
        assert_eq!(verdict(tries, 1_800), Verdict::Throttled, "something else came between");
    }

    #[test]
    fn what_the_provider_asks_for_is_waited_up_to_two_minutes() {
        for (asked, at_least, below) in [(5, 5, 6), (3_600, 120, 121)] {
            let asked = Some(Duration::from_secs(asked));
            let Verdict::Again(delay) =
                POLICY().after_call(ErrorClass::Unreached, after(0), asked, 0.9, Instant::now())
            else {
                panic!("a provider that could not be reached is tried again");
            };
            assert!(delay >= Duration::from_secs(at_least), "{delay:?}");
            assert!(delay < Duration::from_secs(below), "{delay:?}");
        }
    }

    #[test]
    fn wrong_credentials_stop_the_account_and_expired_ones_are_refreshed_once() {
        assert_eq!(call(ErrorClass::Credential, 1), Verdict::LeaveAlone);
        let now = Instant::now();
        let mut tries = Tries { faults: 3, throttled_since: Some(now), expiries: 0, waits: 0 };
        let expired = |tries| POLICY().after_call(ErrorClass::Expired, tries, None, 0.5, now);
        assert_eq!(expired(tries), Verdict::Refresh, "whatever came before");
        tries.count(ErrorClass::Expired, now);
        assert_eq!(expired(tries), Verdict::LeaveAlone);
    }

    #[test]
    fn refusals_by_the_rate_limit_and_expiries_are_no_faults() {
        let mut tries = Tries::default();
        let now = Instant::now();
        for second in 0..20 {
            tries.count(ErrorClass::Throttled, now + Duration::from_secs(second));
        }
        assert_eq!((tries.faults, tries.throttled_since), (0, Some(now)));
        tries.count(ErrorClass::Expired, now);
        tries.count(ErrorClass::Unreached, now);
        assert_eq!(tries, Tries { faults: 1, throttled_since: None, expiries: 1, waits: 0 });
    }
}
