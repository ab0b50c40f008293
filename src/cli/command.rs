//! The commands, a file each: no command imports another.

mod accounts;
mod audit;
mod check;
mod commands;
mod completions;
mod init;
mod plan;
mod report;
mod resume;
mod revoke;
mod runs;
mod sandbox;
mod verify;

use super::args::Command;
use super::context::Context;
use super::exit::{Exit, Failure};

/// Runs one of them.
pub(super) async fn run(context: &Context, command: Command) -> Result<Exit, Failure> {
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
