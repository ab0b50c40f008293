//! Request limits: a token bucket for each account, region and action.

use std::collections::HashMap;

use tokio::time::Instant;

/// How many calls an action may take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// Calls per second.
    pub rate: f64,
    /// Calls at once after a pause; at least 1.
    pub burst: u32,
}

/// What a bucket belongs to: account, region, action.
type BucketKey = (String, String, String);

/// The buckets; they start full.
#[derive(Debug)]
pub(super) struct Limiter {
    limit: Option<Limit>,
    buckets: HashMap<BucketKey, (f64, Instant)>,
}

impl Limiter {
    pub(super) fn new(limit: Option<Limit>) -> Self {
        Self { limit, buckets: HashMap::new() }
    }

    /// Takes a token of the bucket; false if there is none.
    pub(super) fn admits(
        &mut self,
        account: &str,
        region: &str,
        action: &str,
        now: Instant,
    ) -> bool {
        let Some(limit) = self.limit else { return true };
        let full = f64::from(limit.burst.max(1));
        let key = (account.to_owned(), region.to_owned(), action.to_owned());
        let (tokens, since) = self.buckets.entry(key).or_insert((full, now));
        *tokens = (*tokens + now.duration_since(*since).as_secs_f64() * limit.rate).min(full);
        *since = now;
        let admitted = *tokens >= 1.0;
        if admitted {
            *tokens -= 1.0;
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_account_region_and_action_has_its_own_bucket() {
        let now = Instant::now();
        let mut limiter = Limiter::new(Some(Limit { rate: 2.0, burst: 1 }));
        assert!(limiter.admits("1", "r", "A", now));
        assert!(!limiter.admits("1", "r", "A", now));
        for (account, region, action) in [("2", "r", "A"), ("1", "s", "A"), ("1", "r", "B")] {
            assert!(limiter.admits(account, region, action, now));
        }
        assert!(!limiter.admits("1", "r", "A", now + Duration::from_millis(400)));
        assert!(limiter.admits("1", "r", "A", now + Duration::from_millis(600)));
    }
}
