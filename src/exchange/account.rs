//! Accounts with a proven identity.

use std::sync::Arc;

use super::error::AccountError;
use crate::cloud::{Cloud, CloudError};
use crate::model::{ErrorClass, Identity, LaneKey};

/// Credentials that were proven to be the account that the plan means.
#[derive(Clone)]
pub struct Account {
    /// The client that acts as the account.
    pub client: Arc<dyn Cloud>,
    /// Who `GetCallerIdentity` says it is.
    pub identity: Identity,
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
