//! Taking up what former processes left: all of it is read back before anything is sent again.

use futures_util::{StreamExt as _, TryStreamExt as _};

use super::carry_out::LANES_AT_ONCE;
use crate::failpoint::hit;
use crate::journal::{Journal, JournalError, Leases, Reopenable};
use crate::model::Event;

/// Calls that are taken up again by one commit of the journal, or some more.
const REOPENED_AT_ONCE: usize = 128;

/// Takes up what former processes left: calls in flight are to be read back, and so are those
/// with members that are failed, unknown or still present, `left`.
pub async fn take_up(
    journal: &dyn Journal,
    leases: &Leases,
    left: &[Reopenable],
    at_ms: i64,
) -> Result<(), JournalError> {
    let reclaimed = leases.lanes.iter().map(|held| journal.reclaim(held, at_ms));
    let together = futures_util::stream::iter(reclaimed).buffered(LANES_AT_ONCE);
    together.try_for_each(|_| std::future::ready(Ok(()))).await?;
    hit("after-reclaim");
    let left = left.iter().filter_map(|one| Some((leases.of_call(one.call)?, one)));
    let reopened = left.map(|(held, Reopenable { call, members, .. })| async move {
        let members = members.clone();
        journal.append(held, *call, &Event::Reopened { members }, at_ms).await
    });
    let together = futures_util::stream::iter(reopened).buffered(REOPENED_AT_ONCE);
    together.try_for_each(|_| std::future::ready(Ok(()))).await
}
