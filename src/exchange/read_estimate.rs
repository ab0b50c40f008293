//! What reads are going to take, under the known limits.

use crate::cloud::Action;
use crate::model::{LaneKey, LaneWork};
use crate::pace::Pacer;

/// Reading `groups` of a lane once, none of which has more than a page of rules.
pub fn reading_work(pacer: &Pacer, lane: &LaneKey, groups: u64) -> LaneWork {
    let seconds = |action: Action, calls| pacer.seconds(lane.cloud, action.name(lane.cloud), calls);
    let group_listings = groups.div_ceil(lane.cloud.facts().batch.groups as u64);
    let seconds = seconds(Action::Rules, rule_listings(lane, groups))
        .max(seconds(Action::Groups, group_listings));
    LaneWork { lane: lane.clone(), steps: groups, seconds }
}

/// Calls that list the rules of `groups`.
pub fn rule_listings(lane: &LaneKey, groups: u64) -> u64 {
    groups.div_ceil(lane.cloud.facts().batch.rules as u64)
}
