//! How old a request may be that is sent again with the token it had.

use std::time::Duration;

use crate::exchange::Moment;

/// For how long a token is trusted to be known to the provider. No lifetime is documented for
/// ECS; the shortest that any service states is hours.
const TOKEN_LIFE: Duration = Duration::from_secs(10 * 60);

/// Why a request first sent at `first_sent_ms` must not be sent again as it was, if so. `held` is
/// when this process first sent it, or took it over from one of which only the wall clock tells.
pub(super) fn lapse(first_sent_ms: Option<i64>, held: &Moment, now: &Moment) -> Option<String> {
    let told_ms = i128::from(now.wall_ms) - i128::from(first_sent_ms.unwrap_or(held.wall_ms));
    let held_for = now.at.saturating_duration_since(held.at);
    if now.jumped_since(held) {
        return Some("a clock jumped since its first send, so its age is not known".to_owned());
    }
    let Ok(told_ms) = u64::try_from(told_ms) else {
        return Some("its first send lies in the future, so its age is not known".to_owned());
    };
    let age = held_for.max(Duration::from_millis(told_ms));
    (age > TOKEN_LIFE).then(|| format!("its first send was {} s ago", age.as_secs()))
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    /// First sent at 0 on a wall clock that shows `wall_s` now, `held_s` seconds after this process
    /// took hold of it at `held_wall_s`.
    fn lapsed(held_wall_s: i64, wall_s: i64, held_s: u64) -> Option<String> {
        let held = Moment { wall_ms: held_wall_s * 1_000, at: Instant::now() };
        let at = held.at + Duration::from_secs(held_s);
        lapse(Some(0), &held, &Moment { wall_ms: wall_s * 1_000, at })
    }

    #[test]
    fn a_request_of_the_last_ten_minutes_keeps_its_token() {
        assert_eq!(lapsed(0, 0, 0), None);
        assert_eq!(lapsed(0, 600, 600), None);
        assert_eq!(lapsed(300, 600, 300), None, "of an earlier process");
    }

    #[test]
    fn a_request_older_than_ten_minutes_is_not_sent_as_it_was() {
        assert!(lapsed(0, 601, 601).is_some());
        assert!(lapsed(601, 601, 0).is_some(), "of an earlier process");
        assert!(lapsed(0, 590, 601).is_some(), "a wall clock that is slow hides nothing");
    }

    #[test]
    fn a_wall_clock_that_jumps_makes_every_age_unknown() {
        for (wall_s, held_s) in [(7_200 + 5, 5), (-10_800 + 5, 5), (900 + 5, 5), (5, 120)] {
            assert!(lapsed(0, wall_s, held_s).is_some(), "{wall_s} {held_s}");
        }
    }

    #[test]
    fn a_first_send_in_the_future_is_of_unknown_age() {
        assert!(lapsed(-10_800, -10_800, 0).is_some());
    }
}
