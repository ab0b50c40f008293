//! What the operating system is told of this process before it does anything.

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

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

/// A file that may not grow (`ulimit -f`) is an error of the write, not the end of the process: what
/// is in the air is still told. Holds as long as the process.
pub(super) fn outlive_file_size_limits(runtime: &Runtime) -> std::io::Result<()> {
    let _entered = runtime.enter();
    // The stream may go: the handler stays.
    signal(SignalKind::from_raw(Signal::XFSZ.as_raw())).map(drop)
}
