//! A profile of a cloud's own tool, without its secrets.

use crate::model::AccountId;

/// A profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedProfile {
    /// Its name.
    pub name: String,
    /// Whose it is, where the file says so: the account of its role or of its single sign-on.
    pub account: Option<AccountId>,
}
