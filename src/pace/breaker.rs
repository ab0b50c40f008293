//! The circuit breaker of a lane: when its endpoint fails, fewer calls go out, then one at a time, then
//! none.
//!
//! This is a pure state machine, as [`super::learn`] is: times are seconds of one clock, and randomness is
//! handed in. Refusals by the rate limit do not count as faults, nor does anything else that an endpoint
//! answers in good order.

use super::learn::{NextCall, Seconds};

/// Faults in a row after which calls go out one at a time, each after a pause.
const SUSPECT: u32 = 5;
/// Faults in a row after which the lane is left alone: what a bad endpoint costs at the most.
pub const GIVEN_UP: u32 = 8;
/// From the call that made it suspect to the first probe, in seconds.
const PAUSE: Seconds = 4.0;
/// By how much each further pause is longer. The pauses together survive an outage of almost a minute;
/// where calls hang, the hanging itself takes that time.
const GROWTH: Seconds = 3.0;

/// How a call ended, as far as that says something of the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallEnd {
    /// It answered in good order, whatever it said.
    Answered,
    /// It hung, broke down, answered garbage or could not be reached.
    Fault,
    /// The call was not made, or given up before its answer.
    Unknown,
}

/// The faults of one lane that follow each other.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    faults: u32,
    in_flight: u32,
    /// Whether the one call in flight is a probe of a suspect endpoint.
    is_probing: bool,
    open_at: Seconds,
}

impl Breaker {
    /// When the next call may go out. Once left alone, nothing is held back: whoever asks is told
    /// elsewhere that the lane is left alone.
    pub(super) fn next(&self, now: Seconds) -> NextCall {
        match self.faults {
            0 | GIVEN_UP.. => NextCall::Now,
            // No more in flight than it takes to make it suspect.
            1..SUSPECT if self.faults + self.in_flight < SUSPECT => NextCall::Now,
            SUSPECT.. if self.in_flight == 0 && self.open_at > now => NextCall::At(self.open_at),
            SUSPECT.. if self.in_flight == 0 => NextCall::Now,
            _ => NextCall::Reply,
        }
    }

    /// A call goes out.
    pub(super) fn sent(&mut self) {
        self.in_flight += 1;
        self.is_probing = self.is_suspect();
    }

    /// A call ended that was sent at `sent_at`. Returns whether the lane is left alone now.
    pub(super) fn ended(&mut self, end: CallEnd, sent_at: Seconds, random: f64) -> bool {
        let was_probe = std::mem::take(&mut self.is_probing);
        self.in_flight = self.in_flight.saturating_sub(1);
        match end {
            CallEnd::Unknown => {}
            CallEnd::Answered => self.faults = 0,
            // Of calls that were in flight when it became suspect, nothing new is learned.
            CallEnd::Fault if self.is_suspect() && !was_probe => {}
            CallEnd::Fault => self.count(sent_at, random),
        }
        self.faults >= GIVEN_UP
    }

    fn is_suspect(&self) -> bool {
        self.faults >= SUSPECT
    }

    fn count(&mut self, sent_at: Seconds, random: f64) {
        self.faults += 1;
        if let Some(probes) = self.faults.checked_sub(SUSPECT) {
            let pause = PAUSE * GROWTH.powi(probes.cast_signed());
            self.open_at = sent_at + pause * (0.75 + 0.5 * random);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A breaker after `faults` faults in a row, each call sent once the one before had ended and
    /// its pause was over.
    fn after(faults: u32) -> (Breaker, Seconds) {
        let (mut breaker, mut now) = (Breaker::default(), 0.0);
        for _ in 0..faults {
            if let NextCall::At(at) = breaker.next(now) {
                now = at;
            }
            assert_eq!(breaker.next(now), NextCall::Now);
            breaker.sent();
            breaker.ended(CallEnd::Fault, now, 0.5);
        }
        (breaker, now)
    }

    #[test]
    fn five_faults_in_a_row_make_a_pause_and_then_one_call_at_a_time() {
        let (mut breaker, now) = after(5);
        assert_eq!(breaker.next(now), NextCall::At(4.0));
        assert_eq!(breaker.next(4.0), NextCall::Now);
        breaker.sent();
        assert_eq!(breaker.next(1_000.0), NextCall::Reply, "one probe");
    }

    #[test]
    fn one_answer_closes_it_again() {
        for faults in 1..GIVEN_UP {
            let (mut breaker, now) = after(faults);
            breaker.sent();
            assert!(!breaker.ended(CallEnd::Answered, now, 0.5));
            for _ in 0..100 {
                assert_eq!(breaker.next(now), NextCall::Now, "after {faults} faults");
                breaker.sent();
            }
        }
    }

    #[test]
    fn each_pause_is_longer_and_the_eighth_fault_is_the_last() {
        let (mut breaker, now) = after(7);
        assert!((now - (4.0 + 12.0)).abs() < 1e-9, "{now}");
        assert_eq!(breaker.next(now), NextCall::At(now + 36.0));
        breaker.sent();
        assert!(breaker.ended(CallEnd::Fault, now + 36.0, 0.5), "left alone");
        assert_eq!(breaker.next(now), NextCall::Now, "nobody is kept waiting");
    }

    #[test]
    fn a_call_that_hung_for_longer_than_the_pause_is_followed_at_once() {
        let (mut breaker, now) = after(4);
        breaker.sent();
        breaker.ended(CallEnd::Fault, now, 0.5);
        assert_eq!(breaker.next(now + 30.0), NextCall::Now);
    }

    #[test]
    fn pauses_are_jittered_by_a_quarter() {
        for (random, pause) in [(0.0, 3.0), (1.0, 5.0)] {
            let (mut breaker, now) = after(4);
            breaker.sent();
            breaker.ended(CallEnd::Fault, now, random);
            assert_eq!(breaker.next(now), NextCall::At(pause));
        }
    }

    #[test]
    fn a_doubtful_endpoint_gets_no_more_calls_than_it_takes_to_make_it_suspect() {
        let mut breaker = Breaker::default();
        let (mut sent, width) = (0, 4);
        for _ in 0..SUSPECT {
            while breaker.in_flight < width && breaker.next(0.0) == NextCall::Now {
                breaker.sent();
                sent += 1;
            }
            breaker.ended(CallEnd::Fault, 0.0, 0.5);
        }
        assert_eq!((sent, breaker.in_flight), (SUSPECT, 0));
    }

    #[test]
    fn many_calls_that_fail_at_once_are_one_reason_to_look_again_and_no_more() {
        let mut breaker = Breaker::default();
        (0..32).for_each(|_| breaker.sent());
        let left_alone = (0..32).any(|_| breaker.ended(CallEnd::Fault, 0.0, 0.5));
        assert!(!left_alone);
        assert_eq!(breaker.next(0.0), NextCall::At(4.0));
    }

    #[test]
    fn a_probe_that_is_given_up_tells_nothing_and_lets_the_next_one_go() {
        let (mut breaker, _) = after(5);
        breaker.sent();
        assert!(!breaker.ended(CallEnd::Unknown, 4.0, 0.5));
        assert_eq!(breaker.next(4.0), NextCall::Now);
    }
}
