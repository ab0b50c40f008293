//! The guard that stops a run with too many failures.

use std::sync::atomic::{AtomicU64, Ordering};

/// Failures of a run against their limit.
#[derive(Debug, Default)]
pub struct Failures {
    allowed: Option<u64>,
    seen: AtomicU64,
}

impl Failures {
    /// A guard that allows this many failures; `None` never stops.
    pub fn new(allowed: Option<u64>) -> Self {
        Self { allowed, seen: AtomicU64::new(0) }
    }

    /// Counts `n` failures; true if there are now too many.
    pub fn add(&self, n: u64) -> bool {
        let seen = self.seen.fetch_add(n, Ordering::Relaxed) + n;
        self.allowed.is_some_and(|allowed| seen > allowed)
    }

    /// Why the run was stopped, if there were too many.
    pub fn verdict(&self) -> Option<String> {
        let seen = self.seen.load(Ordering::Relaxed);
        let allowed = self.allowed.filter(|allowed| seen > *allowed)?;
        Some(format!("{seen} revocations failed, max_failures allows {allowed}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_stops_at_the_first_failure_too_many() {
        let failures = Failures::new(Some(5));
        assert!(!failures.add(5));
        assert!(failures.verdict().is_none());
        assert!(failures.add(1));
        assert!(failures.verdict().is_some());
        assert!(!Failures::new(None).add(1_000));
    }
}
