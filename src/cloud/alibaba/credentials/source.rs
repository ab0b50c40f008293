//! What an account's configuration comes to: where a key comes from, and the roles to assume with
//! it in turn.

use std::path::PathBuf;

use secrecy::SecretString;

use crate::cloud::{CloudError, StaticKey};

/// Where a key comes from, and the roles to assume with it, one after the other.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Where the key comes from.
    pub origin: Origin,
    /// The roles; the last is the one that acts.
    pub roles: Vec<Role>,
    /// The STS that a profile names, where the identity of the key is asked.
    pub sts: Option<String>,
}

/// Where a key comes from.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// It is there.
    Key(StaticKey),
    /// A role that is assumed with the token of a provider of identities, without a key.
    Oidc(Oidc),
    /// The metadata service of the ECS instance, for the role of this name or the only one.
    Machine(Option<String>),
    /// A command that writes it.
    External(External),
    /// An address that answers with it.
    Uri(Uri),
}

/// What `AssumeRoleWithOIDC` takes.
#[derive(Clone, Debug)]
pub(super) struct Oidc {
    /// `acs:ram::ACCOUNT:oidc-provider/NAME`.
    pub provider: String,
    /// The file that holds the token, read anew each time.
    pub token_file: PathBuf,
    /// What names that file, for messages.
    pub from: String,
    /// The role.
    pub role: Role,
}

/// A command. It may hold secrets.
#[derive(Clone, Debug)]
pub(super) struct External {
    /// The words of the command.
    pub command: SecretString,
    /// The profile that names it, for messages.
    pub from: String,
}

/// An address. It may hold secrets.
#[derive(Clone, Debug)]
pub(super) struct Uri {
    /// The address.
    pub address: SecretString,
    /// What names it, for messages.
    pub from: String,
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
    /// What narrows the rights of the session.
    pub policy: Option<String>,
    /// The STS that the profile names.
    pub sts: Option<String>,
}

impl Source {
    /// A key that is there.
    pub(super) const fn key(key: StaticKey) -> Self {
        Self::of(Origin::Key(key))
    }

    /// What comes from `origin`, without a role.
    pub(super) const fn of(origin: Origin) -> Self {
        Self { origin, roles: vec![], sts: None }
    }
}

impl Role {
    /// What every call that assumes it takes.
    pub(super) fn parameters(&self) -> Vec<(String, String)> {
        let told = [
            ("RoleArn", Some(self.arn.clone())),
            ("RoleSessionName", Some(self.session.clone())),
            ("DurationSeconds", self.seconds.map(|seconds| seconds.to_string())),
            ("Policy", self.policy.clone()),
        ];
        let told = told.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        told.collect()
    }

    /// A role of which nothing more is said.
    pub(super) fn new(arn: String, session: String) -> Self {
        Self { arn, session, external_id: None, seconds: None, policy: None, sts: None }
    }
}

/// An error of configuration or of a credential file.
pub(super) fn config(message: impl Into<String>) -> CloudError {
    CloudError::config("credentials", message)
}
