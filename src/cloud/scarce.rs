//! What this machine may run short of: open files, processes, memory.

use std::error::Error;
use std::fs::File;
use std::io;
use std::sync::Once;

use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

use super::{CloudError, ErrorClass};

/// Open files of which one in this many may be an idle connection to one host.
const IDLE_SHARE: u64 = 16;
/// Open files below which no connection is kept idle: it would take the place of one in use.
const FEW: u64 = 512;

/// How many idle connections to one host may be kept by the limit of open files.
pub(super) fn idle_connections() -> usize {
    let share = |limit| match limit {
        ..FEW => 0,
        _ => usize::try_from(limit / IDLE_SHARE).unwrap_or(usize::MAX),
    };
    open_files().map_or(usize::MAX, share)
}

/// The limit of open files, if there is one.
fn open_files() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// The shortage that `error` tells of, wherever it stands among the causes.
pub(super) fn behind(error: &(dyn Error + 'static)) -> Option<CloudError> {
    std::iter::successors(Some(error), |&cause| cause.source())
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .find_map(of)
}

/// The shortage that there is now, where who failed does not tell why: the resolver, and whoever
/// takes a file that cannot be opened for one that is not there.
pub(super) fn now() -> Option<CloudError> {
    File::open("/dev/null").err().and_then(|error| of(&error))
}

/// The shortage that `error` is.
pub(super) fn of(error: &io::Error) -> Option<CloudError> {
    match Errno::from_io_error(error)? {
        Errno::MFILE => Some(short(
            "TooManyOpenFiles",
            match open_files() {
                Some(limit) => format!("too many open files: ulimit -n is {limit}; raise it"),
                None => "too many open files: raise ulimit -n".to_owned(),
            },
        )),
        Errno::NFILE => Some(short(
            "TooManyOpenFiles",
            "too many open files on this machine: end what holds them, or raise fs.file-max",
        )),
        Errno::NOMEM => Some(short(
            "OutOfMemory",
            "not enough memory: end other programs, or raise the limit (ulimit -v, or the container's)",
        )),
        _ => None,
    }
}

/// The shortage that kept a process or a thread from being started.
pub(super) fn of_start(error: &io::Error) -> Option<CloudError> {
    if Errno::from_io_error(error) != Some(Errno::AGAIN) {
        return of(error);
    }
    let limit = getrlimit(Resource::Nproc).current;
    let limit = limit.map_or_else(String::new, |limit| format!(": ulimit -u is {limit}"));
    let message = format!("no further process can be started{limit}; raise it, or end others");
    Some(short("TooManyProcesses", message))
}

fn short(code: &str, message: impl Into<String>) -> CloudError {
    static TOLD: Once = Once::new();
    let error = CloudError::local(ErrorClass::Scarce, code, message);
    TOLD.call_once(|| tracing::warn!("waiting until others give some back: {}", error.message));
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("no profile `x`")]
    struct Outer(#[source] io::Error);

    #[test]
    fn a_shortage_is_told_as_what_it_is_wherever_it_stands() {
        for (errno, code, told) in [
            (Errno::MFILE, "TooManyOpenFiles", "ulimit -n is "),
            (Errno::NFILE, "TooManyOpenFiles", "fs.file-max"),
            (Errno::NOMEM, "OutOfMemory", "not enough memory"),
        ] {
            let error = behind(&Outer(errno.into())).expect("a shortage");
            assert_eq!((error.class, error.code.as_str()), (ErrorClass::Scarce, code));
            assert!(error.message.contains(told), "{error}");
        }
        let error = of_start(&Errno::AGAIN.into()).expect("a shortage");
        assert_eq!(error.code, "TooManyProcesses");
        for other in [Errno::CONNREFUSED, Errno::NOENT, Errno::AGAIN] {
            assert_eq!(behind(&Outer(other.into())), None, "{other:?}");
        }
    }
}
