//! One lane of an audit: its groups in order, a batch at a time.

use futures_util::{Stream, TryStreamExt as _};

use super::again::{Again, Due};
use super::moved::{approved, new_grants, shown_again};
use super::observe::Observer;
use super::{Audit, AuditEnd, GroupRead, Planning, read_groups};
use crate::exchange::{Account, AccountError, ReadError};
use crate::failpoint::hit;
use crate::journal::{GroupReading, GroupWork, Held, JournalError, Lane, Reading};
use crate::model::GroupIx;

/// Batches of one lane that are read at once at most: each holds its groups' rules in memory.
const MAX_BATCHES: usize = 2;

/// How a lane came out.
pub(super) enum LaneRead {
    Done(AuditEnd),
    /// The account is not ours: its groups are read from our side, once ours are read.
    NotOurs,
}

/// Reads the groups of one lane.
pub(super) async fn read_lane(
    audit: &Audit<'_>,
    observer: &Observer<'_>,
    held: &Held,
) -> Result<LaneRead, JournalError> {
    let lane = &held.lane;
    let account = match audit.exchange.account(&lane.key).await {
        Ok(account) => account,
        Err(AccountError::NotOurs) => return Ok(LaneRead::NotOurs),
        Err(AccountError::Stopped) => {
            return Ok(LaneRead::Done(AuditEnd { interrupted: true, ..AuditEnd::default() }));
        }
        Err(error) => return Ok(LaneRead::Done(unreachable_lane(audit, held, &error).await?)),
    };
    let again = Again::default();
    let reader = LaneReader { audit, observer, held, lane, account: &account, again: &again };
    let end = AuditEnd { reached: 1, ..AuditEnd::default() };
    let mut end = reader
        .batches()
        .map_ok(|due| reader.read(due.into_iter().map(Due::from).collect()))
        .try_buffer_unordered(reader.at_once())
        .try_fold(end, |mut end, batch_end| async {
            end.add(batch_end);
            Ok(end)
        })
        .await?;
    reader.look_again(&mut end).await?;
    end.interrupted |= audit.exchange.stop.is_cancelled();
    Ok(LaneRead::Done(end))
}

/// What all batches of one lane have in common.
struct LaneReader<'a> {
    audit: &'a Audit<'a>,
    observer: &'a Observer<'a>,
    held: &'a Held,
    lane: &'a Lane,
    account: &'a Account,
    again: &'a Again,
}

impl LaneReader<'_> {
    /// Batches that are read at once. Where the rules of many groups come by one call, the next
    /// batches are under way before one is answered; elsewhere one batch fills the lane's width.
    fn at_once(&self) -> usize {
        let batch = self.account.client.batch();
        let calls = batch.groups.div_ceil(batch.rules.max(1)).max(1);
        let width = self.audit.exchange.pacer.width(self.lane.key.cloud);
        (width / calls).clamp(1, MAX_BATCHES)
    }

    /// The groups that are to be read, as many together as the provider takes.
    fn batches(&self) -> impl Stream<Item = Result<Vec<GroupWork>, JournalError>> {
        let size = u32::try_from(self.account.client.batch().groups).unwrap_or(1).max(1);
        let pages = Pages::of(self.lane, size);
        futures_util::stream::try_unfold(pages, |mut pages| async {
            if self.audit.exchange.stop.is_cancelled() {
                return Ok(None);
            }
            let page = pages.next(self.audit).await?;
            Ok(page.map(|groups| (groups, pages)))
        })
        .map_ok(|groups| groups.into_iter().filter(|group| self.audit.is_due(group)).collect())
    }

    /// Looks once more, one delay later, at what one look does not prove: all such groups of the
    /// lane together. A lane without any pays nothing.
    async fn look_again(&self, end: &mut AuditEnd) -> Result<(), JournalError> {
        let size = self.account.client.batch().groups.max(1);
        loop {
            let due = self.again.due(&self.audit.exchange.stop).await;
            if due.is_empty() {
                return Ok(());
            }
            for batch in due.chunks(size) {
                end.add(self.read(batch.to_vec()).await?);
            }
        }
    }

    /// Reads one batch and journals what was read and is proven.
    async fn read(&self, due: Vec<Due>) -> Result<AuditEnd, JournalError> {
        let mut end = AuditEnd::default();
        if due.is_empty() {
            return Ok(end);
        }
        let ids: Vec<_> = due.iter().map(|due| due.work.group.clone()).collect();
        match read_groups(self.audit.exchange, &self.lane.key, self.account, &ids).await {
            Ok(reads) => {
                let shown_again = shown_again(self.audit, &due, &reads).await?;
                let (due, reads) = self.again.sift(due, reads, &shown_again);
                if due.is_empty() {
                    return Ok(end);
                }
                self.take(&due, reads, &mut end).await?;
                self.audit.exchange.progress.advance(&self.lane.key, due.len() as u64);
            }
            Err(ReadError::Stopped) => end.interrupted = true,
            // `read_groups` turns every other failure into a reading.
            Err(ReadError::Cloud(error)) => {
                end.unreachable.push((self.lane.key.clone(), error.to_string()));
            }
        }
        Ok(end)
    }

    /// Journals readings together with the plans made from them.
    async fn take(
        &self,
        due: &[GroupWork],
        reads: Vec<GroupRead>,
        end: &mut AuditEnd,
    ) -> Result<(), JournalError> {
        let Self { audit, observer, account, held, .. } = *self;
        let (mut readings, mut plans) = (Vec::new(), Vec::new());
        let peers = observer.peers(due).await?;
        let approved = approved(audit, due).await?;
        for (work, read) in due.iter().zip(reads) {
            let seen = observer.observe(work, &peers, read, account.client.batch());
            match &audit.planning {
                Planning::Plan if matches!(seen.reading.reading, Reading::Seen(_)) => {
                    plans.push((work.ix, seen.calls));
                }
                Planning::Plan | Planning::Keep => {}
                Planning::Frozen => {
                    let approved = approved.get(&work.ix).map_or(&[][..], Vec::as_slice);
                    end.moved.extend(new_grants(approved, work, &seen, &peers));
                }
            }
            readings.push(seen.reading);
        }
        let now_ms = audit.exchange.clock.now_ms();
        hit("before-reading");
        audit.journal.record(held, &readings, &plans, now_ms).await?;
        hit("after-reading");
        Ok(())
    }
}

/// Journals every group of a lane that cannot be called as such.
async fn unreachable_lane(
    audit: &Audit<'_>,
    held: &Held,
    error: &AccountError,
) -> Result<AuditEnd, JournalError> {
    let lane = &held.lane;
    let mut pages = Pages::of(lane, 1_000);
    while let Some(work) = pages.next(audit).await? {
        let readings: Vec<GroupReading> = work
            .iter()
            .map(|group| GroupReading {
                group: group.ix,
                at_ms: audit.exchange.clock.now_ms(),
                request_ids: Vec::new(),
                reading: Reading::Failed {
                    code: error.code().to_owned(),
                    message: error.message(),
                },
                findings: Vec::new(),
                elsewhere: 0,
            })
            .collect();
        let now_ms = audit.exchange.clock.now_ms();
        audit.journal.record(held, &readings, &[], now_ms).await?;
        audit.exchange.progress.advance(&lane.key, readings.len() as u64);
    }
    Ok(AuditEnd { unreachable: vec![(lane.key.clone(), error.to_string())], ..AuditEnd::default() })
}

/// The groups of a lane, a page at a time.
pub(super) struct Pages {
    next: u32,
    end: u32,
    size: u32,
}

impl Pages {
    pub(super) fn of(lane: &Lane, size: u32) -> Self {
        Self { next: lane.first.0, end: lane.first.0 + lane.groups, size }
    }

    pub(super) async fn next(
        &mut self,
        audit: &Audit<'_>,
    ) -> Result<Option<Vec<GroupWork>>, JournalError> {
        if self.next >= self.end {
            return Ok(None);
        }
        let limit = self.size.min(self.end - self.next);
        let page = audit.journal.groups(&audit.run.new.id, GroupIx(self.next), limit).await?;
        self.next += limit;
        Ok(Some(page))
    }
}
