//! What reads of groups showed.

use serde::{Deserialize, Serialize};

use crate::model::{AccountId, Finding, GroupIx, RequestId, Rule, Snapshot};

/// What one attempt to read a group showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reading", rename_all = "snake_case")]
pub enum Reading {
    /// All pages, the group proven.
    Seen(Snapshot),
    /// Not in this account and region.
    Missing {
        /// The provider's code.
        code: String,
    },
    /// Not ours to read.
    NotOurs {
        /// What could be seen from our side; `None` if nothing could.
        naming: Option<Naming>,
    },
    /// Could not be read.
    Failed {
        /// The provider's code, or a word of ours.
        code: String,
        /// What was said.
        message: String,
    },
}

/// Which of our groups the ingress rules of a group that is not ours name, as the references to
/// ours tell. Of its peers, those that are in no list are not named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Naming {
    /// It names these.
    pub named: Vec<GroupIx>,
    /// Of these it could not be seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unseen: Vec<GroupIx>,
    /// These are named by a group of its id under another owner than the rows'.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub misowned: Vec<(GroupIx, AccountId)>,
}

/// Whether a group that is not ours names one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamesPeer<'a> {
    /// It does.
    Yes,
    /// A group of its id does, of this account.
    Misowned(&'a AccountId),
    /// That could not be seen.
    Unseen,
    /// It does not.
    No,
}

impl Naming {
    /// Sorts the lists, for [`Self::of`].
    pub fn sort(&mut self) {
        self.named.sort_unstable();
        self.unseen.sort_unstable();
        self.misowned.sort_unstable();
    }

    /// Whether it names `peer`. The lists are sorted.
    pub fn of(&self, peer: GroupIx) -> NamesPeer<'_> {
        let misowned = self.misowned.binary_search_by_key(&peer, |(ix, _)| *ix).ok();
        if self.named.binary_search(&peer).is_ok() {
            NamesPeer::Yes
        } else if let Some((_, owner)) = misowned.and_then(|at| self.misowned.get(at)) {
            NamesPeer::Misowned(owner)
        } else if self.unseen.binary_search(&peer).is_ok() {
            NamesPeer::Unseen
        } else {
            NamesPeer::No
        }
    }
}

/// A reading with what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupReading {
    /// The group.
    pub group: GroupIx,
    /// When the read began.
    pub at_ms: i64,
    /// The provider's names of the exchanges.
    pub request_ids: Vec<RequestId>,
    /// What was read.
    pub reading: Reading,
    /// One entry for each peer that any rule names, sorted by peer.
    pub findings: Vec<Finding>,
    /// Grants of this group that name other groups, of any account, that no row pairs it with.
    pub elsewhere: u32,
}

/// A group as its last complete read showed it: of its rules, those that keep a side from being
/// judged. What is revoked is in the orders, with all its fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRecord {
    /// See [`Snapshot::name`].
    pub name: String,
    /// See [`Snapshot::vpc`].
    pub vpc: String,
    /// See [`Snapshot::owner`].
    pub owner: AccountId,
    /// How many rules it has, in both directions.
    pub rules: u64,
    /// If any side of it is in doubt, its rules that name a group, or may name any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubtful: Vec<Rule>,
}

impl GroupRecord {
    /// What is kept of a reading with these findings.
    pub(in crate::journal) fn of(snapshot: &Snapshot, findings: &[Finding]) -> Self {
        let is_in_doubt = findings.iter().any(Finding::is_in_doubt);
        let names_group =
            |rule: &&Rule| rule.peer.may_be_any() || rule.peer.groups().next().is_some();
        let doubtful = snapshot.rules.iter().filter(|rule| is_in_doubt && names_group(rule));
        Self {
            name: snapshot.name.clone(),
            vpc: snapshot.vpc.clone(),
            owner: snapshot.owner.clone(),
            rules: snapshot.rules.len() as u64,
            doubtful: doubtful.cloned().collect(),
        }
    }
}

/// The last reading of a group, without its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideRecord {
    /// The group.
    pub group: GroupIx,
    /// When; absent if it was never read.
    pub at_ms: Option<i64>,
    /// How it went.
    pub state: SideReading,
    /// See [`GroupReading::elsewhere`].
    pub elsewhere: u32,
}

/// [`Reading`] without the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SideReading {
    /// Never read.
    Unread,
    /// Read well; `service_managed` as in the snapshot.
    Seen {
        /// See [`Snapshot::service_managed`].
        service_managed: bool,
    },
    /// The group does not exist there.
    Missing {
        /// The provider's code.
        code: String,
    },
    /// Not ours to read.
    NotOurs {
        /// See [`Reading::NotOurs`].
        naming: Option<Naming>,
    },
    /// Could not be read.
    Failed {
        /// The provider's code, or a word of ours.
        code: String,
        /// What was said.
        message: String,
    },
}
