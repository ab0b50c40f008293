//! The questions on a terminal: before acting, and before runs are dropped.

use std::io::{IsTerminal as _, Write as _};

use super::exit::{Exit, Failure};
use super::signals::Waits;
use crate::run::{Refusal, RefusedBy};

/// What a plan comes to, for the question.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    /// Revocations.
    pub(super) rules: u64,
    /// Groups that have any.
    pub(super) groups: u64,
    /// Accounts that have any.
    pub(super) accounts: u64,
}

/// Without a terminal and without `--yes` nothing is even read.
pub(super) fn can_ask(yes: bool) -> Result<(), Failure> {
    if yes || on_terminal() {
        return Ok(());
    }
    Err(Failure::refused("not a terminal, so nobody can be asked: add --yes; nothing was sent"))
}

/// Whether there is somebody to ask.
pub(super) fn on_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks on the terminal; the answer must be the number of rules. A signal is an answer too.
pub(super) async fn ask(size: Size, waits: &Waits) -> Result<(), Refusal<Failure>> {
    let unanswered = |reason: Failure| Refusal { by: RefusedBy::Nobody, reason };
    let question = format!(
        "This revokes {} in {} of {}.\nTo revoke {}, type the number {}: ",
        count(size.rules, "rule"),
        count(size.groups, "group"),
        count(size.accounts, "account"),
        count(size.rules, "rule"),
        size.rules,
    );
    let _asking = waits.ask();
    let answer = tokio::select! {
        biased;
        () = waits.stop.cancelled() => {
            // The question stands without an answer: what follows begins a line of its own.
            eprintln!();
            let interrupted = Failure::new(Exit::Interrupted, "interrupted: nothing was revoked");
            return Err(unanswered(interrupted));
        }
        answer = answer(&question) => answer.map_err(|error| unanswered(error.into()))?,
    };
    if answer.trim() == size.rules.to_string() {
        Ok(())
    } else {
        let reason = Failure::refused("not confirmed: nothing was revoked");
        Err(Refusal { by: RefusedBy::Person, reason })
    }
}

/// What is answered to a question on the terminal.
///
/// What was typed before it stood there answers nothing: it is dropped.
pub(super) async fn answer(question: &str) -> std::io::Result<String> {
    drop_typed_ahead()?;
    eprint!("\n{question}");
    std::io::stderr().flush()?;
    line().await
}

/// Drops what the terminal holds for us. Whatever else standard input is holds an answer that
/// somebody wrote beforehand, and is never asked.
fn drop_typed_ahead() -> std::io::Result<()> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Ok(());
    }
    Ok(rustix::termios::tcflush(stdin, rustix::termios::QueueSelector::IFlush)?)
}

/// One line of standard input, read by a thread that does not keep the process from ending.
async fn line() -> std::io::Result<String> {
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::Builder::new().spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line).map(|_| line);
        // After a signal nobody waits for it any more.
        drop(tell.send(read));
    })?;
    told.await.unwrap_or_else(|_| Ok(String::new()))
}

fn count(n: u64, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}
