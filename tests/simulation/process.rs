//! One process of a run: what `revoke` and `resume` do, step by step, without a terminal.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use unpair::audit::{Audit, Planning, audit};
use unpair::exchange::{Exchange, Silent};
use unpair::journal::{Journal, NewRun, RunKind, RunRecord, RunState, RunUpdate};
use unpair::model::{CallForm, PairSet};
use unpair::pace::{LimitSettings, Pacer, RetryPolicy, Used};
use unpair::run::{CarryOut, Failures, Patience, RunEnd, carry_out, plan_digest, take_up};

use crate::cloud::Accounts;
use crate::ground::Ground;
use crate::journal::Watched;

/// What was read longer ago is read again before it is acted on.
const FRESH_MS: i64 = 3_600_000;

/// Begins the run of `pairs`, or goes on with it, until nothing more can be done by this process.
pub(crate) async fn work(ground: &Arc<Ground>, journal: &Watched, pairs: &PairSet) -> RunEnd {
    let exchange = exchange(ground);
    let run = begin_or_find(&exchange, journal, pairs).await;
    read_and_plan(&exchange, journal, &run).await;
    let end = act(&exchange, journal, &run).await;
    finish(&exchange, journal, &run).await;
    end
}

/// A new process's way to the accounts, at the pace that is the default.
fn exchange(ground: &Arc<Ground>) -> Exchange {
    let clock = ground.clock();
    let wall = u64::try_from(clock.now_ms()).expect("after 1970");
    let pacer =
        Pacer::new(LimitSettings::alibaba_default(), LimitSettings::aws_default(), Used::new());
    Exchange::new(
        Arc::new(Accounts(Arc::clone(ground))),
        pacer.with_wall(Duration::from_millis(wall)),
        RetryPolicy::default(),
        CancellationToken::new(),
        Arc::new(Silent),
    )
    .with_clock(clock)
}

async fn begin_or_find(exchange: &Exchange, journal: &Watched, pairs: &PairSet) -> RunRecord {
    if let Some(run) = journal.runs().await.expect("runs").pop() {
        return run;
    }
    let new = NewRun {
        id: "01936f00-0000-7000-8000-000000000001".into(),
        kind: RunKind::Revoke,
        parent: None,
        may_act: true,
        form: CallForm::RuleId,
        blind: false,
        accept_gone: false,
        require_both: false,
        sandbox: false,
        created_ms: exchange.clock.now_ms(),
        tool: "simulation".to_owned(),
    };
    journal.begin(&new, pairs).await.expect("begun");
    journal.run(new.id.as_str()).await.expect("the run")
}

async fn read_and_plan(exchange: &Exchange, journal: &Watched, run: &RunRecord) {
    update(exchange, journal, run, state(RunState::Reading)).await;
    let fresh_since_ms = exchange.clock.now_ms() - FRESH_MS;
    let order = Audit { exchange, journal, run, fresh_since_ms, planning: Planning::Plan };
    audit(&order).await.expect("the journal holds");
    let digest = plan_digest(journal, &run.new.id).await.expect("a digest").to_string();
    let planned = RunUpdate { digest: Some(digest), ..state(RunState::Planned) };
    update(exchange, journal, run, planned).await;
}

async fn act(exchange: &Exchange, journal: &Watched, run: &RunRecord) -> RunEnd {
    let now_ms = exchange.clock.now_ms();
    let started_ms = run.started_ms.or(Some(now_ms));
    update(exchange, journal, run, RunUpdate { started_ms, ..state(RunState::Acting) }).await;
    take_up(journal, run, now_ms).await.expect("taken up");
    let run = journal.run(run.new.id.as_str()).await.expect("the run");
    let work = CarryOut {
        exchange,
        journal,
        run: &run,
        pause_file: None,
        patience: Patience::default(),
        outlook: Vec::new(),
        failures: Failures::new(None),
    };
    carry_out(&work).await.expect("the journal holds")
}

async fn finish(exchange: &Exchange, journal: &Watched, run: &RunRecord) {
    journal.tally(&run.new.id, &exchange.tallies.take()).await.expect("counted");
    update(exchange, journal, run, state(RunState::Finished)).await;
}

async fn update(exchange: &Exchange, journal: &Watched, run: &RunRecord, update: RunUpdate) {
    let now_ms = exchange.clock.now_ms();
    journal.update(&run.new.id, &update, now_ms).await.expect("updated");
}

fn state(state: RunState) -> RunUpdate {
    RunUpdate { state: Some(state), ..RunUpdate::default() }
}
