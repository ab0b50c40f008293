//! `completions`: a completion script for a shell.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::args::Cli;
use super::exit::{Exit, Failure};
use super::start::Context;

pub(super) fn run(context: &Context, shell: Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "unpair", &mut script);
    context.output.write(&script)?;
    Ok(Exit::Done)
}
