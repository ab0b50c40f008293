//! Accounts with a proven identity, and those that are no longer called.

use std::sync::Arc;

use super::ReadError;
use crate::cloud::{Cloud, CloudError};
use crate::model::{AccountId, ErrorClass, Identity, LaneKey};

/// Credentials that were proven to be the account that the plan means.
#[derive(Clone)]
pub struct Account {
    /// The client that acts as the account.
    pub client: Arc<dyn Cloud>,
    /// Who `GetCallerIdentity` says it is.
    pub identity: Identity,
}

/// An account that is not called.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AccountError {
    /// The command is to end.
    #[error("interrupted")]
    Stopped,
    /// Configuration says that the account is not ours.
    #[error("not ours to call")]
    NotOurs,
    /// The credentials are those of another account.
    #[error(
        "the credentials for {wanted} are those of {found} ({arn}): nothing of {wanted} was sent; \
         check its profile or role_arn"
    )]
    WrongIdentity {
        /// The account that the plan names.
        wanted: AccountId,
        /// The account that the credentials are of.
        found: AccountId,
        /// Their principal.
        arn: String,
    },
    /// The credentials do not work or may not do what is needed.
    #[error(transparent)]
    Cloud(CloudError),
}

impl AccountError {
    /// A short word for journal and reports: the provider's code, or one of ours.
    pub fn code(&self) -> &str {
        match self {
            Self::Stopped => "Interrupted",
            Self::NotOurs => "NotOurs",
            Self::WrongIdentity { .. } => "WrongIdentity",
            Self::Cloud(error) => &error.code,
        }
    }

    /// What happened, without the code.
    pub fn message(&self) -> String {
        match self {
            Self::Cloud(error) => error.message.clone(),
            Self::Stopped | Self::NotOurs | Self::WrongIdentity { .. } => self.to_string(),
        }
    }
}

impl From<ReadError> for AccountError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Stopped => Self::Stopped,
            ReadError::Cloud(error) => Self::Cloud(error),
        }
    }
}

/// The identity, if it is the one that `lane` means.
pub(super) fn same_account(lane: &LaneKey, identity: Identity) -> Result<Identity, AccountError> {
    if identity.account == lane.account {
        return Ok(identity);
    }
    Err(AccountError::WrongIdentity {
        wanted: lane.account.clone(),
        found: identity.account,
        arn: identity.arn,
    })
}

/// `error` with what can be done about it, where its own words do not say.
pub(super) fn with_remedy(error: CloudError) -> CloudError {
    let remedy = match error.class {
        ErrorClass::ClockSkew => {
            "this machine's clock and the provider's are too far apart: set it (NTP), then go on \
             with `unpair resume`"
        }
        ErrorClass::Throttled => {
            "the rate limit refused it for too long: lower the rate or find who else uses it up, \
             then go on with `unpair resume`"
        }
        ErrorClass::Denied => {
            "allow it: `unpair accounts --policy` prints the least policy; then go on with \
             `unpair resume`"
        }
        _ => return error,
    };
    if error.message.ends_with(remedy) {
        return error;
    }
    CloudError { message: format!("{}; {remedy}", error.message), ..error }
}
