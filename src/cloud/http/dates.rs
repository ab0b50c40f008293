//! The clocks of the hosts that answer, as their `Date` headers tell.
//!
//! A `Date` is cut to whole seconds, so that one answer says of this machine's clock only within
//! which second, and a round trip, it is ahead; what several answers say is cut from each other.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// Seconds; of a clock that is behind, below 0.
type Ahead = f64;

/// A clock that is off by less is not what a provider refused.
const MATTERS: Ahead = 60.0;

/// This machine's clock.
pub(super) type Wall = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// When a request is signed, by the clock of the host that it is for.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    /// The time to sign.
    pub time: SystemTime,
    is_corrected: bool,
}

/// What is known of the hosts' clocks. Cheap to clone.
#[derive(Clone)]
pub(super) struct Dates {
    wall: Wall,
    hosts: Arc<Mutex<HashMap<String, HostClock>>>,
}

/// How far this machine's clock is ahead of a host's.
#[derive(Debug, Default)]
struct HostClock {
    /// The last date that was read: the answers of one second have the same.
    last: Option<(String, SystemTime)>,
    /// At least and at most.
    ahead: Option<(Ahead, Ahead)>,
    /// Taken off what is signed, once the host refused a signature for its time.
    correction: Option<Ahead>,
}

impl HostClock {
    fn read(&mut self, date: &str) -> Option<SystemTime> {
        if let Some((text, time)) = &self.last
            && text == date
        {
            return Some(*time);
        }
        let time = SystemTime::from(jiff::fmt::rfc2822::parse(date).ok()?.timestamp());
        self.last = Some((date.to_owned(), time));
        Some(time)
    }
}

impl Dates {
    pub(super) fn new(wall: Wall) -> Self {
        Self { wall, hosts: Arc::default() }
    }

    /// This machine's time.
    pub(super) fn now(&self) -> SystemTime {
        (self.wall)()
    }

    /// An answer of `host` to what was sent at `sent` has this `date`.
    pub(super) fn note(&self, host: &str, sent: SystemTime, date: &str) {
        let mut hosts = self.hosts();
        if !hosts.contains_key(host) {
            hosts.insert(host.to_owned(), HostClock::default());
        }
        let Some(clock) = hosts.get_mut(host) else { return };
        let Some(date) = clock.read(date) else { return };
        let seen = (seconds_after(sent, date) - 1.0, seconds_after(self.now(), date));
        let both = clock.ahead.map(|ahead| (ahead.0.max(seen.0), ahead.1.min(seen.1)));
        // Where they exclude each other, one of the clocks was set meanwhile.
        clock.ahead = Some(both.filter(|(least, most)| least <= most).unwrap_or(seen));
    }

    /// The time of `host`, if it ever told; this machine's, as long as that may be the same.
    pub(super) fn time_of(&self, host: &str) -> Option<SystemTime> {
        let ahead = self.hosts().get(host)?.ahead.map(likely)?;
        Some(earlier(self.now(), ahead))
    }

    /// When to sign what is sent to `host`.
    pub(super) fn stamp(&self, host: &str) -> Stamp {
        let correction = self.hosts().get(host).and_then(|clock| clock.correction);
        let time = earlier(self.now(), correction.unwrap_or(0.0));
        Stamp { time, is_corrected: correction.is_some() }
    }

    /// `host` refused a signature of this `stamp` for its time. Returns whether it is worth to sign
    /// again: once its clock is known, and only with the first correction.
    pub(super) fn resync(&self, host: &str, stamp: Stamp) -> bool {
        if stamp.is_corrected {
            return false;
        }
        let mut hosts = self.hosts();
        let Some(clock) = hosts.get_mut(host) else { return false };
        let measured = clock.ahead.map(likely).filter(|ahead| ahead.abs() >= MATTERS);
        clock.correction = clock.correction.or(measured);
        clock.correction.is_some()
    }

    fn hosts(&self) -> MutexGuard<'_, HashMap<String, HostClock>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Dates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dates").field("hosts", &self.hosts()).finish_non_exhaustive()
    }
}

/// No difference, where that is possible; else the middle.
fn likely((least, most): (Ahead, Ahead)) -> Ahead {
    if least <= 0.0 && most >= 0.0 { 0.0 } else { f64::midpoint(least, most) }
}

fn seconds_after(time: SystemTime, earlier: SystemTime) -> Ahead {
    match time.duration_since(earlier) {
        Ok(after) => after.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    }
}

fn earlier(time: SystemTime, by: Ahead) -> SystemTime {
    let apart = Duration::from_secs_f64(by.abs());
    let moved = if by < 0.0 { time.checked_add(apart) } else { time.checked_sub(apart) };
    moved.unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
    use std::time::UNIX_EPOCH;

    use super::*;

    /// True time in milliseconds, and dates of a machine whose clock is ahead of it.
    fn ahead_by(ms: i64) -> (Arc<AtomicU64>, Dates) {
        let now = Arc::new(AtomicU64::new(1_800_000_000_300));
        let clock = Arc::clone(&now);
        let wall = move || {
            let shown = clock.load(SeqCst).checked_add_signed(ms).expect("after 1970");
            UNIX_EPOCH + Duration::from_millis(shown)
        };
        (now, Dates::new(Arc::new(wall)))
    }

    /// One answer after 80 ms, dated as servers do: cut to a second.
    fn answer(now: &AtomicU64, dates: &Dates) {
        let sent = dates.now();
        let half = now.fetch_add(40, SeqCst) + 40;
        now.fetch_add(40, SeqCst);
        let date = jiff::Timestamp::from_second(i64::try_from(half / 1_000).expect("a time"));
        let date = date.expect("a time").strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        dates.note("h", sent, &date);
    }

    fn off(now: &AtomicU64, dates: &Dates) -> f64 {
        let truth = UNIX_EPOCH + Duration::from_millis(now.load(SeqCst));
        seconds_after(dates.time_of("h").expect("it answered"), truth)
    }

    #[test]
    fn answers_of_a_few_seconds_tell_a_clock_to_a_tenth_of_a_second() {
        for ms in [-90_000, -1_500, 1_500, 3_600_000] {
            let (now, dates) = ahead_by(ms);
            assert!(dates.time_of("h").is_none());
            for _ in 0..30 {
                answer(&now, &dates);
                now.fetch_add(170, SeqCst);
            }
            assert!(off(&now, &dates).abs() < 0.1, "{ms}: {}", off(&now, &dates));
        }
    }

    #[test]
    fn a_clock_that_may_be_right_is_left_alone() {
        let (now, dates) = ahead_by(10);
        answer(&now, &dates);
        assert!((off(&now, &dates) - 0.010).abs() < 1e-6);
    }

    #[test]
    fn a_clock_that_was_set_is_learned_anew() {
        let (now, dates) = ahead_by(0);
        answer(&now, &dates);
        let later = Dates { wall: ahead_by(7_200_000).1.wall, ..dates };
        answer(&now, &later);
        assert!(off(&now, &later).abs() < 1.0);
    }

    #[test]
    fn a_refused_time_is_corrected_once_and_only_if_the_clock_is_off() {
        for (ms, is_worth_it) in [(1_200_000, true), (-1_200_000, true), (20_000, false)] {
            let (now, dates) = ahead_by(ms);
            let first = dates.stamp("h");
            assert!(!dates.resync("h", first), "nothing is known yet");
            answer(&now, &dates);
            assert_eq!(dates.resync("h", first), is_worth_it, "{ms}");
            // So is that of another request that was signed before.
            assert_eq!(dates.resync("h", first), is_worth_it, "{ms}");
            let second = dates.stamp("h");
            assert!(!is_worth_it || !dates.resync("h", second), "{ms}");
        }
    }
}
