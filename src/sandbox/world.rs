//! The world of the sandbox: accounts, groups and rules of both clouds.

mod file;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::error::SandboxError;
use super::rule_ids::rule_id;
use crate::model::{
    AccountId, Direction, GroupId, NicType, Peer, Policy, PortRange, Protocol, Provider, RegionId,
    RuleId,
};

/// Everything that the sandbox's clouds hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct World {
    /// How the clouds behave where their manuals leave a choice.
    #[serde(default)]
    pub manners: Manners,
    /// The accounts of both clouds.
    pub accounts: Vec<Account>,
    /// The groups of both clouds by id.
    pub groups: BTreeMap<GroupId, Group>,
    /// The regions of each cloud beside those that hold groups.
    #[serde(default)]
    pub regions: BTreeMap<Provider, BTreeSet<RegionId>>,
    /// Counts the rules ever added, so that no rule id is used twice.
    #[serde(default)]
    pub serial: u64,
}

/// How the clouds behave where their manuals contradict each other or leave a choice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Manners {
    /// Alibaba Cloud: what revoking by `Permissions.N` answers if no rule matches.
    pub unmatched_permissions: Unmatched,
    /// Alibaba Cloud: what revoking by flat parameters answers if no rule matches.
    pub unmatched_flat: Unmatched,
    /// Alibaba Cloud: login names in `SourceGroupOwnerAccount` take no effect.
    pub ignore_login_names: bool,
    /// Alibaba Cloud: most rules of a group that name groups; 0 is no limit.
    pub max_group_rules: usize,
    /// AWS: most rules of a group in one direction; 0 is no limit.
    pub max_rules: usize,
}

/// What Alibaba Cloud answers to a revocation that matches no rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unmatched {
    /// 200, and nothing is deleted.
    #[default]
    Silent,
    /// 400 `InvalidSecurityGroupRule.RuleNotExist`.
    RuleNotExist,
}

/// An account of one cloud.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The cloud.
    pub cloud: Provider,
    /// The numeric id.
    pub id: AccountId,
    /// The login name or a label.
    #[serde(default)]
    pub name: Option<String>,
    /// The key; a partner has none.
    #[serde(default)]
    pub access_key_id: Option<String>,
    /// The key's secret; sandbox keys protect nothing.
    #[serde(default)]
    pub access_key_secret: Option<String>,
    /// What `AssumeRole` into this account must bring.
    #[serde(default)]
    pub external_id: Option<String>,
}

/// A security group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// The cloud.
    pub cloud: Provider,
    /// The owner.
    pub account: AccountId,
    /// Where it is.
    pub region: RegionId,
    /// The id.
    pub id: GroupId,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Free text.
    #[serde(default)]
    pub description: String,
    /// Its VPC; empty for a classic network of Alibaba Cloud.
    #[serde(default)]
    pub vpc: String,
    /// AWS: the VPC is the account's default VPC.
    #[serde(default)]
    pub default_vpc: bool,
    /// Managed by a service of the provider.
    #[serde(default)]
    pub managed: bool,
    /// The live rules in order of creation.
    #[serde(default)]
    pub rules: Vec<LiveRule>,
}

/// A rule as a cloud keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveRule {
    /// Its id.
    pub id: RuleId,
    /// Which way.
    pub direction: Direction,
    /// The protocol, canonical.
    pub protocol: Protocol,
    /// Destination ports, or ICMP type and code.
    pub ports: PortRange,
    /// Source ports, where the rule was written with any.
    #[serde(default)]
    pub source_ports: Option<PortRange>,
    /// The other end.
    pub peer: Peer,
    /// The own end's range of a five-tuple rule (Alibaba Cloud).
    #[serde(default)]
    pub near: Option<String>,
    /// Accept or drop; AWS rules accept.
    pub policy: Policy,
    /// 1 to 100; AWS ignores it.
    pub priority: u16,
    /// The kind of network card; AWS ignores it.
    pub nic_type: NicType,
    /// Free text.
    #[serde(default)]
    pub description: String,
    /// Tags (AWS).
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// When it was made, RFC 3339.
    pub created: String,
}

impl LiveRule {
    /// Whether the provider takes `other` for the same rule: everything but id, description,
    /// tags and age. Source ports left out are all source ports.
    pub fn is_same_rule(&self, other: &Self) -> bool {
        self.direction == other.direction
            && self.protocol == other.protocol
            && self.ports == other.ports
            && self.source_ports.unwrap_or(PortRange::ALL)
                == other.source_ports.unwrap_or(PortRange::ALL)
            && self.peer == other.peer
            && self.near == other.near
            && self.policy == other.policy
            && self.priority == other.priority
            && self.nic_type == other.nic_type
    }

    /// The group at the other end.
    pub fn peer_group(&self) -> Option<&GroupId> {
        match &self.peer {
            Peer::Group { id, .. } => Some(id),
            Peer::Cidr(_) | Peer::PrefixList(_) | Peer::Other(_) | Peer::Unclear(_) => None,
        }
    }
}

impl World {
    /// The sample world that ships with the program.
    #[expect(clippy::missing_panics_doc, reason = "a test reads the same compiled-in text")]
    pub fn sample() -> Self {
        Self::from_toml(include_str!("../../sample-data/world.toml")).expect("the sample is valid")
    }

    /// Reads a world file; `sample-data/world.toml` shows the format.
    pub fn from_toml(text: &str) -> Result<Self, SandboxError> {
        file::read(text)
    }

    /// A group of this account in this region; other people's groups do not exist.
    pub fn group(
        &self,
        cloud: Provider,
        account: &AccountId,
        region: &RegionId,
        id: &GroupId,
    ) -> Option<&Group> {
        let group = self.groups.get(id)?;
        let here = group.cloud == cloud && group.account == *account && group.region == *region;
        here.then_some(group)
    }

    /// The account that owns this access key, with the key's secret.
    pub(super) fn key(&self, cloud: Provider, access_key_id: &str) -> Option<(&Account, &str)> {
        let account = self.accounts.iter().find(|account| {
            account.cloud == cloud && account.access_key_id.as_deref() == Some(access_key_id)
        })?;
        Some((account, account.access_key_secret.as_deref()?))
    }

    /// The account of this id or login name.
    pub(super) fn account(&self, cloud: Provider, name: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| {
            account.cloud == cloud
                && (account.id.as_str() == name || account.name.as_deref() == Some(name))
        })
    }

    /// Whether a cloud has this region.
    pub(super) fn has_region(&self, cloud: Provider, region: &RegionId) -> bool {
        self.regions.get(&cloud).is_some_and(|regions| regions.contains(region))
            || self.groups.values().any(|group| group.cloud == cloud && group.region == *region)
    }

    /// The groups of one account in one region: those named, or all. Others do not exist.
    pub(super) fn groups_of<'a>(
        &'a self,
        (cloud, account, region): (Provider, &AccountId, &RegionId),
        named: Option<&[String]>,
    ) -> Vec<&'a Group> {
        let found: Vec<&Group> = match named {
            None => self.groups.values().collect(),
            Some(ids) => {
                let ids: BTreeSet<_> = ids.iter().map(GroupId::new).collect();
                ids.iter().filter_map(|id| self.groups.get(id)).collect()
            }
        };
        let is_here = |group: &&Group| {
            group.cloud == cloud && group.account == *account && group.region == *region
        };
        found.into_iter().filter(is_here).collect()
    }

    /// Every region of a cloud.
    pub(super) fn regions_of(&self, cloud: Provider) -> BTreeSet<RegionId> {
        let mut regions = self.regions.get(&cloud).cloned().unwrap_or_default();
        let of_groups = self.groups.values().filter(|group| group.cloud == cloud);
        regions.extend(of_groups.map(|group| group.region.clone()));
        regions
    }

    /// A rule id that was never used: what the cloud's ids look like, from the running number.
    pub(super) fn next_rule_id(&mut self, cloud: Provider) -> RuleId {
        self.serial += 1;
        rule_id(cloud, &format!("{cloud} {}", self.serial))
    }
}
