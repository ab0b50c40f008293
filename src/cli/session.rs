//! What a command that works with the journal and the clouds holds on to.

use std::sync::Arc;
use std::time::Duration;

use super::context::Context;
use super::exit::Failure;
use super::invoker::this_process;
use super::progress::Reporter;
use super::signals::Waits;
use super::summary::options;
use super::{embedded_clouds, events, process_limits};
use crate::cloud::{Accounts, Directory, Http};
use crate::config::Config;
use crate::exchange::{Clock, Exchange, Moment, NoProgress, Progress, now_ms};
use crate::journal::{Journal, Leases, RunRecord, Since, file_of, open_as, take};
use crate::model::RunId;
use crate::pace::RetryPolicy;
use crate::run::{Driver, Freshness, limiters};
use crate::sandbox::Sandbox;

/// Configuration, journal and clouds of one command.
pub(super) struct Session {
    /// The configuration, pointed at the sandbox if that is used.
    pub(super) config: Config,
    /// The journal, held against other processes.
    pub(super) journal: Box<dyn Journal>,
    /// The way to the clouds.
    pub(super) http: Http,
    /// What every wait of the command heeds.
    pub(super) waits: Waits,
    /// How long names took that were looked up.
    pub(super) asked_names: Duration,
    /// The options by which another command finds the same journal, configuration and clouds.
    pub(super) options: String,
    command: &'static str,
    sandbox: Option<Sandbox>,
    progress: Option<Arc<Reporter>>,
    began: Moment,
    since: Since,
}

impl Session {
    /// Opens journal and clouds.
    pub(super) async fn open(context: &Context, mut config: Config) -> Result<Self, Failure> {
        let began = Clock::system().now();
        let waits = context.waits.clone();
        waits.work();
        let http = Http::within(&config.clouds.surroundings)?;
        let since = this_process(began.wall_ms);
        let journal = open_as(&context.common.journal, &since).await?;
        let sandbox = embedded_clouds::begin(&context.common, &mut config).await?;
        let is_shown = !context.common.quiet && !context.common.no_progress;
        let reporter = || Reporter::start(context.bars.clone(), context.common.log_format);
        Ok(Self {
            config,
            journal,
            http,
            waits,
            asked_names: Duration::ZERO,
            options: options(&context.common),
            command: context.command,
            sandbox,
            progress: is_shown.then(|| Arc::new(reporter())),
            began,
            since,
        })
    }

    /// The same for a command that goes on with what a journal holds: none is made.
    pub(super) async fn open_existing(context: &Context, config: Config) -> Result<Self, Failure> {
        let journal = &context.common.journal;
        let path = file_of(journal)?;
        // A link that leads nowhere is there, and is refused as a link.
        let is_missing = |error: std::io::Error| error.kind() == std::io::ErrorKind::NotFound;
        if path.symlink_metadata().is_err_and(is_missing) {
            return Err(Failure::usage(format!(
                "{} does not exist: is this the right folder? (--journal FILE)",
                path.display()
            )));
        }
        Self::open(context, config).await
    }

    /// The way to the accounts for one run, which keeps from now on who works on it, and the right to
    /// write the run: role sessions carry the run's id.
    pub(super) async fn exchange(&self, run: &RunId) -> Result<(Exchange, Leases), Failure> {
        events::began(self.command, run);
        tell_surroundings(&self.config, self.is_sandbox());
        let ceilings = self.config.limits.clone();
        let pacer = limiters(&*self.journal, run, ceilings, now_ms()).await?;
        let pacer = pacer.at_most(process_limits::calls_at_once(self.is_sandbox()));
        let Since { by, began_ms } = &self.since;
        // After the limiters, which look for the end of former processes.
        let leases = take(&*self.journal, run).await?;
        self.journal.invoke(&leases.lead, by, *began_ms, now_ms()).await?;
        let progress: Arc<dyn Progress> = match &self.progress {
            Some(reporter) => Arc::clone(reporter) as Arc<dyn Progress>,
            None => Arc::new(NoProgress),
        };
        let exchange = Exchange::new(
            directory(&self.http, &self.config, run.as_str())?,
            pacer,
            RetryPolicy::default(),
            self.waits.stop.clone(),
            progress,
        );
        let exchange = exchange.having_waited(self.asked_names).recalling(&*self.journal).await?;
        Ok((exchange, leases))
    }

    /// This process as it works on a run.
    pub(super) fn driver<'a>(&'a self, (exchange, leases): &'a (Exchange, Leases)) -> Driver<'a> {
        let fresh = Freshness::new(self.config.guard.fresh, self.began);
        Driver { journal: &*self.journal, leases, exchange, fresh }
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
        if let Some(reporter) = &self.progress {
            reporter.clear();
        }
    }

    /// Lets go of journal and clouds.
    pub(super) async fn close(self) -> Result<(), Failure> {
        self.waits.work();
        self.journal.close().await?;
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
        Ok(())
    }
}

/// Tells every override of an endpoint, and what the surroundings say, taken or not.
pub(super) fn tell_surroundings(config: &Config, is_sandbox: bool) {
    if is_sandbox {
        return;
    }
    for notice in &config.notices {
        tracing::warn!("{notice}");
    }
    for told in config.clouds.surroundings.told() {
        tracing::warn!("{told}");
    }
}

/// The accounts of a configuration; role sessions end in `session`.
pub(super) fn directory(
    http: &Http,
    config: &Config,
    session: &str,
) -> Result<Arc<dyn Directory>, Failure> {
    let mut settings = config.clouds.clone();
    session.clone_into(&mut settings.session);
    Ok(Arc::new(Accounts::over(http.clone(), settings)?))
}
