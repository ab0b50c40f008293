//! One process of a run, as the program has it: without a terminal, and with a plan that is approved.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use unpair::exchange::{Exchange, NoProgress};
use unpair::journal::{JournalError, JournalRead as _, RunRecord, take};
use unpair::model::{PairSet, RunId};
use unpair::pace::{Ceiling, Limit, LimitSettings, RetryPolicy};
use unpair::report::{exit_code, summarize};
use unpair::run::{
    Basis, Driver, DriverEnd, Ending, FailureLimit, Freshness, Hooks, Pause, Prepared, Refusal,
    Taken, is_unfinished, limiters, revoke, take_or_begin,
};
use unpair_testing::fake_cloud::FakeDirectory;
use unpair_testing::fixture::new_run;

use crate::client::SimulatedAccounts;
use crate::host::Host;
use crate::journal::Watched;

/// How old a reading may be that something is sent on.
pub(crate) const FRESH: Duration = Duration::from_secs(3_600);

/// What a process did that came to its end.
pub(crate) type Worked = DriverEnd<Infallible, u8>;

/// Begins the run of `pairs`, or goes on with it, until nothing more can be done by this process.
pub(crate) async fn work(host: &Arc<Host>, journal: &Watched, pairs: &PairSet) -> Worked {
    let run = begin_or_find(host, journal, pairs).await;
    let exchange = exchange(host, journal, &run.new.id).await;
    let fresh = Freshness::new(Some(FRESH), host.clock().now());
    let leases = take(journal, &run.new.id).await.expect("the journal holds");
    let driver = Driver { journal, leases: &leases, exchange: &exchange, fresh };
    let ended = revoke(&driver, run, Basis::Rows, Pause::default(), &Approving(journal))
        .await
        .expect("the journal holds");
    if ended.exit == 0 {
        host.clouds().judge_done(host.time.now());
    }
    ended
}

/// As a line of a crontab begins a run, goes on with it, and `resume` with its id takes it up.
async fn begin_or_find(host: &Arc<Host>, journal: &Watched, pairs: &PairSet) -> RunRecord {
    if let Some(run) = journal.runs().await.expect("runs").pop().filter(|run| !is_unfinished(run)) {
        return run;
    }
    let new = new_run(false, host.clock().now_ms());
    match take_or_begin(journal, &new, pairs).await.expect("the journal holds") {
        Taken::Unfinished(run) | Taken::New(run, None) => run,
        Taken::New(_, Some(other)) => panic!("one run is all there is: {other:?}"),
    }
}

/// A new process's way to the accounts, at the pace that its clouds allow.
pub(crate) async fn exchange(host: &Arc<Host>, journal: &Watched, run: &RunId) -> Exchange {
    let clock = host.clock();
    let now_ms = clock.now_ms();
    let ceiling = Limit::Ceiling(Ceiling { rate: host.clouds().rate, burst: 1 });
    let mut limits = LimitSettings::defaults();
    limits.alibaba.default = ceiling;
    let pacer = limiters(journal, run, limits, now_ms).await.expect("the journal holds");
    let wall = u64::try_from(now_ms).expect("after 1970");
    Exchange::new(
        Arc::new(FakeDirectory(SimulatedAccounts(Arc::clone(host)))),
        pacer.with_wall(Duration::from_millis(wall)),
        RetryPolicy::default(),
        CancellationToken::new(),
        Arc::new(NoProgress),
    )
    .with_clock(clock)
}

/// Whoever says yes to every plan.
struct Approving<'a>(&'a Watched);

#[async_trait(?Send)]
impl Hooks for Approving<'_> {
    type Refusal = Infallible;
    type Exit = u8;

    fn planned(&self, _plan: &Prepared) {}

    async fn approve(&self, _plan: &Prepared) -> Result<FailureLimit, Refusal<Infallible>> {
        Ok(FailureLimit::new(None))
    }

    async fn exit(&self, run: &RunRecord, ending: &Ending<Infallible>) -> Result<u8, JournalError> {
        Ok(match ending {
            Ending::Interrupted => 4,
            Ending::Moved | Ending::TooManyFailures(_) => 5,
            Ending::NobodyReached => 7,
            Ending::Refused(never) => match *never {},
            Ending::Finished => {
                let summary = summarize(self.0, run, "revoke").await?;
                exit_code(&summary.pairs, &run.new)
            }
        })
    }
}
