//! Which groups a group's rules name, compactly: to compare two listings of them.

use crate::model::{Direction, GroupId, Rule};

/// The groups that rules name, each as often as it is named and with the direction, in a few
/// bytes and whatever the order: what two listings show is the same if their sums are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NamedGroups {
    ingress: Named,
    egress: Named,
}

/// Those that the rules of one direction name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    Told {
        count: u32,
        sum: u64,
    },
    /// The listing does not say.
    Untold,
}

impl Default for Named {
    fn default() -> Self {
        Self::Told { count: 0, sum: 0 }
    }
}

impl Named {
    fn may_be(self, other: Self) -> bool {
        self == Self::Untold || other == Self::Untold || self == other
    }
}

impl NamedGroups {
    /// Those that `rules` name.
    pub fn of(rules: &[Rule]) -> Self {
        let mut named = Self::default();
        for rule in rules {
            rule.peer.groups().for_each(|(id, _)| named.add(rule.direction, id));
        }
        named
    }

    /// Adds one that is named.
    pub fn add(&mut self, direction: Direction, group: &GroupId) {
        if let Named::Told { count, sum } = self.of_direction(direction) {
            *count += 1;
            *sum = sum.wrapping_add(hash(direction, group));
        }
    }

    /// Notes that a direction is not told.
    pub fn leave_untold(&mut self, direction: Direction) {
        *self.of_direction(direction) = Named::Untold;
    }

    /// Whether both listings may be of the same rules: no direction that both tell differs.
    pub fn may_be(self, other: Self) -> bool {
        self.ingress.may_be(other.ingress) && self.egress.may_be(other.egress)
    }

    fn of_direction(&mut self, direction: Direction) -> &mut Named {
        match direction {
            Direction::Ingress => &mut self.ingress,
            Direction::Egress => &mut self.egress,
        }
    }
}

/// FNV-1a over the id in lower case, well mixed, since hashes are added up.
fn hash(direction: Direction, group: &GroupId) -> u64 {
    let seed = match direction {
        Direction::Ingress => 0xcbf2_9ce4_8422_2325_u64,
        Direction::Egress => 0x84b4_61aa_9ae1_6c5f,
    };
    let step = |hash: u64, byte: u8| {
        (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3)
    };
    let mut hash = group.as_str().bytes().fold(seed, step);
    for (shift, factor) in [(33, 0xff51_afd7_ed55_8ccd_u64), (33, 0xc4ce_b9fe_1a85_ec53)] {
        hash = (hash ^ (hash >> shift)).wrapping_mul(factor);
    }
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(groups: &[(Direction, &str)]) -> NamedGroups {
        let mut named = NamedGroups::default();
        for (direction, id) in groups {
            named.add(*direction, &GroupId::new(id));
        }
        named
    }

    #[test]
    fn the_sum_tells_which_groups_are_named_how_often_and_which_way_in_any_order() {
        use Direction::{Egress, Ingress};
        let both = named(&[(Ingress, "sg-a"), (Egress, "sg-b")]);
        assert_eq!(both, named(&[(Egress, "sg-B"), (Ingress, "SG-a")]));
        for other in [
            named(&[]),
            named(&[(Ingress, "sg-a")]),
            named(&[(Ingress, "sg-a"), (Ingress, "sg-b")]),
            named(&[(Ingress, "sg-b"), (Egress, "sg-a")]),
            named(&[(Ingress, "sg-a"), (Egress, "sg-b"), (Egress, "sg-b")]),
        ] {
            assert_ne!(both, other);
            assert!(!both.may_be(other));
        }
    }

    #[test]
    fn a_direction_that_is_not_told_leaves_the_other_to_be_compared() {
        use Direction::{Egress, Ingress};
        let mut half = named(&[(Ingress, "sg-a")]);
        half.leave_untold(Egress);
        half.add(Egress, &GroupId::new("sg-x"));
        assert!(half.may_be(named(&[(Ingress, "sg-a"), (Egress, "sg-b")])));
        assert!(!half.may_be(named(&[(Egress, "sg-b")])));
        assert!(!named(&[]).may_be(half));
    }
}
