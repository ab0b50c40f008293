//! What a command that works with the journal and the clouds holds on to.

use std::sync::Arc;
use std::time::Instant;

use tokio_util::sync::CancellationToken;

use super::exit::Failure;
use super::progress::Bars;
use super::start::Context;
use super::{signals, world};
use crate::cloud::{Accounts, Directory};
use crate::config::Config;
use crate::exchange::{Exchange, Progress, Silent, now_ms};
use crate::journal::{Journal, Mode, RunRecord, RunState, RunUpdate, open};
use crate::model::RunId;
use crate::pace::{Pacer, RetryPolicy, Used};
use crate::report::head;
use crate::sandbox::Sandbox;

/// How far back calls of earlier processes are counted against a bucket: the longest that any
/// documented bucket takes to fill.
const RECENT_MS: i64 = 60_000;

/// Configuration, journal and clouds of one command.
pub(super) struct Session {
    /// The configuration, pointed at the sandbox if that is used.
    pub(super) config: Config,
    /// The journal, held against other processes.
    pub(super) journal: Box<dyn Journal>,
    /// Cancelled when nothing new is to be sent.
    pub(super) stop: CancellationToken,
    sandbox: Option<Sandbox>,
    bars: Option<Arc<Bars>>,
    began: Instant,
}

impl Session {
    /// Opens journal and clouds, and watches for signals.
    pub(super) async fn open(context: &Context, mut config: Config) -> Result<Self, Failure> {
        let journal = open(&context.common.journal, Mode::Write).await?;
        let sandbox = world::begin(context, &mut config).await?;
        let stop = CancellationToken::new();
        signals::watch(stop.clone())?;
        let quiet = context.common.quiet || context.common.no_progress;
        let bars = if quiet { None } else { Bars::on_terminal(context.bars.clone()).map(Arc::new) };
        Ok(Self { config, journal, stop, sandbox, bars, began: Instant::now() })
    }

    /// The way to the accounts for one run: role sessions carry the run's id.
    pub(super) async fn exchange(&self, run: &RunId) -> Result<Exchange, Failure> {
        self.tell_endpoints();
        let since_ms = now_ms() - RECENT_MS;
        let mut used = Used::new();
        for tally in self.journal.recent(since_ms).await? {
            let count = u32::try_from(tally.count).unwrap_or(u32::MAX);
            let sum = used.entry((tally.lane, tally.action)).or_default();
            *sum = sum.saturating_add(count);
        }
        let limits = (self.config.alibaba_limits.clone(), self.config.aws_limits.clone());
        let mut pacer = Pacer::new(limits.0, limits.1, used);
        if self.was_cut_short(run, since_ms).await? {
            pacer = pacer.emptied();
        }
        let progress: Arc<dyn Progress> = match &self.bars {
            Some(bars) => Arc::clone(bars) as Arc<dyn Progress>,
            None => Arc::new(Silent),
        };
        Ok(Exchange::new(
            directory(&self.config, run.as_str())?,
            pacer,
            RetryPolicy::default(),
            self.stop.clone(),
            progress,
        ))
    }

    /// Whether a process ended in the middle of a run since then: what it sent is in no count.
    async fn was_cut_short(&self, run: &RunId, since_ms: i64) -> Result<bool, Failure> {
        for record in self.journal.runs().await? {
            let is_working = matches!(record.state, RunState::Reading | RunState::Acting);
            if !is_working && record.new.id != *run {
                continue;
            }
            let Some(last) = head(&*self.journal, &record.new.id).await? else { continue };
            // The first row is the run's beginning, by this process; an end is its run's last row.
            let is_over = record.ended_ms.is_some_and(|ended| last.at_ms <= ended);
            if last.seq > 1 && last.at_ms >= since_ms && !is_over {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the embedded clouds are used.
    pub(super) const fn is_sandbox(&self) -> bool {
        self.sandbox.is_some()
    }

    /// A run of the journal by its id. One of the embedded clouds is never taken to real ones,
    /// nor the reverse.
    pub(super) async fn run(&self, id: &str) -> Result<RunRecord, Failure> {
        let run = self.journal.run(id).await?;
        match (run.new.sandbox, self.is_sandbox()) {
            (true, false) => Err(Failure::usage(format!(
                "run {} is of the sandbox: add --sandbox; nothing was sent",
                run.new.id
            ))),
            (false, true) => Err(Failure::usage(format!(
                "run {} is of real clouds: leave --sandbox out; nothing was sent",
                run.new.id
            ))),
            _ => Ok(run),
        }
    }

    /// The latest run of these clouds that `is_wanted`.
    pub(super) async fn latest(
        &self,
        is_wanted: impl Fn(&RunRecord) -> bool,
    ) -> Result<Option<RunRecord>, Failure> {
        let runs = self.journal.runs().await?;
        Ok(runs.into_iter().find(|run| run.new.sandbox == self.is_sandbox() && is_wanted(run)))
    }

    /// Takes the bar off the screen.
    pub(super) fn clear_bars(&self) {
        if let Some(bars) = &self.bars {
            bars.clear();
        }
    }

    /// Writes how a run stands at the end of this command, and reads it back.
    pub(super) async fn end_run(
        &self,
        exchange: &Exchange,
        run: &RunId,
        state: RunState,
        exit: u8,
    ) -> Result<RunRecord, Failure> {
        self.clear_bars();
        let now = now_ms();
        self.journal.tally(run, &exchange.tallies.take()).await?;
        let update = RunUpdate {
            state: Some(state),
            exit: Some(Some(exit)),
            ended_ms: Some(now),
            add_elapsed_ms: i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX),
            ..RunUpdate::default()
        };
        self.journal.update(run, &update, now).await?;
        Ok(self.journal.run(run.as_str()).await?)
    }

    /// Lets go of journal and clouds.
    pub(super) async fn close(self) -> Result<(), Failure> {
        self.journal.close().await?;
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
        Ok(())
    }

    /// Every override of an endpoint is told, and every variable that is ignored.
    fn tell_endpoints(&self) {
        if self.sandbox.is_none() {
            for notice in &self.config.notices {
                tracing::warn!("{notice}");
            }
        }
    }
}

/// The accounts of a configuration; role sessions end in `session`.
pub(super) fn directory(config: &Config, session: &str) -> Result<Arc<dyn Directory>, Failure> {
    let mut settings = config.clouds.clone();
    session.clone_into(&mut settings.session);
    Ok(Arc::new(Accounts::new(settings)?))
}
