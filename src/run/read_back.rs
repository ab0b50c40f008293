//! Reading back: the groups of calls are read once, and what became of the calls is journalled.

use std::collections::{BTreeMap, HashSet};

use super::CarryOut;
use super::active_call::ActiveCall;
use super::planted::success_is_proof;
use super::verify::{ReadBackVerdict, judge, settle_all};
use super::work::is_failure;
use crate::audit::{GroupRead, Observer, read_groups};
use crate::exchange::{Account, Moment};
use crate::failpoint::hit;
use crate::journal::{GroupWork, Held, JournalError, Reading};
use crate::model::{Event, GroupId, GroupIx, RevocationId, Settled};

/// Groups this far apart are fetched with what lies between them.
const NEIGHBOURS: u32 = 8;

/// What became of a call that was read back.
pub(super) enum Seen {
    /// Nothing yet: it is to be read again at [`ActiveCall::due`].
    Later(ActiveCall),
    /// What the journal has of it now.
    Verified(Verified),
}

/// What the journal was told of a call.
pub(super) struct Verified {
    pub(super) group: GroupIx,
    /// Members that came out one way or the other.
    pub(super) settled: usize,
    /// Members that count against `--max-failures`.
    pub(super) failed: usize,
    /// The call itself, for what still stands.
    pub(super) again: Option<ActiveCall>,
    /// Whether part of what still stands became calls of their own.
    pub(super) was_split: bool,
}

/// Reads back the groups of `calls` once, and journals what was read and what it says of each
/// call. Nothing if told to stop: the calls stay to be read back by the next process.
pub(super) async fn read_back(
    work: &CarryOut<'_>,
    observer: &Observer<'_>,
    held: &Held,
    account: &Account,
    calls: Vec<ActiveCall>,
) -> Result<Vec<Seen>, JournalError> {
    let lane = &held.lane;
    if success_is_proof() && calls.iter().all(|call| call.record.accepted) {
        let proven = |call| settle_all(call, work.operation.outcome(true), "answered with success");
        return tell(work, held, calls.into_iter().map(proven).collect()).await;
    }
    let mut groups: Vec<(GroupIx, GroupId)> =
        calls.iter().map(|call| (call.record.group, call.record.group_id.clone())).collect();
    groups.sort_unstable();
    groups.dedup();
    let (numbers, ids): (Vec<GroupIx>, Vec<GroupId>) = groups.into_iter().unzip();
    hit("before-read-back");
    let Ok(reads) = read_groups(work.exchange, &lane.key, account, &ids).await else {
        return Ok(Vec::new());
    };
    hit("after-read-back");
    let mut reads: BTreeMap<GroupIx, GroupRead> = numbers.into_iter().zip(reads).collect();
    // A group that one look did not find is not told as missing.
    let missed: HashSet<GroupIx> = calls
        .iter()
        .filter(|call| !call.missing)
        .map(|call| call.record.group)
        .filter(|ix| reads.get(ix).is_some_and(is_missing))
        .collect();
    let judged = calls.into_iter().filter_map(|call| {
        let read = reads.get(&call.record.group)?;
        Some(judge(work.operation, call, &read.reading, &work.patience))
    });
    let verdicts = judged.collect();
    reads.retain(|ix, _| !missed.contains(ix));
    record(work, observer, (held, account), reads).await?;
    hit("after-readings");
    tell(work, held, verdicts).await
}

fn is_missing(read: &GroupRead) -> bool {
    matches!(read.reading, Reading::Missing { .. })
}

/// Journals what was read, with its findings: the report is made from them.
async fn record(
    work: &CarryOut<'_>,
    observer: &Observer<'_>,
    (held, account): (&Held, &Account),
    mut reads: BTreeMap<GroupIx, GroupRead>,
) -> Result<(), JournalError> {
    // A run planned without the right to read keeps what it knew.
    reads.retain(|_, read| !(work.run.new.blind && matches!(read.reading, Reading::Failed { .. })));
    let groups = groups_of(work, reads.keys().copied().collect()).await?;
    let peers = observer.peers(&groups).await?;
    let batch = account.client.batch();
    let observe = |group: &GroupWork| {
        let read = reads.remove(&group.ix)?;
        Some(observer.observe(group, &peers, read, batch).reading)
    };
    let readings: Vec<_> = groups.iter().filter_map(observe).collect();
    work.journal.record(held, &readings, &[], work.exchange.clock.now_ms()).await
}

/// Groups by their numbers, which are in order; neighbours come by one query.
async fn groups_of(
    work: &CarryOut<'_>,
    numbers: Vec<GroupIx>,
) -> Result<Vec<GroupWork>, JournalError> {
    let mut groups = Vec::with_capacity(numbers.len());
    for near in numbers.chunk_by(|x, y| y.0 - x.0 <= NEIGHBOURS) {
        let (Some(first), Some(last)) = (near.first(), near.last()) else { continue };
        let page = work.journal.groups(&work.run.new.id, *first, last.0 - first.0 + 1).await?;
        groups.extend(page.into_iter().filter(|group| near.contains(&group.ix)));
    }
    Ok(groups)
}

/// Journals what the read-back showed of each call, all together.
async fn tell(
    work: &CarryOut<'_>,
    held: &Held,
    verdicts: Vec<ReadBackVerdict>,
) -> Result<Vec<Seen>, JournalError> {
    let now = work.exchange.clock.now();
    hit("before-verified");
    let told = verdicts.into_iter().map(|verdict| async move {
        Ok(match verdict {
            ReadBackVerdict::Later(call) => Seen::Later(call),
            ReadBackVerdict::Decided { call, settled, retry } => {
                Seen::Verified(tell_one(work, held, call, (settled, retry), now).await?)
            }
        })
    });
    let told = futures_util::future::join_all(told).await;
    hit("after-verified");
    told.into_iter().collect()
}

async fn tell_one(
    work: &CarryOut<'_>,
    held: &Held,
    call: ActiveCall,
    (settled, retry): (Vec<Settled>, Vec<Vec<RevocationId>>),
    now: Moment,
) -> Result<Verified, JournalError> {
    let (run, id, group) = (&work.run.new.id, call.record.id, call.record.group);
    let failed = settled.iter().filter(|settled| is_failure(settled.outcome)).count();
    let mut verified =
        Verified { group, settled: settled.len(), failed, again: None, was_split: false };
    let event = Event::Verified { settled, retry };
    let (status, split) = work.journal.append(held, id, &event, now.wall_ms).await?;
    verified.was_split = !split.is_empty();
    if !status.is_closed() {
        verified.again = Some(call.again(work.journal.call(run, id).await?, now));
    }
    Ok(verified)
}
