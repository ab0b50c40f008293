//! One lane of a run: its calls in order, as many in the air as its width, and read-backs of
//! whole batches meanwhile.

use std::collections::{HashSet, VecDeque};

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::time::Instant;

use super::carry_out::{InHand, send};
use super::verify::{Verdict, read_back};
use super::{CarryOut, RunError, is_failure};
use crate::audit::Observer;
use crate::exchange::{Account, AccountError, ReadError, now_ms};
use crate::failpoint::hit;
use crate::journal::{CallId, JournalError, Lane};
use crate::model::{ErrorClass, Event, GroupIx, LaneKey, Status};

/// Calls that a lane takes from the journal at once.
const PAGE: u32 = 200;

/// A step that came to its end.
enum Step {
    Sent(InHand),
    ReadBack(Result<Vec<Verdict>, ReadError>),
    /// It is this late: time to look for what is due.
    Due(Instant),
}

type Steps<'a> = FuturesUnordered<BoxFuture<'a, Result<Step, RunError>>>;

/// The steps under way, and those that ended while something else was awaited.
#[derive(Default)]
struct Air<'a> {
    steps: Steps<'a>,
    ended: VecDeque<Result<Step, RunError>>,
}

impl Air<'_> {
    /// The next step that ended; `None` if there is none.
    async fn next(&mut self) -> Option<Result<Step, RunError>> {
        match self.ended.pop_front() {
            Some(step) => Some(step),
            None => self.steps.next().await,
        }
    }

    /// Awaits `other` while the steps go on. A step that nobody polls may hold the very lock that
    /// `other` waits for.
    async fn beside<T>(&mut self, other: impl Future<Output = T>) -> T {
        tokio::pin!(other);
        loop {
            tokio::select! {
                biased;
                done = &mut other => return done,
                Some(step) = self.steps.next() => self.ended.push_back(step),
            }
        }
    }
}

/// How a lane came out.
pub(super) enum LaneEnd {
    /// There was nothing to do, or no time to begin.
    NothingOpen,
    /// Its account could not be reached with the right identity.
    NotReached((LaneKey, String)),
    /// It was called; the reason is why it was then left alone, if it was.
    Worked(Option<(LaneKey, String)>),
}

/// Works off the open calls of one lane.
pub(super) async fn work_lane(
    work: &CarryOut<'_>,
    observer: &Observer<'_>,
    lane: &Lane,
) -> Result<LaneEnd, RunError> {
    // A lane with nothing open is not worth proving an identity for.
    if work.journal.open_calls(&work.run.new.id, lane, CallId(0), 1).await?.is_empty() {
        return Ok(LaneEnd::NothingOpen);
    }
    let account = match work.exchange.account(&lane.key).await {
        Ok(account) => account,
        Err(AccountError::Stopped) => return Ok(LaneEnd::NothingOpen),
        Err(error) => return Ok(LaneEnd::NotReached((lane.key.clone(), error.to_string()))),
    };
    let mut worker = Worker {
        work,
        observer,
        lane,
        account: &account,
        cursor: Some(CallId(0)),
        queue: VecDeque::new(),
        back: Vec::new(),
        busy: HashSet::new(),
        sending: 0,
        reading_back: false,
        wake: None,
    };
    worker.work().await?;
    let parked = work.exchange.parked(&lane.key);
    Ok(LaneEnd::Worked(parked.map(|error| (lane.key.clone(), error.to_string()))))
}

struct Worker<'a> {
    work: &'a CarryOut<'a>,
    observer: &'a Observer<'a>,
    lane: &'a Lane,
    account: &'a Account,
    /// Where the journal is read on; `None` at its end.
    cursor: Option<CallId>,
    queue: VecDeque<InHand>,
    back: Vec<InHand>,
    /// Groups with a call in the air or not read back: a batch never races itself.
    busy: HashSet<GroupIx>,
    sending: usize,
    reading_back: bool,
    /// The next look for what is due, if one is on its way.
    wake: Option<Instant>,
}

impl<'a> Worker<'a> {
    /// Works until nothing is left, or in the air. A journal error ends the intake alone.
    async fn work(&mut self) -> Result<(), RunError> {
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
            let Some(step) = air.next().await else { return trouble.map_or(Ok(()), Err) };
            let taken = match step {
                Ok(step) => air.beside(self.end(step)).await.map_err(RunError::from),
                Err(error) => Err(error),
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
            self.wake_when_due(steps);
        }
    }

    async fn end(&mut self, step: Step) -> Result<(), JournalError> {
        match step {
            Step::Due(at) => self.wake = self.wake.filter(|wake| *wake != at),
            Step::Sent(call) => self.sent(call),
            Step::ReadBack(Ok(verdicts)) => {
                self.reading_back = false;
                self.take(verdicts).await?;
            }
            // Told to stop: the calls stay to be read back by the next process.
            Step::ReadBack(Err(_)) => self.reading_back = false,
        }
        Ok(())
    }

    fn may_send(&self) -> bool {
        let exchange = self.work.exchange;
        !exchange.stop.is_cancelled() && exchange.parked(&self.lane.key).is_none()
    }

    /// An account that may not revoke may still read: what it did before is told.
    fn may_read(&self) -> bool {
        let exchange = self.work.exchange;
        let unreadable = exchange.parked(&self.lane.key).filter(|e| e.class != ErrorClass::Denied);
        !exchange.stop.is_cancelled() && unreadable.is_none()
    }

    /// Takes more calls from the journal when few are left.
    async fn refill(&mut self) -> Result<(), JournalError> {
        let Some(from) = self.cursor else { return Ok(()) };
        if self.queue.len() > self.width() {
            return Ok(());
        }
        let run = &self.work.run.new.id;
        let page = self.work.journal.open_calls(run, self.lane, from, PAGE).await?;
        self.cursor =
            page.last().filter(|_| page.len() >= PAGE as usize).map(|last| CallId(last.id.0 + 1));
        for record in page {
            let call = InHand::new(record);
            match call.record.status {
                Status::ReadBack { .. } => {
                    self.busy.insert(call.record.group);
                    self.back.push(call);
                }
                _ => self.queue.push_back(call),
            }
        }
        Ok(())
    }

    fn width(&self) -> usize {
        self.work.exchange.pacer.width(self.lane.key.cloud)
    }

    fn send_more(&mut self, steps: &Steps<'a>) {
        while self.sending < self.width() {
            let next = self.queue.iter().position(|call| !self.busy.contains(&call.record.group));
            let Some(call) = next.and_then(|at| self.queue.remove(at)) else { return };
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

    /// Starts one read-back of what is due, unless one is under way.
    fn read_back_more(&mut self, steps: &Steps<'a>) {
        let now = Instant::now();
        if self.reading_back || !self.back.iter().any(|call| call.due <= now) {
            return;
        }
        let batch = self.account.client.batch().groups.max(1);
        let (mut due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.back).into_iter().partition(|call| call.due <= now);
        self.back = later;
        if due.len() > batch {
            self.back.extend(due.split_off(batch));
        }
        self.reading_back = true;
        let (work, observer, lane, account) = (self.work, self.observer, self.lane, self.account);
        let read = async move {
            let read = read_back(work, observer, lane, account, due).await?;
            Ok(Step::ReadBack(read))
        };
        steps.push(read.boxed());
    }

    /// Waits for the next read-back that will be due, beside all else.
    fn wake_when_due(&mut self, steps: &Steps<'a>) {
        let Some(next) = self.back.iter().map(|call| call.due).min() else { return };
        if self.reading_back || self.wake.is_some_and(|wake| wake <= next) {
            return;
        }
        self.wake = Some(next);
        let stop = self.work.exchange.stop.clone();
        let wait = async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep_until(next) => {}
            }
            Ok(Step::Due(next))
        };
        steps.push(wait.boxed());
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
        hit("before-verified");
        let appended = futures_util::future::join_all(
            decided
                .iter()
                .map(|(call, event)| journal.append(run, call.record.id, event, now_ms())),
        )
        .await;
        hit("after-verified");
        for ((call, event), appended) in decided.into_iter().zip(appended) {
            let (status, split) = appended?;
            self.busy.remove(&call.record.group);
            self.count(&event);
            if !status.is_closed() {
                let record = journal.call(run, call.record.id).await?;
                self.queue.push_back(InHand { rounds: call.rounds, ..InHand::new(record) });
            }
            // While the journal is still being read, its pages will bring the split calls.
            if self.cursor.is_none() {
                for id in split {
                    self.queue.push_back(InHand::new(journal.call(run, id).await?));
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
        self.work.exchange.progress.advance(members as u64);
        if failed > 0 && self.work.failures.add(failed as u64) {
            self.work.exchange.stop.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::poll;
    use tokio::sync::Mutex;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_step_that_holds_a_lock_goes_on_while_the_lock_is_awaited() {
        let lock = Mutex::new(());
        let mut air = Air::default();
        let step = async {
            let _held = lock.lock().await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(Step::Due(Instant::now()))
        };
        air.steps.push(step.boxed());
        assert!(poll!(air.steps.next()).is_pending(), "the step holds the lock");
        let awaited = tokio::time::timeout(Duration::from_secs(60), air.beside(lock.lock()));
        drop(awaited.await.expect("the lock is let go"));
        assert!(matches!(air.next().await, Some(Ok(Step::Due(_)))));
        assert!(air.next().await.is_none());
    }
}
