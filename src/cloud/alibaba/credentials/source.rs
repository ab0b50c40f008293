//! What an account's configuration comes to: a key, and the roles to assume with it in turn.

use crate::cloud::{CloudError, StaticKey};

/// A key, and the roles to assume with it, one after the other.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// The key.
    pub key: StaticKey,
    /// The roles; the last is the one that acts.
    pub roles: Vec<Role>,
}

/// A role to assume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Role {
    /// `acs:ram::ACCOUNT:role/NAME`.
    pub arn: String,
    /// The session's name, 2 to 64 characters of `[A-Za-z0-9.@\-_]`.
    pub session: String,
    /// What the role's trust policy may ask for.
    pub external_id: Option<String>,
    /// How long the session lasts; the provider's default is an hour.
    pub seconds: Option<u32>,
}

/// An error of configuration or of a credential file.
pub(super) fn config(message: impl Into<String>) -> CloudError {
    CloudError::config("credentials", message)
}
