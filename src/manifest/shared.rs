//! The tables that the reading threads share: lanes, groups and filters, each by number.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use super::Rules;
use super::code::Code;
use super::group_key::GroupKey;
use super::intern::Interner;
use super::text::Text;
use crate::model::{AccountId, Filter, LaneKey, Provider, RegionId};

/// The tables of a command. The numbers depend on which thread came first, but the set of pairs that is
/// made from them does not.
#[derive(Debug)]
pub(super) struct Shared<'r> {
    /// What the caller knows.
    pub(super) rules: &'r Rules,
    /// Every group.
    pub(super) groups: Interner,
    lanes: Numbers<LaneKey>,
    filters: Numbers<Filter>,
}

impl<'r> Shared<'r> {
    /// Empty tables.
    pub(super) fn new(rules: &'r Rules) -> Self {
        let (lanes, filters) = (Numbers::default(), Numbers::default());
        Self { rules, groups: Interner::new(), lanes, filters }
    }

    /// The number of a lane, by the texts of valid cells.
    pub(super) fn lane(&self, cloud: Provider, account: &str, region: &str) -> u32 {
        let account = match self.rules.names.get(&(cloud, account.to_owned())) {
            Some(id) => id.clone(),
            None => AccountId::from(account),
        };
        self.lanes.number(&LaneKey { cloud, account, region: RegionId::from(region) })
    }

    /// The key of a group, by the text of a valid cell.
    pub(super) fn group(&self, lane: u32, id: &str) -> GroupKey {
        let code = Code::read(Text::whole(id.as_bytes()));
        let coded = code.and_then(|coded| GroupKey::new(lane, coded.code));
        coded.unwrap_or_else(|| self.groups.uncoded(lane, id))
    }

    /// The number of a filter.
    pub(super) fn filter(&self, filter: &Filter) -> u32 {
        self.filters.number(filter)
    }

    /// The groups, lanes and filters, each list by number.
    pub(super) fn into_parts(self) -> (Interner, Vec<LaneKey>, Vec<Filter>) {
        (self.groups, self.lanes.into_list(), self.filters.into_list())
    }
}

/// Numbers for lanes or filters. There are few of them, so one lock is enough.
#[derive(Debug)]
struct Numbers<T>(Mutex<HashMap<T, u32>>);

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone + Eq + Hash> Numbers<T> {
    fn number(&self, item: &T) -> u32 {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = known.get(item) {
            return *number;
        }
        let number = u32::try_from(known.len()).unwrap_or(u32::MAX);
        known.insert(item.clone(), number);
        number
    }

    fn into_list(self) -> Vec<T> {
        let known = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut list: Vec<(T, u32)> = known.into_iter().collect();
        list.sort_unstable_by_key(|(_, number)| *number);
        list.into_iter().map(|(item, _)| item).collect()
    }
}
