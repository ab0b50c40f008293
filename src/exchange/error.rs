//! Why an account is not called, or a read did not succeed.

use crate::cloud::CloudError;
use crate::model::AccountId;

/// A read that did not succeed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    /// The command is to end.
    #[error("interrupted")]
    Stopped,
    /// Every attempt failed, or the first one for good.
    #[error(transparent)]
    Cloud(CloudError),
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
