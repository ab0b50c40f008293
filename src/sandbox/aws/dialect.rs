//! How AWS speaks: the [`Dialect`] of EC2 and its STS.

use jiff::Timestamp;

use super::response::{self, refuse};
use super::{actions, auth};
use crate::model::Provider;
use crate::sandbox::call::{Call, Refusal};
use crate::sandbox::codes;
use crate::sandbox::dialect::{Dialect, uuid};
use crate::sandbox::http::{HttpRequest, HttpResponse};
use crate::sandbox::live::Live;

/// The dialect of AWS.
#[derive(Clone, Copy, Debug)]
pub(in crate::sandbox) struct Aws;

impl Dialect for Aws {
    /// The elements inside the answer, as XML.
    type Reply = String;
    const CLOUD: Provider = Provider::Aws;

    fn open(live: &mut Live, request: &HttpRequest, now: Timestamp) -> Result<Call, Refusal> {
        auth::open(live, request, now)
    }

    fn act(live: &mut Live, call: &Call, now: Timestamp) -> Result<String, Refusal> {
        actions::act(live, call, now)
    }

    fn answer(
        request: &HttpRequest,
        outcome: &Result<String, Refusal>,
        request_id: Option<&str>,
    ) -> HttpResponse {
        response::write(request, outcome, request_id)
    }

    fn request_id(random: u128) -> String {
        uuid(random)
    }

    fn status(code: &str) -> Option<u16> {
        codes::aws(code)
    }

    fn throttled(action: &str) -> Refusal {
        if is_sts(action) {
            return refuse("Throttling", "Rate exceeded");
        }
        refuse("RequestLimitExceeded", "Request limit exceeded.")
    }

    fn internal_error() -> Refusal {
        refuse("InternalError", "An internal error has occurred")
    }

    fn expired_credentials(action: &str) -> Refusal {
        auth::expired(is_sts(action))
    }

    fn clock_skew(action: &str) -> Refusal {
        auth::too_old(is_sts(action))
    }
}

/// Whether an action is one of STS, which words its troubles otherwise.
fn is_sts(action: &str) -> bool {
    matches!(action, "AssumeRole" | "GetCallerIdentity")
}
