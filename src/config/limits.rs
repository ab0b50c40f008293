//! `[alibaba.limits]` and `[aws.limits]` → the ceilings of a cloud.

use std::collections::BTreeMap;

use super::action;
use super::error::Problem;
use super::source::KeySources;
use super::value::{Number, RawBucket, RawLimit};
use crate::model::Provider;
use crate::pace::{self, Ceiling, LimitSettings};

/// Calls per second that nothing exceeds: what is above is a mistake.
const MAX_RATE: f64 = 100_000.0;

/// Applies a section to the defaults of its cloud. Its `rate` and `burst` stand for every action
/// without a line of its own, also where the default knows a documented bucket.
pub(super) fn apply(
    section: &BTreeMap<String, RawLimit>,
    cloud: Provider,
    defaults: LimitSettings,
    places: &KeySources<'_>,
    problems: &mut Vec<Problem>,
) -> LimitSettings {
    let mut refuse = |keys: &[&str], message: String| {
        let path = [&[cloud.as_str(), "limits"], keys].concat();
        problems.push(places.problem(&path, message));
    };
    let mut read = LimitSection::default();
    for (key, limit) in section {
        read.take(cloud, key, *limit).unwrap_or_else(|message| refuse(&[key], message));
    }
    read.over(defaults, |action, key, message| refuse(&[action, key], message))
}

/// A section whose keys are known.
#[derive(Default)]
struct LimitSection<'s> {
    /// What stands for every action without a line of its own.
    common: RawBucket,
    in_flight: Option<usize>,
    actions: Vec<(&'s str, RawBucket)>,
}

impl<'s> LimitSection<'s> {
    /// Takes one key, or says what is wrong with it.
    fn take(&mut self, cloud: Provider, key: &'s str, limit: RawLimit) -> Result<(), String> {
        match (key, limit) {
            ("rate", RawLimit::Number(number)) => self.common.rate = Some(number.rate(MAX_RATE)?),
            ("burst", RawLimit::Number(number)) => {
                number.whole(1)?;
                self.common.burst = Some(number);
            }
            ("in_flight", RawLimit::Number(number)) => self.in_flight = Some(in_flight(number)?),
            ("rate" | "burst" | "in_flight", RawLimit::Bucket(_)) => {
                return Err("a table, expected a number, \"auto\" or \"off\"".to_owned());
            }
            (_, RawLimit::Bucket(RawBucket { rate: None, burst: None })) => {
                let wrong = "an empty table limits nothing, expected a rate, a burst or both";
                return Err(wrong.to_owned());
            }
            (action, limit) => {
                action::check(cloud, action)?;
                let bucket = match limit {
                    RawLimit::Bucket(bucket) => bucket,
                    RawLimit::Number(rate) => RawBucket { rate: Some(rate), burst: None },
                };
                self.actions.push((action, bucket));
            }
        }
        Ok(())
    }

    /// The section over the defaults of its cloud. `refuse` is told the action, the key and what is
    /// wrong.
    fn over(
        self,
        defaults: LimitSettings,
        mut refuse: impl FnMut(&str, &str, String),
    ) -> LimitSettings {
        let without_section = defaults.default;
        let mut limits = defaults;
        if let Some(in_flight) = self.in_flight {
            limits.in_flight = in_flight;
        }
        // What the section itself says was checked when it was taken.
        let common_over = |base| limit_over(base, self.common).unwrap_or(base);
        limits.default = common_over(limits.default);
        limits.actions.values_mut().for_each(|known| *known = common_over(*known));
        for (action, bucket) in self.actions {
            // Where the section has no ceiling, an action of its own still needs a burst.
            let base = match limits.limit(action) {
                ceiling @ pace::Limit::Ceiling(_) => ceiling,
                pace::Limit::Auto | pace::Limit::Off => without_section,
            };
            match limit_over(base, bucket) {
                Ok(limit) => drop(limits.actions.insert(action.to_owned(), limit)),
                Err((key, message)) => refuse(action, key, message),
            }
        }
        limits
    }
}

fn in_flight(number: Number) -> Result<usize, String> {
    let width = number.whole(1)?.and_then(|width| usize::try_from(width).ok());
    Ok(width
        .map_or(LimitSettings::NO_IN_FLIGHT_LIMIT, |w| w.min(LimitSettings::NO_IN_FLIGHT_LIMIT)))
}

/// `raw` over `base`; a rate or a burst without limit is no ceiling at all.
fn limit_over(base: pace::Limit, raw: RawBucket) -> Result<pace::Limit, (&'static str, String)> {
    let rate = match raw.rate {
        Some(rate) => Some(rate.rate(MAX_RATE).map_err(|wrong| ("rate", wrong))?),
        None => None,
    };
    let burst = match raw.burst {
        Some(burst) => burst.whole(1).map_err(|wrong| ("burst", wrong))?.map(saturated),
        None => base.ceiling().map(|base| base.burst),
    };
    let rate = match (rate, base) {
        (Some(Number::Auto), _) | (None, pace::Limit::Auto) => return Ok(pace::Limit::Auto),
        (Some(Number::Off), _) | (None, pace::Limit::Off) => return Ok(pace::Limit::Off),
        (Some(Number::Of(rate)), _) => rate,
        (None, pace::Limit::Ceiling(ceiling)) => ceiling.rate,
    };
    Ok(burst.map_or(pace::Limit::Off, |burst| pace::Limit::Ceiling(Ceiling { rate, burst })))
}

fn saturated(burst: u64) -> u32 {
    u32::try_from(burst).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Overrides};

    /// What is told of a configuration that is refused.
    fn refused(text: &str) -> String {
        let config = Config::from_text(Some(("c.toml", text)), [], &Overrides::default());
        config.expect_err(text).to_string()
    }

    #[test]
    fn a_limit_of_an_action_that_is_never_called_is_refused() {
        for (cloud, action, right) in [
            ("aws", "RevokeSecurityGroupIngres", "one of GetCallerIdentity, "),
            ("aws", "RevokeSecurityGroup", "RevokeSecurityGroupIngress"),
            ("aws", "CreateTags", "one of "),
            ("aws", "revokeSecurityGroupIngress", "`RevokeSecurityGroupIngress`"),
            ("alibaba", "RevokeSecurityGroupIngress", "RevokeSecurityGroup, "),
            ("alibaba", "AssumeRole", "one of "),
        ] {
            let told = refused(&format!("[{cloud}.limits]\n{action} = 1\n"));
            assert!(told.contains(&format!("no such action is called on {cloud}")), "{told}");
            assert!(told.starts_with("c.toml:2: ") && told.contains(right), "{told}");
        }
    }

    #[test]
    fn an_empty_bucket_limits_nothing_and_is_refused() {
        let told = refused("[aws.limits]\nDescribeRegions = {}\n");
        assert!(told.contains("aws.limits.DescribeRegions: an empty table"), "{told}");
    }
}
