//! Why ECS and its STS refuse a call, in the provider's words.

use crate::sandbox::call::Refusal;
use crate::sandbox::codes;

/// A refusal with the status that the provider documents for its code.
pub(super) fn refuse(code: &str, message: impl Into<String>) -> Refusal {
    Refusal::new(codes::alibaba(code).unwrap_or(400), code, message)
}

/// A refusal because a mandatory parameter is missing.
pub(super) fn missing(code: &str, name: &str) -> Refusal {
    let message = format!(
        "The input parameter \"{name}\" that is mandatory for processing this request is not supplied."
    );
    refuse(code, message)
}

/// The answer to a session that is over.
pub(super) fn expired_credentials() -> Refusal {
    refuse("InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")
}

/// The answer to a request that is too old or from the future.
pub(super) fn clock_skew() -> Refusal {
    refuse("InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
}
