//! From the command line to the exit code.

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use indicatif::MultiProgress;
use tokio::runtime::{Builder, Runtime};

use super::args::{self, Command, Common, Unread};
use super::exit::{Exit, Failure};
use super::output::{self, Output};
use super::signals::Waits;
use super::{
    accounts, audit, check, commands, completions, events, init, limits, logging, plan, report,
    resume, revoke, runs, sandbox, verify, world,
};
use crate::cloud::kill_commands;
use crate::config::{Config, Overrides, environment};
use crate::model::escape_control;
use crate::report::Format;

/// What every command is given.
pub(super) struct Context {
    /// The options of every command.
    pub(super) common: Common,
    /// The command's word.
    pub(super) command: &'static str,
    /// Where progress is drawn.
    pub(super) bars: MultiProgress,
    /// Where the result goes.
    pub(super) output: Output,
    /// What every wait of the command heeds.
    pub(super) waits: Waits,
}

impl Context {
    /// Whether a run that is well is told by its exit code alone (`--quiet`): cron mails what is
    /// printed.
    pub(super) fn keeps_quiet(&self, exit: Exit) -> bool {
        let wanted = self.output.format != Format::Table || self.output.is_file();
        self.common.quiet && exit == Exit::Done && !wanted
    }

    /// The configuration: file, environment, flags.
    pub(super) fn config(&self, flags: &Overrides) -> Result<Config, Failure> {
        let mut config = environment(std::env::vars_os())
            .and_then(|env| Config::read(self.common.config.as_deref(), env, flags))
            .map_err(|error| Failure::usage(error.to_string()))?;
        self.output.spare(&config)?;
        world::adopt_accounts(&self.common, &mut config)?;
        Ok(config)
    }
}

/// Parses the command line, runs the command, prints what failed once.
pub fn start() -> ExitCode {
    let private = limits::keep_memory_private();
    let raised = limits::raise_open_files();
    let cli = match args::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(unread) => return not_carried_out(unread),
    };
    let bars = MultiProgress::new();
    logging::start(&cli.common, &bars);
    if let Err(error) = private {
        tracing::warn!("core dumps cannot be turned off: {error}; run `ulimit -c 0` before");
    }
    if let Err(error) = raised {
        tracing::info!("the limit of open files stays as it is: {error}");
    }
    let command = cli.command.in_earnest();
    let context = Context {
        command: command.name(),
        output: Output::new(&cli.common, &command),
        common: cli.common,
        bars,
        waits: Waits::default(),
    };
    let runtime = match runtime(&context.common, &command) {
        Ok(runtime) => runtime,
        Err(error) => return fail(&context, error.into()).into(),
    };
    // The panic has told where and why; a script is told the same as of any internal error.
    let work = AssertUnwindSafe(|| runtime.block_on(run(&context, command)));
    let ended = catch_unwind(work).unwrap_or_else(|_| Err(Failure::internal()));
    kill_commands();
    let entered = runtime.enter();
    context.output.show(&context.waits);
    drop(entered);
    // A resolver that does not answer keeps its thread, and is not waited for.
    runtime.shutdown_background();
    let exit = ended.unwrap_or_else(|failure| fail(&context, failure));
    events::ended(context.command, exit.into());
    exit.into()
}

/// One thread waits for all answers: handing them from thread to thread costs more than reading
/// them. The embedded clouds have work of their own, so they get every core.
fn runtime(common: &Common, command: &Command) -> std::io::Result<Runtime> {
    let mut builder = if serves(common, command) {
        Builder::new_multi_thread()
    } else {
        Builder::new_current_thread()
    };
    let runtime = builder.enable_all().build()?;
    limits::outlive_file_size_limits(&runtime)?;
    Ok(runtime)
}

/// Whether the embedded clouds are served by this process.
const fn serves(common: &Common, command: &Command) -> bool {
    common.sandbox || matches!(command, Command::Sandbox(_))
}

async fn run(context: &Context, command: Command) -> Result<Exit, Failure> {
    if command.heeds_a_stop() {
        limits::enough_files(serves(&context.common, &command))?;
    }
    context.output.check()?;
    if command.heeds_a_stop() {
        let (name, is_json) = (context.command, context.output.format == Format::Json);
        context
            .waits
            .watch(command.max_duration(), move |failure| tell_of(failure, name, is_json))?;
    }
    match command {
        Command::Check(args) => check::run(context, &args),
        Command::Init => init::run(context),
        Command::Audit(args) => audit::run(context, &args).await,
        Command::Plan(args) => plan::run(context, &args).await,
        Command::Revoke(args) => revoke::run(context, &args).await,
        Command::Resume(args) => resume::run(context, &args).await,
        Command::Verify(args) => verify::run(context, &args).await,
        Command::Commands(args) => commands::run(context, &args).await,
        Command::Report(args) => report::run(context, &args).await,
        Command::Runs(args) => runs::run(context, &args).await,
        Command::Accounts(args) => accounts::run(context, &args).await,
        Command::Sandbox(args) => sandbox::run(context, args).await,
        Command::Completions { shell } => completions::run(context, shell),
    }
}

/// Prints on another thread why a command is ended.
fn tell_of(failure: &Failure, command: &str, is_json: bool) {
    for message in &failure.messages {
        output::tell(&format!("unpair: {message}\n"));
    }
    if is_json {
        // Nobody is left to be told of a reader that went away.
        let _ = output::print_error(command, failure);
    }
}

/// Prints why a command ended before its result; scripts get the same as JSON.
fn fail(context: &Context, mut failure: Failure) -> Exit {
    for message in &mut failure.messages {
        for variable in context.common.named_by(message) {
            message.extend([" (named by ", variable, ")"]);
        }
    }
    for message in &failure.messages {
        output::tell(&format!("unpair: {message}\n"));
    }
    if failure.exit == Exit::Refused {
        events::refused(&failure.messages.join("; "));
    }
    if let Err(error) = context.output.error(context.command, &failure) {
        output::tell(&format!("unpair: {error}\n"));
    }
    failure.exit
}

/// Help and version are results; anything else is a usage error.
fn not_carried_out(unread: Unread) -> ExitCode {
    let failure = match unread {
        Unread::Asked(error) => {
            // A closed pipe leaves nobody to tell.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() };
        }
        Unread::Wrong(message) => Failure::usage(escape_control(&message)),
    };
    for message in &failure.messages {
        output::tell(&format!("unpair: {message}\n"));
    }
    if asks_for_json(std::env::args_os().skip(1)) {
        let _ = output::print_error("", &failure);
    }
    Exit::Usage.into()
}

/// Whether a command line that cannot be parsed asks for JSON all the same.
fn asks_for_json(args: impl Iterator<Item = OsString>) -> bool {
    let args: Vec<OsString> = args.collect();
    args.iter().any(|arg| arg == "--format=json")
        || args.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json")
}
