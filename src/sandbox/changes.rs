//! A change of the world, small enough to be kept as one line.

use serde::{Deserialize, Serialize};

use super::world::{LiveRule, World};
use crate::model::{GroupId, RuleId};

/// Rules that came and went in one group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Change {
    /// The group, empty for a change of nothing.
    pub(super) group: String,
    /// What went.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) removed: Vec<RuleId>,
    /// What came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) added: Vec<LiveRule>,
    /// The running number of rules after the change.
    pub(super) serial: u64,
}

impl Change {
    /// Makes the change. Twice is as good as once.
    pub(super) fn apply(&self, world: &mut World) {
        world.serial = world.serial.max(self.serial);
        let Some(group) = world.groups.get_mut(&GroupId::new(&self.group)) else { return };
        group.rules.retain(|rule| !self.removed.contains(&rule.id));
        for rule in &self.added {
            if !group.rules.iter().any(|live| live.id == rule.id) {
                group.rules.push(rule.clone());
            }
        }
    }
}
