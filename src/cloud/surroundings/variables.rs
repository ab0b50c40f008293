//! Variables of an environment, by name; a blank one is as good as none.

use std::collections::BTreeMap;

/// The variables that are set.
pub(super) struct Variables<'e>(BTreeMap<&'e str, &'e str>);

impl<'e> Variables<'e> {
    pub(super) fn new(env: &'e [(String, String)]) -> Self {
        Self(env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect())
    }

    /// The first of `names` that is set and not blank, as it is named, and its value as it is
    /// written.
    pub(super) fn first(&self, names: &[&'static str]) -> Option<(&'static str, &'e str)> {
        let value = |name| self.0.get(name).copied().filter(|value| !value.trim().is_empty());
        names.iter().find_map(|name| Some((*name, value(*name)?)))
    }

    /// Whether `name` is set, to nothing.
    pub(super) fn is_blank(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| value.trim().is_empty())
    }

    /// The names that begin with `start`, in order.
    pub(super) fn beginning_with(&self, start: &str) -> impl Iterator<Item = &'e str> {
        self.0.keys().copied().filter(move |name| name.starts_with(start))
    }
}
