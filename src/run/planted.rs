//! Where the planted bugs of a call's life live: nothing of it is in a build without failpoints.

use crate::cloud::{Answer, Cloud, CloudError, RevokeOrder, RevokeReply};
use crate::failpoint::{Bug, planted};
use crate::model::Status;

/// The generation that a token is made from: with [`Bug::NewTokenOnRetry`], another one each time.
pub(super) fn token_generation(status: Status) -> u32 {
    match status {
        Status::Waiting { generation, attempt, .. } if planted(Bug::NewTokenOnRetry) => {
            generation + 1_000 * attempt
        }
        _ => status.generation(),
    }
}

/// What a send was answered that went out before its intent: with [`Bug::CallBeforeIntent`].
pub(super) async fn sent_too_early(
    client: &dyn Cloud,
    order: &RevokeOrder<'_>,
) -> Option<Result<Answer<RevokeReply>, CloudError>> {
    if planted(Bug::CallBeforeIntent) { Some(client.revoke(order).await) } else { None }
}

/// Whether success is taken for proof: with [`Bug::OkIsDone`].
pub(super) fn success_is_proof() -> bool {
    planted(Bug::OkIsDone)
}
