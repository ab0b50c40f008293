//! Groups of which one look is no proof: missing ones, those whose answers contradict each other,
//! and those that show a rule again that was gone.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::GroupRead;
use super::listing::CONTRADICTORY;
use crate::journal::{GroupWork, Reading};
use crate::model::GroupIx;

/// Between two looks at a group: what one answer of the cloud lacks, another has by then.
pub const SECOND_LOOK: Duration = Duration::from_secs(5);
/// Looks at one group until its reading counts as failed, if they never agree.
const MAX_LOOKS: u32 = 4;

/// A group that is to be read.
#[derive(Clone, Debug)]
pub(super) struct Due {
    pub(super) work: GroupWork,
    /// Looks so far.
    looks: u32,
    /// The last one did not find it.
    was_missing: bool,
}

impl From<GroupWork> for Due {
    fn from(work: GroupWork) -> Self {
        Self { work, looks: 0, was_missing: false }
    }
}

/// The groups of a lane that are to be looked at once more, all together.
#[derive(Debug, Default)]
pub(super) struct Again(Mutex<Vec<Due>>);

impl Again {
    /// Puts aside those groups whose look is no proof, and returns the others. Those of
    /// `shown_again` show a rule that was gone.
    pub(super) fn sift(
        &self,
        due: Vec<Due>,
        reads: Vec<GroupRead>,
        shown_again: &HashSet<GroupIx>,
    ) -> (Vec<GroupWork>, Vec<GroupRead>) {
        let mut aside = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut proven = (Vec::new(), Vec::new());
        for (due, mut read) in due.into_iter().zip(reads) {
            let is_missing = matches!(read.reading, Reading::Missing { .. });
            let is_proof = match &read.reading {
                Reading::Missing { .. } => due.was_missing,
                Reading::Failed { code, .. } => code != CONTRADICTORY,
                Reading::Seen(_) => !shown_again.contains(&due.work.ix),
                Reading::NotOurs { .. } => true,
            };
            let looks = due.looks + 1;
            if !is_proof && looks < MAX_LOOKS {
                aside.push(Due { work: due.work, looks, was_missing: is_missing });
                continue;
            }
            if is_missing && !is_proof {
                read.reading = Reading::Failed {
                    code: CONTRADICTORY.to_owned(),
                    message: format!("of {looks} looks at the group some found it"),
                };
            }
            proven.0.push(due.work);
            proven.1.push(read);
        }
        proven
    }

    /// What is to be looked at once more, when it is time; empty if nothing is, or when told to
    /// stop.
    pub(super) async fn due(&self, stop: &CancellationToken) -> Vec<Due> {
        let mut due = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        due.sort_by_key(|due| due.work.ix);
        if due.is_empty() {
            return due;
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => Vec::new(),
            () = tokio::time::sleep(SECOND_LOOK) => due,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{GroupId, GroupIx, Snapshot};

    const MISSING: &str = "not listed";

    fn work(ix: u32) -> GroupWork {
        let group = GroupId::new("sg-a");
        GroupWork {
            ix: GroupIx(ix),
            group,
            peers: vec![],
            read_ms: None,
            looked_ms: None,
            looked_now: false,
        }
    }

    fn read(reading: Reading) -> GroupRead {
        GroupRead { group: GroupId::new("sg-a"), at_ms: 1, request_ids: vec![], reading }
    }

    fn missing() -> Reading {
        Reading::Missing { code: MISSING.to_owned() }
    }

    fn contradictory() -> Reading {
        Reading::Failed { code: CONTRADICTORY.to_owned(), message: String::new() }
    }

    fn seen() -> Reading {
        Reading::Seen(Snapshot {
            name: String::new(),
            vpc: String::new(),
            owner: "1".into(),
            service_managed: false,
            rules: vec![],
        })
    }

    /// What counts after these looks, and how many of them it took.
    async fn looked(looks: &[Reading]) -> (Reading, usize) {
        let again = Again::default();
        let work = work(1);
        let mut due: Vec<Due> = vec![work.into()];
        for (look, n) in looks.iter().zip(1..) {
            let (_, mut proven) = again.sift(due, vec![read(look.clone())], &HashSet::new());
            if let Some(read) = proven.pop() {
                assert!(again.due(&CancellationToken::new()).await.is_empty());
                return (read.reading, n);
            }
            due = again.due(&CancellationToken::new()).await;
            assert_eq!(due.len(), 1);
        }
        panic!("no look counts")
    }

    #[tokio::test(start_paused = true)]
    async fn a_group_is_missing_after_two_looks_that_follow_each_other() {
        assert_eq!(looked(&[seen()]).await, (seen(), 1));
        assert_eq!(looked(&[missing(), missing()]).await, (missing(), 2));
        assert_eq!(looked(&[missing(), seen()]).await, (seen(), 2));
        assert_eq!(looked(&[contradictory(), missing(), missing()]).await, (missing(), 3));
    }

    #[tokio::test(start_paused = true)]
    async fn looks_that_never_agree_are_a_failed_reading() {
        let four = [contradictory(), contradictory(), contradictory(), contradictory()];
        assert_eq!(looked(&four).await, (contradictory(), 4));
        let (reading, looks) =
            looked(&[missing(), contradictory(), contradictory(), missing()]).await;
        assert!(matches!(reading, Reading::Failed { .. }) && looks == 4, "{reading:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn groups_are_looked_at_again_together_and_in_order() {
        let again = Again::default();
        for ix in [3, 1, 2] {
            again.sift(vec![work(ix).into()], vec![read(missing())], &HashSet::new());
        }
        let due = again.due(&CancellationToken::new()).await;
        assert_eq!(due.iter().map(|due| due.work.ix.0).collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_does_not_wait_for_the_second_look() {
        let again = Again::default();
        let work = work(1);
        again.sift(vec![work.into()], vec![read(missing())], &HashSet::new());
        let stop = CancellationToken::new();
        stop.cancel();
        let before = tokio::time::Instant::now();
        assert!(again.due(&stop).await.is_empty());
        assert_eq!(tokio::time::Instant::now(), before);
    }

    #[tokio::test(start_paused = true)]
    async fn a_rule_that_shows_again_is_looked_at_until_it_is_gone_or_counts_as_standing() {
        let stop = CancellationToken::new();
        for times in [1, MAX_LOOKS] {
            let again = Again::default();
            let mut due: Vec<Due> = vec![work(1).into()];
            for look in 1.. {
                let shows =
                    if look <= times { HashSet::from([GroupIx(1)]) } else { HashSet::new() };
                let (proven, _) = again.sift(due, vec![read(seen())], &shows);
                if !proven.is_empty() {
                    assert_eq!(look, MAX_LOOKS.min(times + 1));
                    break;
                }
                due = again.due(&stop).await;
            }
        }
    }
}
