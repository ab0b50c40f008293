//! What reads of groups showed.

use serde::{Deserialize, Serialize};

use crate::model::{Finding, GroupIx, RequestId, Snapshot};

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
    /// Not ours to read. `naming` lists those of our groups that this group's rules name, where
    /// the provider let us see it from our side; it covers ingress rules alone.
    NotOurs {
        /// See above; `None` if it could not be seen.
        naming: Option<Vec<GroupIx>>,
    },
    /// Could not be read.
    Failed {
        /// The provider's code, or a word of ours.
        code: String,
        /// What was said.
        message: String,
    },
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
        naming: Option<Vec<GroupIx>>,
    },
    /// Could not be read.
    Failed {
        /// The provider's code, or a word of ours.
        code: String,
        /// What was said.
        message: String,
    },
}
