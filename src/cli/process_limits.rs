//! What the operating system is told of this process before it does anything.

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use super::exit::{Exit, Failure};

/// No core file, and no look into this process's memory by others of the same user: keys are in it.
///
/// The limit is a soft one, which programs that are started from here (credential helpers) inherit
/// and may raise; what concerns dumps and looks is theirs again as soon as they run.
pub(super) fn keep_memory_private() -> std::io::Result<()> {
    let maximum = getrlimit(Resource::Core).maximum;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum })?;
    // Where cores go to a program (`core_pattern`), the limit alone does not hold them back.
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// Open files that are enough: several for every call that may be in flight. Programs that are started
/// from here inherit the limit, and those that go through all files up to it are to be quick.
const ENOUGH_FILES: u64 = 1 << 16;

/// As many open files as this process may have: each call in flight has a socket.
pub(super) fn raise_open_files() -> std::io::Result<()> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(ENOUGH_FILES, |maximum| maximum.min(ENOUGH_FILES));
    if current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    Ok(setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum })?)
}

/// Open files of a command that are no call's: standard streams, the runtime, the journal, and what
/// is open for a moment, such as a file of credentials.
const OF_A_COMMAND: u64 = 22;
/// Open files of the embedded clouds, and of whoever serves them, that are no call's.
const OF_THE_SANDBOX: u64 = 12;
/// Open files of a call: a socket, and what asks for a name or for credentials meanwhile, or the
/// socket of the embedded cloud that answers.
const OF_A_CALL: u64 = 2;
/// Calls at once, below which nothing is begun.
const FEWEST_CALLS: u64 = 1;

/// How many calls may be in flight at once by the limit of open files.
pub(super) fn calls_at_once(is_sandbox: bool) -> usize {
    let Some(limit) = getrlimit(Resource::Nofile).current else { return usize::MAX };
    let calls = limit.saturating_sub(of_none(is_sandbox)) / OF_A_CALL;
    usize::try_from(calls.max(1)).unwrap_or(usize::MAX)
}

/// Refuses to begin where the open files would not do: each library would tell of it in its own
/// words, as of something else.
pub(super) fn enough_files(is_sandbox: bool) -> Result<(), Failure> {
    let needed = of_none(is_sandbox) + FEWEST_CALLS * OF_A_CALL;
    match getrlimit(Resource::Nofile).current {
        Some(limit) if limit < needed => Err(Failure::new(
            Exit::CouldNotWork,
            format!(
                "too few open files: ulimit -n is {limit}, expected {needed} or more; raise it"
            ),
        )),
        _ => Ok(()),
    }
}

const fn of_none(is_sandbox: bool) -> u64 {
    OF_A_COMMAND + if is_sandbox { OF_THE_SANDBOX } else { 0 }
}

/// A file that may not grow (`ulimit -f`) is an error of the write, not the end of the process: what
/// is in flight is still told. Holds as long as the process.
pub(super) fn outlive_file_size_limits(runtime: &Runtime) -> std::io::Result<()> {
    let _entered = runtime.enter();
    // The stream may go: the handler stays.
    signal(SignalKind::from_raw(Signal::XFSZ.as_raw())).map(drop)
}
