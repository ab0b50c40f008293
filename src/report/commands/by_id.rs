//! Rules named by their ids, gathered into calls of one group and direction.

use crate::journal::RevocationRecord;
use crate::model::{Direction, GroupId, GroupRef, PerCloud, RegionId, RuleId};

use super::shell::looks_like_option;
use super::{alibaba, aws};

/// Rule ids in one command: the limit of Alibaba Cloud's `SecurityGroupRuleId.N`, kept for both
/// clouds so that a command line stays short enough to paste.
pub(super) const BATCH: usize = 100;

type Command = fn(&RegionId, &GroupId, Direction, &[RuleId]) -> String;

const COMMAND: PerCloud<Command> = PerCloud { alibaba: alibaba::by_id, aws: aws::by_id };

/// Rule ids of one group and direction, not yet written.
pub(super) struct Batch {
    pub(super) group: GroupRef,
    direction: Direction,
    ids: Vec<RuleId>,
}

impl Batch {
    /// Starts with the rule of `record`.
    pub(super) fn new(record: &RevocationRecord) -> Self {
        let rule = &record.revocation.rule;
        Self { group: record.group.clone(), direction: rule.direction, ids: vec![rule.id.clone()] }
    }

    /// Takes the rule of `record` in, if it belongs to the same call and there is room.
    pub(super) fn take(&mut self, record: &RevocationRecord) -> bool {
        let rule = &record.revocation.rule;
        // An id that looks like an option stands behind the `=` of a command of its own.
        let is_word = |id: &RuleId| !looks_like_option(id.as_str());
        let fits = self.ids.len() < BATCH
            && is_word(&rule.id)
            && self.ids.iter().all(is_word)
            && self.direction == rule.direction
            && self.group == record.group;
        if fits {
            self.ids.push(rule.id.clone());
        }
        fits
    }

    /// The command.
    pub(super) fn command(&self) -> String {
        let GroupRef { cloud, region, group, .. } = &self.group;
        COMMAND.of(*cloud)(region, group, self.direction, &self.ids)
    }
}
