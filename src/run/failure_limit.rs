//! The limit of failures: a run with more of them is stopped.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Operation;

/// How many rules of a run failed, and how many may.
#[derive(Debug, Default)]
pub struct FailureLimit {
    allowed: Option<u64>,
    seen: AtomicU64,
}

impl FailureLimit {
    /// A limit of this many failures; `None` never stops.
    pub fn new(allowed: Option<u64>) -> Self {
        Self { allowed, seen: AtomicU64::new(0) }
    }

    /// Counts `n` failures; true if there are now too many.
    pub fn add(&self, n: u64) -> bool {
        let seen = self.seen.fetch_add(n, Ordering::Relaxed) + n;
        self.allowed.is_some_and(|allowed| seen > allowed)
    }

    /// Why the run was stopped, if there were too many.
    pub fn verdict(&self, operation: Operation) -> Option<String> {
        let seen = self.seen.load(Ordering::Relaxed);
        let allowed = self.allowed.filter(|allowed| seen > *allowed)?;
        Some(format!("{seen} {} failed, max_failures allows {allowed}", operation.noun()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_stops_at_the_first_failure_too_many() {
        let failures = FailureLimit::new(Some(5));
        assert!(!failures.add(5));
        assert!(failures.verdict(Operation::Revoke).is_none());
        assert!(failures.add(1));
        assert!(failures.verdict(Operation::Revoke).is_some());
        assert!(!FailureLimit::new(None).add(1_000));
    }
}
