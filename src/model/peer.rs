//! The other end of a rule.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{AccountId, GroupId};

/// The other end of a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Peer {
    /// A security group. `owner` is absent where the provider does not say (AWS: the group was
    /// deleted; Alibaba Cloud: the same account).
    Group {
        /// The group.
        id: GroupId,
        /// Its account.
        owner: Option<AccountId>,
    },
    /// An IPv4 or IPv6 range.
    Cidr(String),
    /// A prefix list.
    PrefixList(String),
    /// Something of a kind that this program does not know: whom it reaches is not known either.
    Other(String),
    /// The rule does not tell which of these it is about, or tells none at all: nothing is decided
    /// by it, and nothing that it may be about is clean.
    Unclear(Vec<Peer>),
}

impl Peer {
    /// The groups that the rule names, each with its owner as far as that is told.
    pub fn groups(&self) -> impl Iterator<Item = (&GroupId, Option<&AccountId>)> {
        let several: &[Self] = match self {
            Self::Unclear(several) => several,
            one => std::slice::from_ref(one),
        };
        several.iter().filter_map(|peer| match peer {
            Self::Group { id, owner } => Some((id, owner.as_ref())),
            _ => None,
        })
    }

    /// Whether nothing tells which group the rule may be about: it may be any.
    pub fn may_be_any(&self) -> bool {
        match self {
            Self::Unclear(several) => several.iter().all(|peer| matches!(peer, Self::Other(_))),
            one => matches!(one, Self::Other(_)),
        }
    }

    /// Whether the rule leaves open what it is about.
    pub fn is_unclear(&self) -> bool {
        matches!(self, Self::Unclear(_) | Self::Other(_))
    }

    /// Whether both are one peer, whoever is told to own it: a group id names one group.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Group { id, .. }, Self::Group { id: other, .. }) => id.is_same(other),
            _ => self == other,
        }
    }

    /// Whether both may be one peer.
    pub(super) fn may_be(&self, other: &Self) -> bool {
        if self.may_be_any() || other.may_be_any() {
            return true;
        }
        match (self, other) {
            (Self::Unclear(several), one) | (one, Self::Unclear(several)) => {
                several.iter().any(|peer| peer.is_same(one))
            }
            _ => self.is_same(other),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group { id, owner: Some(owner) } => write!(f, "{owner}/{id}"),
            Self::Group { id, owner: None } => write!(f, "{id}"),
            Self::Cidr(text) | Self::PrefixList(text) | Self::Other(text) => f.write_str(text),
            Self::Unclear(several) => {
                for (ix, peer) in several.iter().enumerate() {
                    write!(f, "{}{peer}", if ix > 0 { " or " } else { "" })?;
                }
                Ok(())
            }
        }
    }
}
