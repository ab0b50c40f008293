//! `completions`: a completion script for a shell. Bash, zsh and fish complete the ids of runs, too:
//! their scripts ask the program for those of the journal.

use clap_complete::Shell;

use crate::cli::args;
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure};

/// What makes bash complete run ids.
const BASH: &str = include_str!("completions/runs.bash");
/// The same for fish.
const FISH: &str = include_str!("completions/runs.fish");
/// The function that zsh calls for run ids.
const ZSH: &str = include_str!("completions/runs.zsh");
/// Parts of what zsh is told of arguments that are runs.
const RUNS_OF_ZSH: [&str; 2] = ["'::run -- ", "--run=["];
/// What zsh is told to do for any argument, and for a run.
const ANY: &str = ":_default'";
const RUN: &str = ":_unpair_runs'";
/// The last part of a script for zsh: it calls or names the functions before it.
const LAST_OF_ZSH: &str = "if [ \"$funcstack[1]\"";

pub(super) fn run(context: &Context, shell: Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut args::command(), "unpair", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    let script = match shell {
        Shell::Bash => script + BASH,
        Shell::Fish => script + FISH,
        Shell::Zsh => of_zsh(&script),
        _ => script,
    };
    context.output.write(script.as_bytes())?;
    Ok(Exit::Done)
}

fn of_zsh(script: &str) -> String {
    let mut completed = String::with_capacity(script.len() + ZSH.len());
    for line in script.split_inclusive('\n') {
        if line.starts_with(LAST_OF_ZSH) {
            completed.push_str(ZSH);
        }
        if RUNS_OF_ZSH.iter().any(|part| line.contains(part)) {
            completed.push_str(&line.replace(ANY, RUN));
        } else {
            completed.push_str(line);
        }
    }
    completed
}
