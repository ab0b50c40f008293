//! A lane's calls in order, as many in the air as its width, and read-backs of whole batches
//! meanwhile.

use std::collections::HashSet;

use futures_util::FutureExt as _;

use super::air::{Air, Ended, Step, Steps};
use super::backlog::Backlog;
use super::carry_out::send;
use super::in_hand::InHand;
use super::queue::Queue;
use super::verify::{Verdict, read_back};
use super::{CarryOut, RunError, is_failure};
use crate::audit::Observer;
use crate::exchange::Account;
use crate::failpoint::hit;
use crate::journal::{JournalError, Lane};
use crate::model::{Event, GroupIx, Status};

/// Nothing is in the air and nothing will be due.
struct NothingLeft;

/// What works on one lane.
pub(super) struct Worker<'a> {
    work: &'a CarryOut<'a>,
    observer: &'a Observer<'a>,
    lane: &'a Lane,
    account: &'a Account,
    queue: Queue,
    back: Backlog,
    /// Groups with a call in the air or not read back: a batch never races itself.
    busy: HashSet<GroupIx>,
    sending: usize,
}

impl<'a> Worker<'a> {
    /// A worker that has not begun.
    pub(super) fn new(
        work: &'a CarryOut<'a>,
        observer: &'a Observer<'a>,
        lane: &'a Lane,
        account: &'a Account,
    ) -> Self {
        Self {
            work,
            observer,
            lane,
            account,
            queue: Queue::new(),
            back: Backlog::new(account.client.batch()),
            busy: HashSet::new(),
            sending: 0,
        }
    }

    /// Works until nothing is left, or in the air. A journal error ends the intake alone.
    pub(super) async fn work(&mut self) -> Result<(), RunError> {
        let mut air = Air::default();
        let mut trouble = None;
        loop {
            if trouble.is_none() {
                if self.may_send()
                    && let Err(error) = air.beside(self.refill()).await
                {
                    self.fail(&mut trouble, error.into());
                }
                self.begin_more(&air.steps);
            }
            let taken = match self.next(&mut air).await {
                Err(NothingLeft) => return trouble.map_or(Ok(()), Err),
                Ok(None) => continue,
                Ok(Some(Ok(step))) => air.beside(self.end(step)).await.map_err(RunError::from),
                Ok(Some(Err(error))) => Err(error),
            };
            if let Err(error) = taken {
                self.fail(&mut trouble, error);
            }
        }
    }

    /// The journal failed: nothing new begins, here and in every other lane.
    fn fail(&self, trouble: &mut Option<RunError>, error: RunError) {
        self.work.exchange.stop.cancel();
        RunError::join(trouble, error);
    }

    fn begin_more(&mut self, steps: &Steps<'a>) {
        if self.may_send() {
            self.send_more(steps);
        }
        if self.may_read() {
            self.read_back_more(steps);
        }
    }

    /// Takes more calls from the journal when few are left.
    async fn refill(&mut self) -> Result<(), JournalError> {
        for call in self.queue.refill(self.work, self.lane, self.width()).await? {
            self.busy.insert(call.record.group);
            self.back.push(call);
        }
        Ok(())
    }

    async fn end(&mut self, step: Step) -> Result<(), JournalError> {
        match step {
            Step::Sent(call) => self.sent(call),
            Step::ReadBack(Ok(verdicts)) => {
                self.back.was_read();
                self.take(verdicts).await?;
            }
            // Told to stop: the calls stay to be read back by the next process.
            Step::ReadBack(Err(_)) => self.back.was_read(),
        }
        Ok(())
    }

    fn may_send(&self) -> bool {
        let exchange = self.work.exchange;
        !exchange.stop.is_cancelled() && exchange.parked(&self.lane.key).is_none()
    }

    /// What an account did before it might revoke no more is told.
    fn may_read(&self) -> bool {
        let exchange = self.work.exchange;
        !exchange.stop.is_cancelled() && exchange.parked_for_reads(&self.lane.key).is_none()
    }

    fn width(&self) -> usize {
        self.work.exchange.pacer.width(self.lane.key.cloud)
    }

    fn send_more(&mut self, steps: &Steps<'a>) {
        while self.sending < self.width() {
            let Some(call) = self.queue.next(&self.busy) else { return };
            self.busy.insert(call.record.group);
            self.sending += 1;
            let (work, lane, account) = (self.work, self.lane, self.account);
            steps
                .push(async move { send(work, lane, account, call).await.map(Step::Sent) }.boxed());
        }
    }

    fn sent(&mut self, call: InHand) {
        self.sending -= 1;
        match call.record.status {
            Status::ReadBack { .. } => self.back.push(call),
            status => {
                self.busy.remove(&call.record.group);
                if matches!(status, Status::Failed { .. }) {
                    self.done(call.record.members.len(), call.record.members.len());
                }
            }
        }
    }

    /// Whether calls are under way that will have to be read back, too, and nothing waits for a
    /// read-back to be sent.
    fn more_come(&self) -> bool {
        self.sending > 0 && !self.queue.is_blocked(&self.busy)
    }

    /// Starts one read-back of what is due, unless one is under way or a fuller one is near.
    fn read_back_more(&mut self, steps: &Steps<'a>) {
        let Some(due) = self.back.begin(self.more_come()) else { return };
        let (work, observer, lane, account) = (self.work, self.observer, self.lane, self.account);
        let read = async move {
            let read = read_back(work, observer, lane, account, due).await?;
            Ok(Step::ReadBack(read))
        };
        steps.push(read.boxed());
    }

    /// The next step that ended; `Ok(None)` when it is time to look for what is due, an error when
    /// nothing is left to wait for.
    async fn next(&self, air: &mut Air<'a>) -> Result<Option<Ended>, NothingLeft> {
        let look = self.back.next_look(self.more_come()).filter(|_| self.may_read());
        let is_time = async {
            match look {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            Some(step) = air.next() => Ok(Some(step)),
            () = self.work.exchange.stop.cancelled(), if look.is_some() => Ok(None),
            () = is_time, if look.is_some() => Ok(None),
            else => Err(NothingLeft),
        }
    }

    /// Journals what the read-back showed and queues what goes again.
    async fn take(&mut self, verdicts: Vec<Verdict>) -> Result<(), JournalError> {
        let mut decided = Vec::new();
        for verdict in verdicts {
            match verdict {
                Verdict::Later(call) => self.back.push(call),
                Verdict::Decided(call, event) => decided.push((call, event)),
            }
        }
        let (journal, run) = (self.work.journal, &self.work.run.new.id);
        let now = self.work.exchange.clock.now();
        hit("before-verified");
        let appended = futures_util::future::join_all(
            decided
                .iter()
                .map(|(call, event)| journal.append(run, call.record.id, event, now.wall_ms)),
        )
        .await;
        hit("after-verified");
        for ((call, event), appended) in decided.into_iter().zip(appended) {
            let (status, split) = appended?;
            self.busy.remove(&call.record.group);
            self.count(&event);
            if !status.is_closed() {
                let record = journal.call(run, call.record.id).await?;
                self.queue.push(call.again(record, now));
            }
            // While the journal is still being read, its pages will bring the split calls.
            if self.queue.has_all() {
                for id in split {
                    self.queue.push(InHand::new(journal.call(run, id).await?, now));
                }
            }
        }
        Ok(())
    }

    fn count(&self, event: &Event) {
        if let Event::Verified { settled, .. } = event {
            let failed = settled.iter().filter(|settled| is_failure(settled.outcome)).count();
            self.done(settled.len(), failed);
        }
    }

    fn done(&self, members: usize, failed: usize) {
        self.work.exchange.progress.advance(&self.lane.key, members as u64);
        if failed > 0 && self.work.failures.add(failed as u64) {
            self.work.exchange.stop.cancel();
        }
    }
}
