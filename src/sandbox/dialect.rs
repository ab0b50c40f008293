//! What a cloud's dialect has to know beside the world: how requests are read and answers written.

use jiff::Timestamp;

use super::call::{Call, Refusal};
use super::http::{HttpRequest, HttpResponse};
use super::live::Live;
use crate::model::Provider;

/// One provider's way to speak. Neither dialect keeps anything of its own.
pub(super) trait Dialect: Send + Sync + 'static {
    /// What a call that was carried out says, before it is written out.
    type Reply;

    /// The cloud.
    const CLOUD: Provider;

    /// Proves who calls and reads what is asked.
    fn open(live: &mut Live, request: &HttpRequest, now: Timestamp) -> Result<Call, Refusal>;

    /// Carries the call out. Also a refused call may have changed something.
    fn act(live: &mut Live, call: &Call, now: Timestamp) -> Result<Self::Reply, Refusal>;

    /// Writes the answer in the format that the request asks for. Without an id it has none.
    fn answer(
        request: &HttpRequest,
        outcome: &Result<Self::Reply, Refusal>,
        request_id: Option<&str>,
    ) -> HttpResponse;

    /// A new request id in the provider's form.
    fn request_id(random: u128) -> String;

    /// The HTTP status that the provider documents for a code, if it knows the code.
    fn status(code: &str) -> Option<u16>;

    /// The answer to a call above the limit of this action.
    fn throttled(action: &str) -> Refusal;

    /// The answer of a broken server.
    fn internal_error() -> Refusal;

    /// The answer of this action to expired credentials.
    fn expired_credentials(action: &str) -> Refusal;

    /// The answer of this action to a request that is too old or from the future.
    fn clock_skew(action: &str) -> Refusal;
}

/// A UUID in its text form from random bits.
pub(super) fn uuid(random: u128) -> String {
    let digits = format!("{random:032x}");
    let group = |range: std::ops::Range<usize>| digits.get(range).unwrap_or_default();
    [0..8, 8..12, 12..16, 16..20, 20..32].map(group).join("-")
}
