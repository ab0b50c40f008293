//! The real journal behind a wrapper that steps, watches and judges.
//!
//! tokio's paused clock runs ahead whenever every task waits, and a journal whose writer is
//! another thread looks like waiting. So each operation is run to its end within one poll: the
//! simulated thread stands still while the journal works, no time passes, and the order in which
//! things happen is the same in every run of a seed.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use async_trait::async_trait;
use serde_json::Value;
use tokio::runtime::Runtime;
use unpair::journal::{
    CallId, CallRecord, Chain, Claim, Finding, GroupOrders, GroupReading, GroupRecord, GroupWork,
    Head, Held, HistoryRow, Invoker, Journal, JournalError, JournalRead, Lane, Lead, NewRun,
    OpenCounts, ReadingTimes, Reopenable, RevocationRecord, RunRecord, RunUpdate, SideRecord,
    Table, Tally, Unstored, open,
};
use unpair::model::{
    Digest, Event, Filter, GroupIx, GroupRef, Groups, Identity, Outcome, PairSet, PlannedCall,
    RevocationId, RowText, RuleId, RunId, Settled, Status,
};

use crate::clouds::Intent;
use crate::host::Host;

/// Where the journal's own tasks run.
fn workshop() -> &'static Runtime {
    static WORKSHOP: OnceLock<Runtime> = OnceLock::new();
    WORKSHOP.get_or_init(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(cores()).build().expect("a runtime")
    })
}

/// Threads that the machine runs at a time.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, NonZeroUsize::get)
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs `future` to its end while the whole simulation stands still.
pub(crate) fn at_once<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    // Without a budget of its own it would be told to yield, to a scheduler that it holds up.
    let mut future = pin!(tokio::task::unconstrained(future));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// A journal as one process has it.
pub(crate) struct Watched {
    inner: Box<dyn Journal>,
    host: Arc<Host>,
    /// Calls as the process last read them.
    known: Mutex<BTreeMap<CallId, CallRecord>>,
}

impl Watched {
    /// Opens the journal of a new process: whatever was intended before is nobody's any more.
    pub(crate) fn open(host: Arc<Host>) -> Self {
        host.clouds().intents.clear();
        let url = format!("sqlite:{}", host.journal.path().join("unpair.db").display());
        let _in_workshop = workshop().enter();
        let inner = at_once(open(&url)).expect("a journal");
        Self { inner, host, known: Mutex::default() }
    }

    /// The process is over, in whatever way.
    pub(crate) fn close(self) {
        at_once(self.inner.close()).expect("closed");
    }

    /// The journal as it is, for whoever looks at it from outside the simulation.
    pub(crate) fn inside(&self) -> &dyn Journal {
        &*self.inner
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<CallId, CallRecord>> {
        self.known.lock().expect("nobody panicked")
    }

    fn learn(&self, records: &[CallRecord]) {
        self.known().extend(records.iter().map(|record| (record.id, record.clone())));
    }

    fn intend(&self, call: CallId, event: &Event) {
        let Event::Started { token, request, .. } = event else { panic!("an intent: {event:?}") };
        let known = self.known();
        let record = &known[&call];
        let rules = record.members.iter().map(|(_, member)| member.rule.id.clone()).collect();
        let (group, hash) = (record.group_id.clone(), request.clone());
        let intent = Intent { group, token: token.clone(), hash, rules, is_sent: false };
        self.host.clouds().intents.insert(call, intent);
    }

    /// Judges what a call's members are said to have become.
    fn judge(&self, call: CallId, event: &Event) {
        let Event::Verified { settled, .. } = event else { return };
        let known = self.known();
        let record = &known[&call];
        let rules: BTreeMap<RevocationId, &RuleId> =
            record.members.iter().map(|(id, member)| (*id, &member.rule.id)).collect();
        let is_gone = |it: &&Settled| {
            use Outcome::{AlreadyAbsent, Conflict, GroupGone, Removed};
            matches!(it.outcome, Removed | AlreadyAbsent | Conflict | GroupGone)
        };
        let gone: Vec<RuleId> =
            settled.iter().filter(is_gone).map(|it| rules[&it.id].clone()).collect();
        let now = self.host.time.now();
        self.host.clouds().judge_gone(&record.group_id, &gone, now);
    }

    /// One read, which takes no time.
    async fn read<T>(&self, read: impl Future<Output = T>) -> T {
        self.host.alive().await;
        at_once(read)
    }

    /// One write: a crash finds it undone, or done and not told.
    async fn write<T>(&self, done: impl Future<Output = T>) -> T {
        self.host.step().await;
        let result = at_once(done);
        self.host.tell_state();
        self.host.step().await;
        result
    }
}

/// The methods of the journal: reads, writes, and those that are judged or learnt from.
macro_rules! watched {
    (
        reads { $(fn $read:ident($($r:ident: $rt:ty),*) -> $rout:ty;)* }
        learns $this:ident { $(fn $learn:ident($($l:ident: $lt:ty),*) -> $lout:ty $lbody:block)* }
        rights { $(fn $right:ident($($g:ident: $gt:ty),*) -> $gout:ty;)* }
        writes { $(fn $write:ident($($w:ident: $wt:ty),*) -> $wout:ty;)* }
        of $that:ident { $(fn $other:ident($($o:ident: $ot:ty),*) -> $oout:ty $body:block)* }
    ) => {
        #[async_trait]
        impl JournalRead for Watched {
            $(async fn $read(&self, $($r: $rt),*) -> Result<$rout, JournalError> {
                self.read(self.inner.$read($($r),*)).await
            })*

            $(async fn $learn(&self, $($l: $lt),*) -> Result<$lout, JournalError> {
                let $this = self;
                $lbody
            })*

            async fn close(self: Box<Self>) -> Result<(), JournalError> {
                self.inner.close().await
            }
        }

        #[async_trait]
        impl Journal for Watched {
            $(async fn $right(&self, $($g: $gt),*) -> Result<$gout, JournalError> {
                self.read(self.inner.$right($($g),*)).await
            })*

            $(async fn $write(&self, $($w: $wt),*) -> Result<$wout, JournalError> {
                self.write(self.inner.$write($($w),*)).await
            })*

            $(async fn $other(&self, $($o: $ot),*) -> Result<$oout, JournalError> {
                let $that = self;
                $body
            })*
        }
    };
}

watched! {
    reads {
        fn run(id: &str) -> RunRecord;
        fn runs() -> Vec<RunRecord>;
        fn head(run: &RunId) -> Head;
        fn lane_ends(run: &RunId) -> Vec<(u32, u64)>;
        fn identities(run: &RunId) -> Vec<Identity>;
        fn lanes(run: &RunId) -> Vec<Lane>;
        fn filters(run: &RunId) -> Vec<Filter>;
        fn groups(run: &RunId, from: GroupIx, limit: u32) -> Vec<GroupWork>;
        fn group_refs(run: &RunId, groups: &[GroupIx]) -> Vec<GroupRef>;
        fn names(run: &RunId) -> Groups;
        fn notes(run: &RunId) -> BTreeMap<u32, RowText>;
        fn notes_of(run: &RunId, lines: &[u32]) -> BTreeMap<u32, RowText>;
        fn sides(run: &RunId, from: GroupIx, limit: u32) -> Vec<SideRecord>;
        fn findings(run: &RunId) -> Vec<(GroupIx, Finding)>;
        fn group(run: &RunId, group: GroupIx) -> Option<GroupRecord>;
        fn open_calls(run: &RunId, lane: &Lane, from: CallId, limit: u32) -> Vec<CallRecord>;
        fn open_counts(run: &RunId, lane: &Lane) -> OpenCounts;
        fn reading_times(run: &RunId) -> Option<ReadingTimes>;
        fn reopenable(run: &RunId) -> Vec<Reopenable>;
        fn tallies(run: &RunId) -> Vec<Tally>;
        fn recent(since_ms: i64) -> Vec<Tally>;
        fn revocations(run: &RunId, lane: &Lane, after: Option<RevocationId>, limit: u32)
            -> Vec<RevocationRecord>;
        fn unstored(run: &RunId) -> BTreeMap<u32, (Unstored, RevocationId)>;
        fn orders(run: &RunId, groups: Range<u32>) -> Vec<GroupOrders>;
        fn history(run: &RunId, chain: Chain, after: u64, limit: u32) -> Vec<HistoryRow>;
        fn rows(run: &RunId, table: Table, keys: Range<i64>) -> Vec<Value>;
    }
    learns this {
        fn call(run: &RunId, call: CallId) -> CallRecord {
            let record = this.read(this.inner.call(run, call)).await?;
            this.learn(std::slice::from_ref(&record));
            Ok(record)
        }
    }
    rights {
        fn lead(run: &RunId) -> Lead;
        fn lease(lead: &Lead, most: usize) -> Vec<Held>;
    }
    writes {
        fn begin(run: &NewRun, pairs: &PairSet) -> ();
        fn invoke(lead: &Lead, by: &Invoker, began_ms: i64, at_ms: i64) -> ();
        fn update(lead: &Lead, update: &RunUpdate, at_ms: i64) -> ();
        fn record(
            held: &Held, readings: &[GroupReading], plans: &[(GroupIx, Vec<PlannedCall>)],
            at_ms: i64
        ) -> ();
        fn record_by_rows(held: &Held, counts: OpenCounts, digest: Digest, at_ms: i64) -> ();
        fn complete_plan(held: &Held, digest: Digest, at_ms: i64) -> ();
        fn reclaim(held: &Held, at_ms: i64) -> u64;
        fn tally(held: &Held, tallies: &[Tally]) -> ();
    }
    of that {
        fn open_page(held: &Held, from: CallId, limit: u32) -> Vec<CallRecord> {
            let records = that.read(that.inner.open_page(held, from, limit)).await?;
            that.learn(&records);
            Ok(records)
        }
        fn claim(held: &Held, call: CallId, event: &Event, at_ms: i64) -> Claim {
            let claimed = async {
                let claim = that.inner.claim(held, call, event, at_ms).await;
                that.intend(call, event);
                claim
            };
            that.write(claimed).await
        }
        fn conclude(held: &Held, claim: Claim, event: &Event, at_ms: i64) -> Status {
            let call = claim.call;
            let status = that.write(that.inner.conclude(held, claim, event, at_ms)).await;
            that.host.clouds().intents.remove(&call);
            status
        }
        fn append(held: &Held, call: CallId, event: &Event, at_ms: i64) -> (Status, Vec<CallId>) {
            that.host.alive().await;
            that.judge(call, event);
            that.write(that.inner.append(held, call, event, at_ms)).await
        }
    }
}
