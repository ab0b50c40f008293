//! What is planned from the rows alone: it is not stored before it is about to be sent.

use serde::{Deserialize, Serialize};

use crate::journal::{JournalError, OpenCounts};
use crate::model::{Direction, GroupIx};

/// What the rows of a lane ask for and that is not stored as orders yet: of the group `from` and all
/// that come after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unstored {
    /// The first group whose orders are not stored.
    pub from: GroupIx,
    /// How much there is.
    #[serde(flatten)]
    pub counts: OpenCounts,
}

impl Unstored {
    /// The next group is stored, with these calls and the rules of each; groups end before `end`.
    /// `None` once all are.
    pub(in crate::journal) fn take(
        self,
        group: u32,
        calls: impl IntoIterator<Item = (Direction, u64)>,
        end: u32,
    ) -> Result<Option<Self>, JournalError> {
        let OpenCounts { mut ingress, mut egress, groups, mut rules } = self.counts;
        let (mut has_calls, mut fits) = (false, group == self.from.0);
        let mut subtract = |from: &mut u64, count: u64| match from.checked_sub(count) {
            Some(rest) => *from = rest,
            None => fits = false,
        };
        for (direction, count) in calls {
            has_calls = true;
            let of_direction = match direction {
                Direction::Ingress => &mut ingress,
                Direction::Egress => &mut egress,
            };
            subtract(of_direction, 1);
            subtract(&mut rules, count);
        }
        let mut groups = groups;
        subtract(&mut groups, u64::from(has_calls));
        let counts = OpenCounts { ingress, egress, groups, rules };
        let next = Self { from: GroupIx(group + 1), counts };
        let is_over = next.from.0 >= end;
        if !fits || is_over && counts != OpenCounts::default() {
            let told = format!("group {group} is not what is planned from its rows");
            return Err(JournalError::Damaged(told));
        }
        Ok((!is_over).then_some(next))
    }
}
