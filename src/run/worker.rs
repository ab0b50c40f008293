//! A lane's calls in order, as many in flight as its width, and read-backs of whole batches
//! meanwhile.

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};

use super::active_call::ActiveCall;
use super::backlog::Backlog;
use super::queue::{Busy, Queue};
use super::read_back::{Seen, Verified, read_back};
use super::send::send;
use super::{CarryOut, RunError};
use crate::audit::Observer;
use crate::exchange::Account;
use crate::journal::{Held, JournalError};
use crate::model::Status;

/// A step that came to its end.
enum Step {
    Sent(Box<ActiveCall>),
    ReadBack(Vec<Seen>),
}

/// How a step came to its end.
type StepEnd = Result<Step, RunError>;

/// The steps under way.
type Steps<'a> = FuturesUnordered<BoxFuture<'a, StepEnd>>;

/// What comes next in a lane.
enum Next {
    /// A step ended.
    Ended(StepEnd),
    /// It is time to look for what is due, or whether to stop.
    Look,
    /// Nothing: no step is under way, and nothing will be due.
    Nothing,
}

/// What works on one lane.
pub(super) struct Worker<'a> {
    work: &'a CarryOut<'a>,
    observer: &'a Observer<'a>,
    held: &'a Held,
    account: &'a Account,
    queue: Queue,
    back: Backlog,
    /// Groups of which no call is sent for now.
    busy: Busy,
    sending: usize,
    /// Calls came back unsent because the reading of their group is not fresh any more.
    pub(super) is_stale: bool,
}

impl<'a> Worker<'a> {
    /// A worker that has not begun.
    pub(super) fn new(
        work: &'a CarryOut<'a>,
        observer: &'a Observer<'a>,
        held: &'a Held,
        account: &'a Account,
    ) -> Self {
        Self {
            work,
            observer,
            held,
            account,
            queue: Queue::new(),
            back: Backlog::new(account.client.batch()),
            busy: Busy::default(),
            sending: 0,
            is_stale: false,
        }
    }

    /// Works until nothing is left, or in flight. A journal error ends the intake alone.
    pub(super) async fn work(&mut self) -> Result<(), RunError> {
        let mut steps = Steps::new();
        let mut trouble = None;
        loop {
            if trouble.is_none()
                && let Err(error) = self.begin_more(&steps).await
            {
                self.fail(&mut trouble, error.into());
            }
            match self.next(&mut steps).await {
                Next::Ended(Ok(step)) => self.end(step),
                Next::Ended(Err(error)) => self.fail(&mut trouble, error),
                Next::Look => {}
                Next::Nothing => return trouble.map_or(Ok(()), Err),
            }
        }
    }

    /// The journal failed: nothing new begins, here and in every other lane.
    fn fail(&self, trouble: &mut Option<RunError>, error: RunError) {
        self.work.exchange.stop.cancel();
        RunError::join(trouble, error);
    }

    async fn begin_more(&mut self, steps: &Steps<'a>) -> Result<(), JournalError> {
        if self.may_send() {
            self.refill().await?;
            self.send_more(steps);
        }
        if self.may_read() {
            self.read_back_more(steps);
        }
        Ok(())
    }

    /// Takes more calls from the journal when few are left. The steps under way wait meanwhile: a
    /// page is read in no time, by a thread that waits for nobody.
    async fn refill(&mut self) -> Result<(), JournalError> {
        for call in self.queue.refill((self.work, self.observer), self.held, self.width()).await? {
            self.busy.hold(call.record.group);
            self.back.push(call);
        }
        Ok(())
    }

    fn end(&mut self, step: Step) {
        match step {
            Step::Sent(call) => self.sent(*call),
            Step::ReadBack(calls) => {
                self.back.was_read();
                for call in calls {
                    match call {
                        Seen::Later(call) => self.back.push(call),
                        Seen::Verified(verified) => self.verified(verified),
                    }
                }
            }
        }
    }

    fn may_send(&self) -> bool {
        let exchange = self.work.exchange;
        !exchange.stop.is_cancelled() && exchange.left_alone(&self.held.lane.key).is_none()
    }

    /// What an account did before it might revoke no more is told.
    fn may_read(&self) -> bool {
        let exchange = self.work.exchange;
        !exchange.stop.is_cancelled()
            && exchange.left_alone_for_reads(&self.held.lane.key).is_none()
    }

    fn width(&self) -> usize {
        self.work.exchange.pacer.width(self.held.lane.key.cloud)
    }

    fn send_more(&mut self, steps: &Steps<'a>) {
        while self.sending < self.width() {
            let Some(call) = self.queue.next(&self.busy) else { return };
            self.busy.hold(call.record.group);
            self.sending += 1;
            let (work, held, account) = (self.work, self.held, self.account);
            let sent = async move {
                let call = send(work, held, account, call).await?;
                Ok(Step::Sent(Box::new(call)))
            };
            steps.push(sent.boxed());
        }
    }

    fn sent(&mut self, call: ActiveCall) {
        self.sending -= 1;
        match call.record.status {
            Status::ReadBack { .. } => self.back.push(call),
            status => {
                self.is_stale |= !status.is_closed() && self.work.is_stale(call.record.looked_ms);
                self.busy.release(call.record.group);
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
        let (work, observer, held, account) = (self.work, self.observer, self.held, self.account);
        let read = async move {
            let seen = read_back(work, observer, held, account, due).await?;
            Ok(Step::ReadBack(seen))
        };
        steps.push(read.boxed());
    }

    async fn next(&self, steps: &mut Steps<'a>) -> Next {
        let look = self.back.next_look(self.more_come()).filter(|_| self.may_read());
        let is_time = async {
            match look {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            Some(ended) = steps.next() => Next::Ended(ended),
            () = self.work.exchange.stop.cancelled(), if look.is_some() => Next::Look,
            () = is_time, if look.is_some() => Next::Look,
            else => Next::Nothing,
        }
    }

    /// Queues what of a call goes again.
    fn verified(&mut self, verified: Verified) {
        self.busy.release(verified.group);
        self.done(verified.settled, verified.failed);
        if let Some(call) = verified.again {
            self.queue.push(call);
        }
        if verified.was_split {
            self.queue.more_came();
        }
    }

    fn done(&self, members: usize, failed: usize) {
        self.work.exchange.progress.advance(&self.held.lane.key, members as u64);
        if failed > 0 && self.work.failures.add(failed as u64) {
            self.work.exchange.stop.cancel();
        }
    }
}
