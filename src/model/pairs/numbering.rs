//! What the numbers of drafts mean in a set.

use super::{Draft, Row};

/// The places of groups and filters in a set.
pub(super) struct Numbering<'a, G> {
    /// The place of a group.
    pub(super) group: G,
    /// How many groups there are.
    pub(super) groups: usize,
    /// The place of each filter.
    pub(super) filter: &'a [u16],
}

impl<G: Fn(u32) -> u32> Numbering<'_, G> {
    /// The rows of a draft with their final numbers.
    pub(super) fn read<'d>(&'d self, draft: &'d Draft) -> impl Iterator<Item = Row> + 'd {
        draft.iter().map(|(ends, filter, line)| {
            let [one, other] = ends.map(&self.group);
            Row::new(one, other, self.filter[filter as usize], line)
        })
    }
}
