//! Variables of an environment, by name; a blank one is as good as none.

use std::collections::BTreeMap;

/// The variables that hold something.
pub(super) struct Variables<'e>(BTreeMap<&'e str, &'e str>);

impl<'e> Variables<'e> {
    pub(super) fn new(env: &'e [(String, String)]) -> Self {
        let env = env.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Self(env.filter(|(_, value)| !value.trim().is_empty()).collect())
    }

    /// The first of `names` that is set, as it is named, and its value as it is written.
    pub(super) fn first(&self, names: &[&'static str]) -> Option<(&'static str, &'e str)> {
        names.iter().find_map(|name| Some((*name, *self.0.get(name)?)))
    }

    /// The names that begin with `start`, in order.
    pub(super) fn beginning_with(&self, start: &str) -> impl Iterator<Item = &'e str> {
        self.0.keys().copied().filter(move |name| name.starts_with(start))
    }
}
