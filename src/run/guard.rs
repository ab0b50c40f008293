//! The guard that stops a run with too many failures.

use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::model::BadValue;

/// How many failures are too many: `--max-failures N` or `P%` of the planned revocations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureLimit {
    /// More than this many.
    Count(u64),
    /// More than this share of the plan, in percent.
    Percent(u8),
}

impl FromStr for FailureLimit {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let bad = || BadValue::new(text, "a number of failures such as 10, or a share such as 5%");
        match text.strip_suffix('%') {
            Some(share) => match share.parse() {
                Ok(share) if share <= 100 => Ok(Self::Percent(share)),
                _ => Err(bad()),
            },
            None => text.parse().map(Self::Count).map_err(|_| bad()),
        }
    }
}

/// Failures of a run against their limit.
#[derive(Debug, Default)]
pub struct Failures {
    allowed: Option<u64>,
    seen: AtomicU64,
}

impl Failures {
    /// A guard for a plan of `planned` revocations; `None` never stops.
    pub fn new(limit: Option<FailureLimit>, planned: u64) -> Self {
        let allowed = limit.map(|limit| match limit {
            FailureLimit::Count(count) => count,
            FailureLimit::Percent(share) => planned.saturating_mul(u64::from(share)) / 100,
        });
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
        Some(format!("{seen} revocations failed, --max-failures allows {allowed}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_of_the_plan() {
        let failures = Failures::new(Some("10%".parse().expect("a share")), 50);
        assert!(!failures.add(5));
        assert!(failures.verdict().is_none());
        assert!(failures.add(1));
        assert!(failures.verdict().is_some());
    }

    #[test]
    fn limits_are_counts_or_shares() {
        assert_eq!("7".parse(), Ok(FailureLimit::Count(7)));
        for bad in ["", "x", "101%", "-1", "%"] {
            assert!(bad.parse::<FailureLimit>().is_err(), "{bad}");
        }
    }
}
