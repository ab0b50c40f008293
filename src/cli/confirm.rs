//! The question before acting.

use std::io::{IsTerminal as _, Write as _};

use super::exit::Failure;

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

/// Asks on the terminal; the answer must be the number of rules. Without a terminal nobody can
/// be asked, and nothing is sent.
pub(super) fn ask(size: Size) -> Result<(), Failure> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Failure::refused(format!(
            "{} would be revoked and nobody can be asked: not a terminal; add --yes",
            rules(size.rules)
        )));
    }
    eprint!(
        "revoke {} in {} groups of {} accounts? type the number of rules: ",
        rules(size.rules),
        size.groups,
        size.accounts
    );
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    if answer.trim() == size.rules.to_string() {
        Ok(())
    } else {
        Err(Failure::refused("not confirmed: nothing was revoked"))
    }
}

fn rules(n: u64) -> String {
    if n == 1 { "1 rule".to_owned() } else { format!("{n} rules") }
}
