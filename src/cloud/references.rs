//! Which groups, of whatever account, name ours.

use crate::failpoint::{Bug, planted};
use crate::model::{AccountId, GroupId};

/// Which groups name those that were asked about, as far as one answer tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct References {
    /// What it tells.
    pub all: Vec<Reference>,
    /// The groups asked about that the answer has an entry for, even an empty one.
    pub mentioned: Vec<GroupId>,
}

impl References {
    /// Entries at which an answer is cut, which has no second page: those that are not in it may
    /// stand all the same.
    pub const CUT: usize = 100;

    /// Whether something may have been cut off.
    pub fn is_cut(&self) -> bool {
        self.all.len() >= Self::CUT && !planted(Bug::CutReferencesBelieved)
    }
}

/// `by` has a rule that names `group`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The group asked about.
    pub group: GroupId,
    /// The group that names it.
    pub by: GroupId,
    /// The account of `by`.
    pub account: AccountId,
}
