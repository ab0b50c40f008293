//! What manifests say: groups, pairs of groups, and what a row narrows.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::plan::{GroupIx, Hasher};
use super::word::word_enum;
use super::{
    AccountId, BadValue, Digest, Direction, GroupId, LaneKey, NicType, Policy, PortRange, Protocol,
    Provider, RegionId, Rule,
};

/// A security group: cloud + account + region + id. The derived order is the order of a plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GroupRef {
    /// The cloud.
    pub cloud: Provider,
    /// The owner.
    pub account: AccountId,
    /// The region.
    pub region: RegionId,
    /// The id.
    pub group: GroupId,
}

impl GroupRef {
    /// The lane whose credentials and quota reach this group.
    pub fn lane(&self) -> LaneKey {
        LaneKey { cloud: self.cloud, account: self.account.clone(), region: self.region.clone() }
    }
}

impl fmt::Display for GroupRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.cloud, self.account, self.region, self.group)
    }
}

word_enum! {
    /// One end of a pair.
    Side, "a side: a or b", {
        /// The end with the smaller group, in [`GroupRef`] order.
        A = "a",
        /// The other end.
        B = "b",
    }
}

word_enum! {
    /// The manifest's `direction`: which rules of each side a row is about.
    Scope, "a direction: ingress, egress or both", {
        /// Ingress rules.
        Ingress = "ingress",
        /// Egress rules.
        Egress = "egress",
        /// Both.
        Both = "both",
    }
}

impl Scope {
    /// Whether rules of `direction` are meant.
    pub fn covers(self, direction: Direction) -> bool {
        match self {
            Self::Both => true,
            Self::Ingress => direction == Direction::Ingress,
            Self::Egress => direction == Direction::Egress,
        }
    }
}

/// What a row narrows its pair to. Empty fields match anything; an empty `policy` means `accept`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Filter {
    /// Which directions.
    pub direction: Scope,
    /// The `direction` cell was filled in, rather than defaulted to `both`.
    #[serde(default)]
    pub direction_given: bool,
    /// The protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// The destination ports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<PortRange>,
    /// The source ports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ports: Option<PortRange>,
    /// The NIC type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nic_type: Option<NicType>,
    /// The policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// The priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u16>,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            direction: Scope::Both,
            direction_given: false,
            protocol: None,
            ports: None,
            source_ports: None,
            nic_type: None,
            policy: None,
            priority: None,
        }
    }
}

impl Filter {
    /// Whether `rule` has exactly the values that the row names.
    pub fn matches(&self, rule: &Rule) -> bool {
        fn is<T: PartialEq>(wanted: Option<&T>, found: &T) -> bool {
            wanted.is_none_or(|wanted| wanted == found)
        }
        self.direction.covers(rule.direction)
            && is(self.protocol.as_ref(), &rule.protocol)
            && is(self.ports.as_ref(), &rule.ports)
            && is(self.source_ports.as_ref(), &rule.source_ports.unwrap_or(PortRange::ALL))
            && self.nic_type.is_none_or(|nic| rule.nic_type == Some(nic))
            && self.policy.unwrap_or(Policy::Accept) == rule.policy
            && self.priority.is_none_or(|priority| rule.priority == Some(priority))
    }

    /// The filter in canonical text, for digests: equal text, equal meaning.
    pub fn canonical(&self) -> String {
        fn text<T: fmt::Display>(value: Option<&T>) -> String {
            value.map(ToString::to_string).unwrap_or_default()
        }
        format!(
            "{}|{}|{}|{}|{}|{}|{}",
            self.direction,
            text(self.protocol.as_ref()),
            text(self.ports.as_ref()),
            text(self.source_ports.as_ref()),
            text(self.nic_type.as_ref()),
            text(self.policy.as_ref()),
            text(self.priority.as_ref()),
        )
    }

    /// What the row asks for, in words; empty for a row that severs the whole pair.
    pub fn describe(&self) -> String {
        let mut words = Vec::new();
        if self.direction != Scope::Both {
            words.push(self.direction.to_string());
        }
        words.extend(self.policy.map(|policy| policy.to_string()));
        words.extend(self.protocol.as_ref().map(ToString::to_string));
        words.extend(self.ports.map(|ports| ports.to_string()));
        words.extend(self.source_ports.map(|ports| format!("from {ports}")));
        words.extend(self.nic_type.map(|nic| nic.to_string()));
        words.extend(self.priority.map(|priority| format!("priority {priority}")));
        words.join(" ")
    }
}

/// One distinct manifest row: 16 bytes, indexes into its [`PairSet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row {
    /// The end with the smaller index.
    pub a: GroupIx,
    /// The other end.
    pub b: GroupIx,
    /// Index into [`PairSet::filters`].
    pub filter: u16,
    /// Line in the whole input, 1-based; [`PairSet::locate`] names file and line.
    pub line: u32,
}

/// One manifest of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its name as given, `-` for standard input.
    pub name: String,
    /// The lines of the sources before it.
    pub first_line: u32,
}

/// The distinct pairs of all manifests of a command.
///
/// `groups` is sorted and distinct; `rows` is sorted by `(a, b, filter)` and distinct in that
/// key, the lowest line of equal rows standing for all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PairSet {
    /// Where rows came from.
    pub sources: Vec<Source>,
    /// Every group that a row names, sorted; a [`GroupIx`] is an index here.
    pub groups: Vec<GroupRef>,
    /// Every distinct filter.
    pub filters: Vec<Filter>,
    /// Every distinct row.
    pub rows: Vec<Row>,
    /// The `note` of a row, by line.
    pub notes: BTreeMap<u32, String>,
    /// `(dropped line, kept line)` of every row that repeats or mirrors another.
    pub duplicates: Vec<(u32, u32)>,
}

impl PairSet {
    /// Builds the set: sorts and de-duplicates groups, drops repeated and mirrored rows.
    ///
    /// `rows` holds `(one end, other end, filter, line)` in any order.
    pub fn build(
        sources: Vec<Source>,
        rows: &[(GroupRef, GroupRef, Filter, u32)],
        notes: BTreeMap<u32, String>,
    ) -> Result<Self, BadValue> {
        let mut groups: Vec<GroupRef> =
            rows.iter().flat_map(|(a, b, ..)| [a.clone(), b.clone()]).collect();
        groups.sort_unstable();
        groups.dedup();
        let mut filters: Vec<Filter> = rows.iter().map(|row| row.2.clone()).collect();
        filters.sort_unstable();
        filters.dedup();
        if filters.len() > usize::from(u16::MAX) {
            return Err(BadValue::new(
                &filters.len().to_string(),
                "at most 65535 different narrowings in one command: split the manifest",
            ));
        }
        let index = |group: &GroupRef| {
            let at = groups.binary_search(group).unwrap_or_default();
            GroupIx(u32::try_from(at).unwrap_or(u32::MAX))
        };
        let indexed = rows
            .iter()
            .map(|(one, other, filter, line)| {
                let at = filters.binary_search(filter).unwrap_or_default();
                let filter = u16::try_from(at).unwrap_or(u16::MAX);
                Row { a: index(one), b: index(other), filter, line: *line }
            })
            .collect();
        Ok(Self::from_indexed(sources, groups, filters, indexed, notes))
    }

    /// Builds the set from rows that refer to distinct `groups` and `filters`, in any order, by
    /// their index. Sorts all three and drops repeated and mirrored rows.
    pub fn from_indexed(
        sources: Vec<Source>,
        groups: Vec<GroupRef>,
        filters: Vec<Filter>,
        mut rows: Vec<Row>,
        notes: BTreeMap<u32, String>,
    ) -> Self {
        let (groups, group_places) = sort_indexed(groups);
        let (filters, filter_places) = sort_indexed(filters);
        for row in &mut rows {
            let [one, other] = [row.a, row.b].map(|ix| GroupIx(group_places[ix.0 as usize]));
            (row.a, row.b) = (one.min(other), one.max(other));
            let filter = filter_places[usize::from(row.filter)];
            row.filter = u16::try_from(filter).unwrap_or(u16::MAX);
        }
        rows.sort_unstable();
        let mut duplicates = Vec::new();
        rows.dedup_by(|row, kept| {
            let same = (kept.a, kept.b, kept.filter) == (row.a, row.b, row.filter);
            if same {
                duplicates.push((row.line, kept.line));
            }
            same
        });
        duplicates.sort_unstable();
        Self { sources, groups, filters, rows, notes, duplicates }
    }

    /// The group at `ix`.
    ///
    /// # Panics
    /// If `ix` is of another set.
    pub fn group(&self, ix: GroupIx) -> &GroupRef {
        &self.groups[ix.0 as usize]
    }

    /// How many distinct pairs there are; rows that narrow the same pair count once.
    pub fn pair_count(&self) -> usize {
        self.rows.chunk_by(|x, y| (x.a, x.b) == (y.a, y.b)).count()
    }

    /// `FILE:LINE` of a line in the whole input.
    pub fn locate(&self, line: u32) -> String {
        let at = self.sources.partition_point(|source| source.first_line < line);
        match at.checked_sub(1).and_then(|at| self.sources.get(at)) {
            Some(source) => format!("{}:{}", source.name, line - source.first_line),
            None => format!("line {line}"),
        }
    }

    /// The digest of what the manifests ask for: pairs and narrowings, not bytes or order.
    pub fn content_digest(&self) -> Digest {
        let mut hasher = Hasher::new("unpair pairs 1");
        for row in &self.rows {
            for group in [self.group(row.a), self.group(row.b)] {
                hasher.field(group.cloud.as_str());
                hasher.field(group.account.as_str());
                hasher.field(group.region.as_str());
                hasher.field(group.group.as_str());
            }
            hasher.field(&self.filters[usize::from(row.filter)].canonical());
        }
        hasher.finish()
    }
}

/// Sorts `items`; the second list holds where each of them went.
fn sort_indexed<T: Ord>(items: Vec<T>) -> (Vec<T>, Vec<u32>) {
    let mut numbered: Vec<(T, u32)> = items.into_iter().zip(0..).collect();
    numbered.sort_unstable();
    let mut places = vec![0; numbered.len()];
    for ((_, from), to) in numbered.iter().zip(0..) {
        places[*from as usize] = to;
    }
    (numbered.into_iter().map(|(item, _)| item).collect(), places)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(account: &str, id: &str) -> GroupRef {
        GroupRef {
            cloud: Provider::Aws,
            account: account.into(),
            region: "us-east-1".into(),
            group: id.into(),
        }
    }

    fn build(rows: &[(GroupRef, GroupRef, Filter, u32)]) -> PairSet {
        PairSet::build(Vec::new(), rows, BTreeMap::new()).expect("few filters")
    }

    #[test]
    fn mirrored_rows_are_one_pair_and_keep_the_lowest_line() {
        let set = build(&[
            (group("2", "sg-b"), group("1", "sg-a"), Filter::default(), 7),
            (group("1", "sg-a"), group("2", "sg-b"), Filter::default(), 3),
        ]);
        assert_eq!(set.rows.len(), 1);
        assert_eq!(set.rows[0].line, 3);
        assert_eq!(set.duplicates, [(7, 3)]);
    }

    #[test]
    fn narrowing_rows_of_one_pair_add_up() {
        let narrow = Filter { direction: Scope::Ingress, ..Filter::default() };
        let set = build(&[
            (group("1", "sg-a"), group("2", "sg-b"), Filter::default(), 1),
            (group("1", "sg-a"), group("2", "sg-b"), narrow, 2),
        ]);
        assert_eq!((set.rows.len(), set.pair_count()), (2, 1));
    }

    #[test]
    fn the_content_digest_ignores_order_and_mirroring() {
        let (a, b, c) = (group("1", "sg-a"), group("2", "sg-b"), group("3", "sg-c"));
        let any = Filter::default;
        let one = build(&[(a.clone(), b.clone(), any(), 1), (b.clone(), c.clone(), any(), 2)]);
        let two = build(&[(c.clone(), b.clone(), any(), 1), (b.clone(), a.clone(), any(), 2)]);
        assert_eq!(one.content_digest(), two.content_digest());
        let other = build(&[(a, b, any(), 1)]);
        assert_ne!(one.content_digest(), other.content_digest());
    }
}
