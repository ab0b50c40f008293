//! Delayed visibility: what reads still show of rules that are gone.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::world::{Group, LiveRule};
use crate::model::GroupId;

/// What reads show: each group as it was one delay ago.
#[derive(Debug)]
pub(super) struct Visibility {
    delay: Duration,
    before: HashMap<GroupId, Vec<(Instant, Vec<LiveRule>)>>,
}

impl Visibility {
    pub(super) fn new(delay: Duration) -> Self {
        Self { delay, before: HashMap::new() }
    }

    /// Keeps what a group held until now, because rules are about to go.
    pub(super) fn keep(&mut self, group: &Group, now: Instant) {
        if self.delay.is_zero() {
            return;
        }
        let kept = self.before.entry(group.id.clone()).or_default();
        kept.retain(|(until, _)| *until > now);
        kept.push((now + self.delay, group.rules.clone()));
    }

    /// The rules of `group` as a read shows them.
    pub(super) fn seen<'a>(&'a self, group: &'a Group, now: Instant) -> &'a [LiveRule] {
        let kept = self.before.get(&group.id);
        let stale = kept.and_then(|kept| kept.iter().find(|(until, _)| *until > now));
        stale.map_or(&group.rules, |(_, rules)| rules)
    }

    /// Forgets every group's past.
    pub(super) fn forget_all(&mut self) {
        self.before.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::World;

    #[test]
    fn reads_show_the_group_as_it_was_one_delay_ago() {
        let mut world = World::sample();
        let group = world.groups.values_mut().find(|g| g.rules.len() > 2).expect("a group");
        let full = group.rules.len();
        let mut visibility = Visibility::new(Duration::from_secs(10));
        let start = Instant::now();
        for second in [0, 5] {
            visibility.keep(group, start + Duration::from_secs(second));
            group.rules.pop();
        }
        let seen_at = |s| visibility.seen(group, start + Duration::from_secs(s)).len();
        assert_eq!([seen_at(1), seen_at(9)], [full, full]);
        assert_eq!([seen_at(10), seen_at(14)], [full - 1, full - 1]);
        assert_eq!(seen_at(15), full - 2);
    }
}
