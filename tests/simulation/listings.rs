//! What reads show: groups, and rules page by page.

use std::collections::BTreeSet;
use std::time::Duration;

use unpair::cloud::{GroupInfo, RulesPage};
use unpair::model::{AccountId, GroupId, Provider, RegionId, Rule, RuleId};
use unpair_testing::fake_cloud;

use crate::clouds::Clouds;
use crate::fault_rates::{FaultRates, Paging};
use crate::scenario::{Scenario, Size};
use crate::simulated_run::{NoCrashes, SimulatedRun};

/// Rules on a page: fewer than a group has, so that listings have several.
const PAGE: usize = 4;

impl Clouds {
    /// A group of `account`, as a listing has it.
    pub(crate) fn info(
        &self,
        account: &AccountId,
        region: &RegionId,
        id: &GroupId,
    ) -> Option<GroupInfo> {
        let place = &self.groups.get(id)?.place;
        let is_there = place.account == *account && place.region == *region;
        let owner = (place.cloud == Provider::Aws).then_some(account);
        is_there.then(|| fake_cloud::info(id, owner))
    }

    /// The rules of a group as a read shows them: a stale one shows what was removed of late.
    pub(crate) fn shown(&mut self, id: &GroupId, now: Duration) -> Vec<Rule> {
        let is_stale = self.rng.f64() < 0.7;
        let Some(group) = self.groups.get(id) else { return Vec::new() };
        self.read.insert(id.clone(), now);
        let standing = group.rules.iter().map(|rule| rule.id.clone()).collect();
        self.ledger.read(id, standing, now);
        let shadows = group.shadows.iter().filter(|(_, until)| is_stale && *until > now);
        group.rules.iter().cloned().chain(shadows.map(|(rule, _)| rule.clone())).collect()
    }

    /// A page of the rules of `groups`.
    pub(crate) fn list(
        &mut self,
        groups: &[GroupId],
        page: Option<&str>,
        now: Duration,
    ) -> RulesPage {
        let mut rules = Vec::new();
        for id in groups {
            let shown = self.shown(id, now);
            rules.extend(shown.into_iter().map(|rule| (id.clone(), rule)));
        }
        rules.sort_by(|(_, x), (_, y)| x.id.cmp(&y.id));
        match self.rates.paging {
            Paging::AfterTheLast => after_the_last(rules, page),
            Paging::ByNumber => {
                // The latest first, so that what nobody asked about is on the first page.
                rules.reverse();
                let page = by_number(rules, page);
                self.shrink(&page);
                page
            }
        }
    }

    /// Somebody removes a rule of `page` that no row asks about, before the next one is listed.
    fn shrink(&mut self, page: &RulesPage) {
        if page.next.is_none() || self.rng.f64() >= self.rates.gone_between_pages {
            return;
        }
        let Some((id, gone)) = page.rules.iter().find(|(_, rule)| !self.asked.contains(&rule.id))
        else {
            return;
        };
        let group = self.groups.get_mut(id).expect("a group that is there");
        group.rules.retain(|rule| rule.id != gone.id);
    }
}

fn after_the_last(mut rules: Vec<(GroupId, Rule)>, page: Option<&str>) -> RulesPage {
    rules.retain(|(_, rule)| page.is_none_or(|last| rule.id.as_str() > last));
    let is_last = rules.len() <= PAGE;
    rules.truncate(PAGE);
    let next = rules.last().filter(|_| !is_last).map(|(_, rule)| rule.id.to_string());
    RulesPage { rules, seen: Vec::new(), next }
}

fn by_number(rules: Vec<(GroupId, Rule)>, page: Option<&str>) -> RulesPage {
    let first: usize = page.map_or(0, |page| page.parse().expect("a page of this listing"));
    let after = first + PAGE;
    let next = (rules.len() > after).then(|| after.to_string());
    RulesPage { rules: rules.into_iter().skip(first).take(PAGE).collect(), seen: Vec::new(), next }
}

/// Listings by number, of which some shrink meanwhile.
pub(crate) const SHRINKING: FaultRates =
    FaultRates { paging: Paging::ByNumber, gone_between_pages: 0.3, ..FaultRates::NONE };

#[test]
fn a_rule_that_is_removed_between_two_pages_hides_one_that_stands() {
    let rates = FaultRates { gone_between_pages: 1.0, ..SHRINKING };
    let mut clouds = Scenario::new(1, Size::WHOLE, rates).clouds;
    let (group, now) = (GroupId::new("sg-alibaba-0-00"), Duration::from_secs(1));
    let groups = std::slice::from_ref(&group);
    let first = clouds.list(groups, None, now);
    let second = clouds.list(groups, first.next.as_deref(), now);
    assert_eq!(second.next, None);
    let seen: BTreeSet<RuleId> =
        first.rules.into_iter().chain(second.rules).map(|(_, rule)| rule.id).collect();
    let stands = |id: &&RuleId| id.as_str().starts_with("sgr-sg-alibaba-0-00-");
    let standing = clouds.standing();
    let hidden: Vec<&RuleId> = standing.difference(&seen).filter(stands).collect();
    assert_eq!(hidden, [&RuleId::new("sgr-sg-alibaba-0-00-2")]);
}

#[test]
fn a_rule_that_slips_between_two_pages_is_never_taken_for_gone() {
    let (first, runs) = (crate::seed(), if crate::is_long() { 50 } else { 4 });
    for seed in (0..runs).map(|n| first.wrapping_add(n)) {
        let end = SimulatedRun::begin(Scenario::new(seed, Size::WHOLE, SHRINKING))
            .finish(seed, &mut NoCrashes);
        assert_eq!(end.broken, [""; 0], "UNPAIR_SEED={seed}");
        assert_eq!(end.outcomes.len(), Size::WHOLE.revocations(), "UNPAIR_SEED={seed}");
    }
}
