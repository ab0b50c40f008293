//! How Alibaba Cloud speaks: the [`Dialect`] of ECS and its STS.

use jiff::Timestamp;
use serde_json::Value;

use super::refusal::{self, refuse};
use super::{actions, auth, response};
use crate::model::Provider;
use crate::sandbox::call::{Call, Refusal};
use crate::sandbox::codes;
use crate::sandbox::dialect::{Dialect, uuid};
use crate::sandbox::http::{HttpRequest, HttpResponse};
use crate::sandbox::live::Live;

/// The dialect of Alibaba Cloud.
#[derive(Clone, Copy, Debug)]
pub(in crate::sandbox) struct Alibaba;

impl Dialect for Alibaba {
    type Reply = Value;
    const CLOUD: Provider = Provider::Alibaba;

    fn open(live: &mut Live, request: &HttpRequest, now: Timestamp) -> Result<Call, Refusal> {
        auth::open(live, request, now)
    }

    fn act(live: &mut Live, call: &Call, now: Timestamp) -> Result<Value, Refusal> {
        actions::act(live, call, now)
    }

    fn answer(
        request: &HttpRequest,
        outcome: &Result<Value, Refusal>,
        request_id: Option<&str>,
    ) -> HttpResponse {
        response::write(request, outcome, request_id)
    }

    fn request_id(random: u128) -> String {
        uuid(random).to_uppercase()
    }

    fn status(code: &str) -> Option<u16> {
        codes::alibaba(code)
    }

    fn throttled(_: &str) -> Refusal {
        refuse("Throttling.User", "Request was denied due to user flow control.")
    }

    fn internal_error() -> Refusal {
        refuse(
            "InternalError",
            "The request processing has failed due to some unknown error, exception or failure.",
        )
    }

    fn expired_credentials(_: &str) -> Refusal {
        refusal::expired_credentials()
    }

    fn clock_skew(_: &str) -> Refusal {
        refusal::clock_skew()
    }
}
