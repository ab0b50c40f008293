//! The orders of a plan in bulk: millions are told as the text that stands in the journal.

use super::JournalError;
use crate::model::{Fields, GroupIx, Revocation, Rule};

/// Every revocation of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupOrders {
    /// The group.
    pub group: GroupIx,
    /// A line each: the number of the peer, a space, and the rule without its fields as JSON,
    /// which has no line ends.
    text: String,
}

impl GroupOrders {
    /// For implementations of [`orders`](super::JournalRead::orders) alone.
    pub(in crate::journal) const fn new(group: GroupIx, text: String) -> Self {
        Self { group, text }
    }

    /// The peer and the rule of each, the rule as JSON without its fields. A line that is no such thing is
    /// [`JournalError::Damaged`].
    pub fn texts(&self) -> impl Iterator<Item = Result<(GroupIx, &str), JournalError>> {
        self.text.lines().map(|line| {
            let (peer, rule) = line.split_once(' ').ok_or_else(|| self.damaged("no peer"))?;
            let peer = peer.parse().map_err(|_| self.damaged("no number of a peer"))?;
            Ok((GroupIx(peer), rule))
        })
    }

    /// The rule of each, without its fields.
    pub fn rules(&self) -> Result<Vec<Rule>, JournalError> {
        let rules = self.texts().map(|text| {
            serde_json::from_str(text?.1).map_err(|error| self.damaged(&error.to_string()))
        });
        rules.collect()
    }

    /// Whether they are these, of this group, in whatever order.
    pub fn are<'a>(
        &self,
        group: GroupIx,
        revocations: impl Iterator<Item = &'a Revocation>,
    ) -> Result<bool, JournalError> {
        let mut stored = self.texts().collect::<Result<Vec<_>, _>>()?;
        let text = |one: &Revocation| {
            let rule = Rule { fields: Fields::default(), ..one.rule.clone() };
            serde_json::to_string(&rule).map(|rule| (one.peer, rule))
        };
        let asked = revocations.map(text).collect::<Result<Vec<_>, _>>();
        let asked = asked.map_err(|error| self.damaged(&error.to_string()))?;
        let mut asked: Vec<_> = asked.iter().map(|(peer, rule)| (*peer, rule.as_str())).collect();
        stored.sort_unstable();
        asked.sort_unstable();
        Ok(self.group == group && stored == asked)
    }

    fn damaged(&self, what: &str) -> JournalError {
        JournalError::Damaged(format!("a revocation of group {}: {what}", self.group.0))
    }
}
