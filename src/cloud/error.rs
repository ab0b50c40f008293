//! Why a call did not succeed.

use std::time::Duration;

use super::ErrorClass;
use crate::model::{AccountId, RequestId};

/// A call that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct CloudError {
    /// What the caller can do about it.
    pub class: ErrorClass,
    /// The provider's code by its exact name, or a word of ours such as `timeout`.
    pub code: String,
    /// What the provider said, without secrets and string-to-sign.
    pub message: String,
    /// The HTTP status, if there was an answer.
    pub http: Option<u16>,
    /// What the provider calls the exchange, if it said.
    pub request_id: Option<RequestId>,
    /// How long the provider asks to wait.
    pub retry_after: Option<Duration>,
}

impl CloudError {
    /// An error that no answer of the provider stands behind.
    pub fn local(class: ErrorClass, code: &str, message: impl Into<String>) -> Self {
        Self {
            class,
            code: code.to_owned(),
            message: message.into(),
            http: None,
            request_id: None,
            retry_after: None,
        }
    }

    /// Something that cannot be sent as it is configured, or as it is ordered.
    pub(super) fn config(code: &str, message: impl Into<String>) -> Self {
        Self::local(ErrorClass::Config, code, message)
    }

    /// A partner's account: configuration says that it is not to be called.
    pub(super) fn not_ours(account: &AccountId) -> Self {
        let message =
            format!("account {account} has credentials = \"none\": it is not ours to call");
        Self::local(ErrorClass::NotOurs, "not_ours", message)
    }
}
