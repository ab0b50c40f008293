//! Whether a request may be sent again with the token it had.

use std::time::Duration;

use crate::exchange::Moment;

/// For how long a token is trusted to be known to the provider. No lifetime is documented for
/// ECS; the shortest that any service states is hours.
const TOKEN_LIFE: Duration = Duration::from_secs(10 * 60);

/// Why a request must not be sent again with its token, if so. `first_sent` is absent for one that
/// an earlier process sent: the wall clock, which may have been set since, is all there is to tell
/// how long ago that was.
pub(super) fn lapse(first_sent: Option<&Moment>, now: &Moment) -> Option<String> {
    let Some(first_sent) = first_sent else {
        return Some("it was first sent by an earlier process, so its age is not known".to_owned());
    };
    if now.jumped_since(first_sent) {
        return Some("a clock jumped since its first send, so its age is not known".to_owned());
    }
    let age = now.at.saturating_duration_since(first_sent.at);
    (age > TOKEN_LIFE).then(|| format!("its first send was {} s ago", age.as_secs()))
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    /// Sent a while ago: by the wall clock, and by the monotonic one.
    fn lapsed(wall_s: i64, passed_s: u64) -> bool {
        let first_sent = Moment { wall_ms: 0, at: Instant::now() };
        let at = first_sent.at + Duration::from_secs(passed_s);
        lapse(Some(&first_sent), &Moment { wall_ms: wall_s * 1_000, at }).is_some()
    }

    #[test]
    fn a_request_keeps_its_token_for_ten_minutes() {
        assert!(!lapsed(0, 0));
        assert!(!lapsed(600, 600));
        assert!(lapsed(601, 601));
        assert!(lapsed(590, 601), "a wall clock that is slow hides nothing");
    }

    #[test]
    fn a_clock_that_jumps_makes_every_age_unknown() {
        for (wall_s, passed_s) in [(7_200 + 5, 5), (-10_800 + 5, 5), (900 + 5, 5), (5, 120)] {
            assert!(lapsed(wall_s, passed_s), "{wall_s} {passed_s}");
        }
    }

    #[test]
    fn the_age_of_an_earlier_process_s_request_is_not_known() {
        let now = Moment { wall_ms: 0, at: Instant::now() };
        assert!(lapse(None, &now).is_some());
    }
}
