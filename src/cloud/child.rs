//! Commands that give credentials: each runs in a process group of its own, which is killed when
//! nobody waits for it any more.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

/// The most that a command may write.
const MOST: u64 = 64 << 10;

/// The groups of the commands that run now, by the number of their first process.
static RUNNING: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// Kills every command that still runs: what a process does that ends without waiting for it.
pub fn kill_commands() {
    for group in std::mem::take(&mut *running()) {
        kill(group);
    }
}

/// The words that run `command` with the shell.
pub(super) fn by_shell(command: &str) -> [String; 3] {
    ["sh", "-c", command].map(str::to_owned)
}

/// Runs a program with its arguments, and returns how it ended and what it wrote. It reads nothing,
/// and what it writes to standard error is not kept: that may be a secret.
///
/// Dropped, it kills the command and whatever that began. What a command that ended well left
/// behind in the background is its own affair.
pub(super) async fn run(words: &[String]) -> io::Result<(ExitStatus, Vec<u8>)> {
    let (program, arguments) = words.split_first().ok_or(io::ErrorKind::NotFound)?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    let group = Group::of(child.id());
    let mut written = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(MOST + 1).read_to_end(&mut written).await?;
    }
    if written.len() as u64 > MOST {
        return Err(io::Error::other(format!("it writes more than {MOST} bytes")));
    }
    let status = child.wait().await?;
    group.ended();
    Ok((status, written))
}

/// The program of a command, in the way of a message: its arguments, and the variables that are set
/// for it, may be secrets.
pub(super) fn program(command: &str) -> String {
    let mut rest = command.trim_start();
    loop {
        let (word, after) = first_word(rest);
        // `NAME=value program`
        let sets = word.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        });
        if !sets {
            return format!("`{}`", word.trim_matches(['"', '\'']));
        }
        rest = after.trim_start();
    }
}

/// The first word of a command, with its quotation marks, and what follows.
fn first_word(command: &str) -> (&str, &str) {
    let mut open = None;
    let end = command.find(|c: char| {
        match open {
            Some(quote) if c == quote => open = None,
            None if matches!(c, '"' | '\'') => open = Some(c),
            _ => {}
        }
        open.is_none() && (c.is_whitespace() || matches!(c, ';' | '|' | '&' | '<' | '>'))
    });
    command.split_at(end.unwrap_or(command.len()))
}

/// How a command ended that did not end well, and what to do.
pub(super) fn ended(status: ExitStatus) -> String {
    let how = match (status.code(), status.signal()) {
        (Some(127), _) => {
            return "is not there (exit code 127): install it, or name its path".into();
        }
        (Some(126), _) => return "may not be run (exit code 126): make it executable".into(),
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => status.to_string(),
    };
    format!("{how}: run it by hand to see why, its own words are not repeated here")
}

/// The processes of one command, killed when this is dropped.
struct Group(Option<i32>);

impl Group {
    fn of(child: Option<u32>) -> Self {
        let number = child.and_then(|number| i32::try_from(number).ok());
        running().extend(number);
        Self(number)
    }

    /// The first process was waited for: its number may be another's soon.
    fn ended(mut self) {
        if let Some(number) = self.0.take() {
            running().remove(&number);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Whoever takes it out of the set kills it, once.
        if let Some(number) = self.0.take()
            && running().remove(&number)
        {
            kill(number);
        }
    }
}

fn kill(group: i32) {
    if let Some(group) = Pid::from_raw(group) {
        // It may have ended by itself.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

fn running() -> MutexGuard<'static, BTreeSet<i32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::*;

    /// A command that writes its number to a file, begins another one, and hangs.
    fn hanging(folder: &Path) -> String {
        let file = folder.join("pids");
        format!("sleep 600 & echo $! $$ > {0}.new; mv {0}.new {0}; wait", file.display())
    }

    /// The processes that [`hanging`] began, once it has.
    async fn begun(folder: &Path) -> Vec<i32> {
        loop {
            if let Ok(text) = std::fs::read_to_string(folder.join("pids")) {
                return text.split_whitespace().map(|pid| pid.parse().expect("a pid")).collect();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until a process is gone, or was killed and waits to be asked how it ended.
    async fn is_gone(pid: i32) {
        let is_there = || {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok();
            let state = stat.and_then(|stat| Some(stat.rsplit_once(") ")?.1.starts_with('Z')));
            state == Some(false)
        };
        while is_there() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn run(command: &str) -> io::Result<(ExitStatus, Vec<u8>)> {
        super::run(&by_shell(command)).await
    }

    #[tokio::test]
    async fn what_a_command_writes_comes_with_how_it_ended() {
        let (status, written) = run("echo told; echo secret >&2; exit 3").await.expect("it runs");
        assert_eq!((status.code(), written), (Some(3), b"told\n".to_vec()));
        assert!(run("head -c 100000 /dev/zero").await.is_err(), "too much");
    }

    #[test]
    fn the_program_of_a_command_is_told_without_what_it_is_given() {
        for (command, expected) in [
            ("get-key --password secret", "`get-key`"),
            ("  /opt/bin/get-key", "`/opt/bin/get-key`"),
            ("\"/opt/my tools/get key\" secret", "`/opt/my tools/get key`"),
            ("TOKEN=secret NAME='a secret' get-key;secret", "`get-key`"),
            ("", "``"),
        ] {
            assert_eq!(program(command), expected);
        }
    }

    #[tokio::test]
    async fn how_a_command_ended_is_told_with_a_remedy() {
        for (command, expected) in [
            ("exit 3", "exit code 3: run it by hand"),
            ("no-such-program-anywhere", "exit code 127): install it"),
            ("/", "exit code 126): make it executable"),
            ("kill -9 $$", "signal 9"),
        ] {
            let (status, _) = run(command).await.expect("the shell runs");
            assert!(ended(status).contains(expected), "{}", ended(status));
        }
    }

    #[tokio::test]
    async fn a_command_that_nobody_waits_for_is_killed_with_all_that_it_began() {
        let folder = tempfile::tempdir().expect("a folder");
        let command = hanging(folder.path());
        let pids = tokio::select! {
            _ = run(&command) => panic!("it hangs"),
            pids = begun(folder.path()) => pids,
        };
        assert_eq!(pids.len(), 2);
        for pid in pids {
            is_gone(pid).await;
        }
    }
}
