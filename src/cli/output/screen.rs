//! A result for people on a terminal: kept until the command is done, then shown, through a pager
//! if it is longer than the screen.

use std::cell::RefCell;
use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write};
use std::process::{Command, Stdio};
use std::rc::Rc;

use super::pipe::Pipe;

/// Names the pager; empty, or `cat`, for none.
const PAGER: &str = "PAGER";
/// The pager that is used when none is named, if it is there.
const DEFAULT_PAGER: &str = "less -FRX";
/// Where `less` takes its options from.
const LESS: &str = "LESS";
/// They end at once where all fits on a screen, show colours, and leave the text on the screen.
const LESS_OPTIONS: &str = "FRX";
/// What a shell makes of text: a pager with one of these in its options is started by a shell.
const OF_SHELLS: &str = "|&;<>()$`\\\"'*?[]#~=%{}";
/// What a shell ends with when a command cannot be started or is not there.
const NOT_STARTED: [i32; 2] = [126, 127];
/// The terminals on which nothing can be paged.
const DUMB: &str = "dumb";

/// The text of a result, and the pager that may show it.
#[derive(Clone)]
pub(in crate::cli) struct Screen {
    pager: String,
    text: Rc<RefCell<Vec<u8>>>,
}

impl Screen {
    /// The screen of this process, if it has one and a pager is wanted.
    pub(super) fn found() -> Option<Self> {
        let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == DUMB);
        if is_dumb || !io::stdout().is_terminal() {
            return None;
        }
        Some(Self { pager: pager(std::env::var_os(PAGER))?, text: Rc::default() })
    }

    /// Shows what was written. A pager that cannot be started, or that ends early, is no error.
    pub(super) fn show(&self) {
        let text = self.text.take();
        if !(is_longer_than_the_screen(&text) && page(&self.pager, &text)) {
            // A terminal that went away leaves nobody to tell.
            let _ = Pipe(io::stdout()).write_all(&text);
        }
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The pager that `PAGER` names.
fn pager(named: Option<OsString>) -> Option<String> {
    let Some(named) = named else { return Some(DEFAULT_PAGER.to_owned()) };
    let named = named.into_string().ok()?.trim().to_owned();
    (!named.is_empty() && named != "cat").then_some(named)
}

fn is_longer_than_the_screen(text: &[u8]) -> bool {
    let Some((width, height)) = terminal_size::terminal_size() else { return false };
    lines_on_screen(text, width.0.into()) >= height.0.into()
}

/// The lines that a text takes, where those that are too long are folded by the terminal.
fn lines_on_screen(text: &[u8], width: usize) -> usize {
    let text = String::from_utf8_lossy(text);
    text.lines().map(|line| line.chars().count().div_ceil(width.max(1)).max(1)).sum()
}

/// Shows `text` by `pager`; `false` if that could not be started.
fn page(pager: &str, text: &[u8]) -> bool {
    let mut command = command(pager);
    if std::env::var_os(LESS).is_none() {
        command.env(LESS, LESS_OPTIONS);
    }
    let Ok(mut child) = command.stdin(Stdio::piped()).spawn() else { return false };
    if let Some(mut input) = child.stdin.take() {
        // A pager that is quit before the end has shown what was wanted.
        let _ = input.write_all(text);
    }
    match child.wait() {
        Ok(status) => !status.code().is_some_and(|code| NOT_STARTED.contains(&code)),
        Err(_) => true,
    }
}

/// The program with its options; by a shell only where it needs one.
fn command(pager: &str) -> Command {
    if pager.contains(|c| OF_SHELLS.contains(c)) {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", pager]);
        return command;
    }
    let mut words = pager.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pager_is_what_is_named_or_less_and_none_where_it_is_empty_or_cat() {
        let named = |text: &str| pager(Some(OsString::from(text)));
        assert_eq!(pager(None).as_deref(), Some("less -FRX"));
        assert_eq!(named(" more -s ").as_deref(), Some("more -s"));
        for none in ["", "  ", "cat", " cat "] {
            assert_eq!(named(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_line_that_the_terminal_folds_counts_as_the_lines_that_it_takes() {
        assert_eq!(lines_on_screen(b"", 80), 0);
        assert_eq!(lines_on_screen(b"one\n\nthree\n", 80), 3);
        assert_eq!(lines_on_screen(&[b'x'; 81], 80), 2);
    }

    #[test]
    fn a_shell_is_used_only_where_the_pager_needs_one() {
        let program = |pager| command(pager).get_program().to_owned();
        assert_eq!(program("less -R"), "less");
        for pager in ["less | cat", "bat --style='plain'", "$HOME/bin/pager"] {
            assert_eq!(program(pager), "/bin/sh", "{pager}");
        }
    }
}
