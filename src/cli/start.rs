//! From the command line to the exit code.

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use indicatif::MultiProgress;
use tokio::runtime::{Builder, Runtime};

use super::args::{self, Command, Common, ParseEnd};
use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::{self, Output};
use super::signals::Waits;
use super::{command, events, logging, process_limits};
use crate::cloud::kill_commands;
use crate::model::escape_control;
use crate::report::Format;

/// Parses the command line, runs the command, prints what failed once.
pub fn start() -> ExitCode {
    let private = process_limits::keep_memory_private();
    let raised = process_limits::raise_open_files();
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
    let command = cli.command.normalized();
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
    process_limits::outlive_file_size_limits(&runtime)?;
    Ok(runtime)
}

/// Whether the embedded clouds are served by this process.
const fn serves(common: &Common, command: &Command) -> bool {
    common.sandbox || matches!(command, Command::Sandbox(_))
}

async fn run(context: &Context, command: Command) -> Result<Exit, Failure> {
    if command.stops_when_told() {
        process_limits::enough_files(serves(&context.common, &command))?;
    }
    context.output.check()?;
    if command.stops_when_told() {
        let (name, is_json) = (context.command, context.output.format == Format::Json);
        context
            .waits
            .watch(command.max_duration(), move |failure| tell_of(failure, name, is_json))?;
    }
    command::run(context, command).await
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
fn not_carried_out(unread: ParseEnd) -> ExitCode {
    let failure = match unread {
        ParseEnd::HelpOrVersion(error) => {
            // A closed pipe leaves nobody to tell.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() };
        }
        ParseEnd::UsageError(message) => Failure::usage(escape_control(&message)),
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
