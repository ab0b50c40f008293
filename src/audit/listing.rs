//! Listings of many pages: they end, start again where they must, and show what stands.

use std::collections::{HashMap, HashSet};

use crate::cloud::CloudError;
use crate::exchange::ReadError;
use crate::model::{ErrorClass, GroupId, RequestId, Rule, RuleId};

/// The code of a reading whose two listings show different rules: it may be made again.
pub const CONTRADICTORY: &str = "Contradictory";
/// The code of a reading whose rules came or went while they were listed: it may be made again.
pub const LISTING_CHANGED: &str = "ListingChanged";
/// Pages of one listing before it is given up: a provider that never ends a listing is broken.
pub(super) const MAX_PAGES: usize = 10_000;
/// Times that a listing starts again because its page token went bad, or what it lists changed.
pub(super) const MAX_RESTARTS: usize = 3;

/// Where a listing is.
#[derive(Default)]
pub(super) struct Listing {
    /// The next page; none for the first.
    pub(super) page: Option<String>,
    /// Every token so far: one that comes again leads round in a circle.
    tokens: HashSet<String>,
    restarts: usize,
}

/// What follows a page.
pub(super) enum Turn {
    Next,
    Restart,
    End,
}

impl Listing {
    /// Takes the next page's token, the end, or an error.
    pub(super) fn turn(
        &mut self,
        answer: Result<Option<String>, ReadError>,
    ) -> Result<Turn, ReadError> {
        match answer {
            Ok(None) => Ok(Turn::End),
            Ok(Some(next)) => {
                if self.tokens.len() >= MAX_PAGES || !self.tokens.insert(next.clone()) {
                    return Err(ReadError::Cloud(CloudError::local(
                        ErrorClass::Lost,
                        "EndlessListing",
                        "the listing of pages does not end",
                    )));
                }
                self.page = Some(next);
                Ok(Turn::Next)
            }
            Err(ReadError::Cloud(error))
                if error.class == ErrorClass::PageExpired && self.restarts < MAX_RESTARTS =>
            {
                self.restarts += 1;
                self.tokens.clear();
                self.page = None;
                Ok(Turn::Restart)
            }
            Err(error) => Err(error),
        }
    }
}

/// Rules as listed, page by page.
#[derive(Default)]
pub(super) struct RuleList {
    rules: Vec<(GroupId, Rule)>,
    /// Where the last page begins among them.
    last_page: usize,
    ids: Vec<RequestId>,
    /// A page showed a group itself.
    shows_groups: bool,
}

impl RuleList {
    /// Adds a page, and the groups whose existence it shows even if they have no rule.
    pub(super) fn add(&mut self, id: RequestId, page: Vec<(GroupId, Rule)>, seen: &[GroupId]) {
        self.shows_groups |= !seen.is_empty();
        self.last_page = self.rules.len();
        self.rules.extend(page);
        self.ids.push(id);
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether it might be the listing of an account that has none of the groups.
    pub(super) fn shows_nothing(&self) -> bool {
        self.rules.is_empty() && !self.shows_groups
    }

    pub(super) fn pages(&self) -> usize {
        self.ids.len()
    }

    /// How many pages came before the last one, if any did.
    pub(super) fn earlier_pages(&self) -> Option<usize> {
        self.pages().checked_sub(1).filter(|earlier| *earlier > 0)
    }

    /// Whether all rules of the earlier pages are in `again`, which lists the same pages once more.
    ///
    /// Neither provider says how it finds a page. If it counts from the front, a rule that goes
    /// from an earlier page makes those behind it move up, and one of them passes unseen from a
    /// page that is still to be read to one that has been: it stands, and seems to be gone. The
    /// rule that went shows it, for it is not listed again.
    pub(super) fn stood_still(&self, again: &Self) -> bool {
        let listed: HashSet<(&GroupId, &RuleId)> = again.rules.iter().map(name).collect();
        self.rules.iter().take(self.last_page).map(name).all(|rule| listed.contains(&rule))
    }

    /// Lets each rule stand once, however often it was listed. Whether it was listed as one and the
    /// same each time: if not, some of it was read before a change and some after.
    pub(super) fn settle(&mut self) -> bool {
        let mut first: HashMap<&RuleId, usize> = HashMap::with_capacity(self.rules.len());
        let mut repeated = Vec::new();
        for (at, (group, rule)) in self.rules.iter().enumerate() {
            if rule.id.as_str().is_empty() {
                continue;
            }
            let earlier = *first.entry(&rule.id).or_insert(at);
            if earlier == at {
                continue;
            }
            if self.rules.get(earlier) != Some(&(group.clone(), rule.clone())) {
                return false;
            }
            repeated.push(at);
        }
        for at in repeated.into_iter().rev() {
            self.rules.remove(at);
            self.last_page -= usize::from(at < self.last_page);
        }
        true
    }

    /// The rules, and the names of the exchanges that listed them.
    pub(super) fn end(self) -> (Vec<(GroupId, Rule)>, Vec<RequestId>) {
        (self.rules, self.ids)
    }
}

fn name((group, rule): &(GroupId, Rule)) -> (&GroupId, &RuleId) {
    (group, &rule.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Direction, Fields, Peer, Policy, PortRange, Protocol};

    /// A group's rules, listed `PAGE` at a time and counted from the front.
    type World = Vec<u32>;
    const PAGE: usize = 3;

    fn rule(id: u32) -> (GroupId, Rule) {
        let rule = Rule {
            id: RuleId::from(format!("sgr-{id}")),
            direction: Direction::Ingress,
            protocol: "tcp".parse::<Protocol>().expect("a protocol"),
            ports: Some(PortRange { from: 22, to: 22 }),
            source_ports: None,
            peer: Peer::Cidr("10.0.0.0/8".to_owned()),
            policy: Some(Policy::Accept),
            priority: None,
            nic_type: None,
            description: String::new(),
            fields: Fields::default(),
        };
        (GroupId::from("sg-1"), rule)
    }

    /// Lists `world`; after page `n` the world is what `then` says.
    fn list(world: &mut World, pages: usize, then: impl Fn(usize, &mut World)) -> RuleList {
        let mut list = RuleList::default();
        for page in 0..pages {
            let rules = world.iter().skip(page * PAGE).take(PAGE).map(|id| rule(*id)).collect();
            list.add(RequestId::from(format!("r-{page}")), rules, &[]);
            then(page, world);
        }
        list
    }

    #[test]
    fn a_rule_that_moved_up_past_the_edge_of_a_page_does_not_count_as_gone() {
        for (edge, gone) in [(0, 0), (0, 2), (1, 0), (1, 3), (1, 5)] {
            let mut world: World = (0..9).collect();
            let first = list(&mut world, 3, |page, world| {
                if page == edge {
                    world.remove(gone);
                }
            });
            let standing = world.clone();
            let seen = |id: &u32| first.rules.iter().any(|listed| *listed == rule(*id));
            assert!(!standing.iter().all(seen), "one that stands was missed");
            let again = list(&mut world, 2, |_, _| {});
            assert!(!first.stood_still(&again), "after page {edge} rule {gone} went");
        }
    }

    #[test]
    fn a_rule_that_goes_before_its_page_is_read_hides_none() {
        let mut world: World = (0..9).collect();
        let first = list(&mut world, 3, |page, world| {
            if page == 0 {
                world.remove(7);
            }
        });
        let again = list(&mut world, 2, |_, _| {});
        assert!(first.stood_still(&again));
        let seen = |id: &u32| first.rules.iter().any(|listed| *listed == rule(*id));
        assert!(world.iter().all(seen));
    }

    #[test]
    fn a_rule_stands_once_however_often_it_is_listed() {
        let mut list = list(&mut (0..7).collect(), 3, |page, world| {
            if page == 0 {
                world.insert(0, 9);
            }
        });
        assert_eq!(list.rules.len(), 8, "one was pushed to the next page");
        assert!(list.settle());
        let ids: Vec<_> = list.rules.iter().map(|(_, rule)| rule.id.as_str()).collect();
        assert_eq!(ids, ["sgr-0", "sgr-1", "sgr-2", "sgr-3", "sgr-4", "sgr-5", "sgr-6"]);
        assert_eq!(list.last_page, 5);
    }

    #[test]
    fn a_rule_that_is_listed_as_two_is_a_contradiction_and_rules_without_an_id_are_not_one() {
        let (group, rule) = rule(1);
        for other in [
            (GroupId::from("sg-2"), rule.clone()),
            (group.clone(), Rule { description: "other".to_owned(), ..rule.clone() }),
        ] {
            let mut list = RuleList::default();
            list.add("r-1".into(), vec![(group.clone(), rule.clone()), other], &[]);
            assert!(!list.settle());
        }
        let nameless = (group, Rule { id: "".into(), ..rule });
        let mut list = RuleList::default();
        list.add("r-1".into(), vec![nameless.clone(), nameless], &[]);
        assert!(list.settle() && list.rules.len() == 2);
    }

    #[test]
    fn a_single_page_needs_no_second_look() {
        let mut world: World = (0..3).collect();
        assert_eq!(list(&mut world, 1, |_, _| {}).earlier_pages(), None);
        assert_eq!(list(&mut world, 2, |_, _| {}).earlier_pages(), Some(1));
    }
}
