//! Where the planted bugs of a run and of a call's life live: nothing of it is in a build without failpoints.

use std::borrow::Cow;

use super::operation::Operation;
use crate::cloud::{Answer, Cloud, CloudError, RevokeOrder, RevokeReply};
use crate::failpoint::{Bug, planted};
use crate::journal::{JournalError, JournalRead, Reopenable};
use crate::model::{RunId, Status};

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
    operation: Operation,
    client: &dyn Cloud,
    order: &RevokeOrder<'_>,
) -> Option<Result<Answer<RevokeReply>, CloudError>> {
    if planted(Bug::CallBeforeIntent) { Some(operation.send(client, order).await) } else { None }
}

/// Whether success is taken for proof: with [`Bug::OkIsDone`].
pub(super) fn success_is_proof() -> bool {
    planted(Bug::OkIsDone)
}

/// What guards and question see of what is taken up again: with [`Bug::GuardsBeforeTakeUp`],
/// nothing.
pub(super) fn shown(reopened: Vec<Reopenable>) -> Vec<Reopenable> {
    if planted(Bug::GuardsBeforeTakeUp) { Vec::new() } else { reopened }
}

/// What is taken up again once a plan is approved: what was shown.
pub(super) async fn taken_up<'a>(
    journal: &dyn JournalRead,
    run: &RunId,
    shown: &'a [Reopenable],
) -> Result<Cow<'a, [Reopenable]>, JournalError> {
    if planted(Bug::GuardsBeforeTakeUp) {
        return Ok(Cow::Owned(journal.reopenable(run).await?));
    }
    Ok(Cow::Borrowed(shown))
}
