//! How fast a lane may call, as configuration says.

use std::collections::BTreeMap;

use crate::model::PerCloud;

/// The most that a lane may call one action: a bucket of `burst` calls, refilled at `rate`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ceiling {
    /// Calls per second, above 0 and finite.
    pub rate: f64,
    /// Calls that may follow each other at once, at least 1.
    pub burst: u32,
}

impl Ceiling {
    /// Seconds until the last of `calls` is admitted by a bucket that starts full.
    pub fn seconds(self, calls: u64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let waiting = calls.saturating_sub(u64::from(self.burst)) as f64;
        waiting / self.rate
    }
}

/// What bounds the calls of one action.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// A ceiling, known to be the provider's limit or wished for.
    Ceiling(Ceiling),
    /// A limit that nobody told: it begins at 5 calls a second and is learned.
    Auto,
    /// No limit: nothing is held back before the provider refuses a call.
    Off,
}

impl Limit {
    /// The ceiling, if there is one.
    pub fn ceiling(self) -> Option<Ceiling> {
        match self {
            Self::Ceiling(ceiling) => Some(ceiling),
            Self::Auto | Self::Off => None,
        }
    }
}

/// The limits of one cloud; each lane has its own buckets.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitSettings {
    /// Of actions without one of their own.
    pub default: Limit,
    /// Calls of a lane that may be under way at once, at least 1.
    pub in_flight: usize,
    /// By action, as the provider spells it.
    pub actions: BTreeMap<String, Limit>,
}

impl LimitSettings {
    /// Calls under way at once unless configuration says otherwise.
    pub const IN_FLIGHT: usize = 4;

    /// What `in_flight = "off"` means: more than any lane ever has, and not too many for a
    /// channel or a semaphore.
    pub const NO_IN_FLIGHT_LIMIT: usize = 1 << 20;

    /// The limit of `action`.
    pub fn limit(&self, action: &str) -> Limit {
        self.actions.get(action).copied().unwrap_or(self.default)
    }

    /// The ceiling of `action`; `None` is no ceiling.
    pub fn ceiling(&self, action: &str) -> Option<Ceiling> {
        self.limit(action).ceiling()
    }

    /// The limits of each cloud unless configuration says otherwise.
    pub fn defaults() -> PerCloud<Self> {
        PerCloud { alibaba: Self::alibaba(), aws: Self::aws() }
    }

    /// Alibaba Cloud: its limits per action are not public, so a modest rate and no burst.
    fn alibaba() -> Self {
        Self {
            default: Limit::Ceiling(Ceiling { rate: 5.0, burst: 1 }),
            in_flight: Self::IN_FLIGHT,
            actions: BTreeMap::new(),
        }
    }

    /// AWS: the documented bucket of each action; other actions as mutating ones.
    ///
    /// Source: Amazon EC2 Developer Guide, "Request throttling for the Amazon EC2 API".
    fn aws() -> Self {
        let mutating = Ceiling { rate: 5.0, burst: 50 };
        let reading = Ceiling { rate: 20.0, burst: 100 };
        let uncategorized = Ceiling { rate: 5.0, burst: 20 };
        let actions = [
            ("AuthorizeSecurityGroupEgress", mutating),
            ("AuthorizeSecurityGroupIngress", mutating),
            ("DescribeRegions", reading),
            ("DescribeSecurityGroupReferences", uncategorized),
            ("DescribeSecurityGroupRules", reading),
            ("DescribeSecurityGroups", reading),
            ("RevokeSecurityGroupEgress", mutating),
            ("RevokeSecurityGroupIngress", mutating),
        ];
        Self {
            default: Limit::Ceiling(mutating),
            in_flight: Self::IN_FLIGHT,
            actions: actions
                .map(|(action, ceiling)| (action.to_owned(), Limit::Ceiling(ceiling)))
                .into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_burst_is_free_and_the_rest_goes_at_the_rate() {
        let ceiling = Ceiling { rate: 5.0, burst: 50 };
        assert!((ceiling.seconds(50) - 0.0).abs() < f64::EPSILON);
        assert!((ceiling.seconds(2_000) - 390.0).abs() < f64::EPSILON);
    }

    #[test]
    fn an_action_without_its_own_ceiling_has_the_default() {
        let mut limits = LimitSettings::defaults().aws;
        let reads = limits.ceiling("DescribeSecurityGroupRules").expect("a ceiling");
        assert_eq!((reads.rate, reads.burst), (20.0, 100));
        assert_eq!(limits.limit("AssumeRole"), limits.default);
        limits.actions.insert("AssumeRole".to_owned(), Limit::Off);
        assert_eq!(limits.ceiling("AssumeRole"), None);
        let modest = Ceiling { rate: 5.0, burst: 1 };
        assert_eq!(LimitSettings::defaults().alibaba.default.ceiling(), Some(modest));
    }
}
