//! Who holds a journal: written into the lock file, and asked without taking the lock.
//!
//! The lock that keeps others out (`flock`) cannot be asked for without being taken, and whoever took
//! it for a moment would turn away a process that begins just then. So the holder has a second lock
//! on the lock file (`fcntl`), which can be asked for.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::{FlockOperation, OFlags, fcntl_lock};
use rustix::process::{Flock, FlockType, fcntl_getlk};

use crate::files::{Owner, look};
use crate::journal::{Holder, Since};

/// Bytes of a lock file that are read: more than a command line takes.
const LONGEST: u64 = 1 << 16;

/// Writes who holds the lock file, which this process has locked. A disk that is full leaves the
/// holder without a name, and nothing else depends on it.
pub(super) fn name_holder(lock: &mut File, by: Option<&Since>) {
    let text = by.and_then(|by| serde_json::to_string(by).ok()).unwrap_or_default();
    let written = lock
        .set_len(0)
        .and_then(|()| lock.rewind())
        .and_then(|()| lock.write_all(text.as_bytes()))
        .and_then(|()| Ok(fcntl_lock(&*lock, FlockOperation::NonBlockingLockExclusive)?));
    if let Err(error) = written {
        tracing::debug!("the lock file does not say who holds the journal: {error}");
    }
}

/// Who holds this lock file now; `None` if nobody does, or if it cannot be told. To be asked by
/// another process than the holder.
pub(in crate::journal::sqlite) fn holder(lock: &Path) -> Option<Holder> {
    look(lock, Owner::UsOrRoot).ok()??;
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mut options = OpenOptions::new();
    let mut file = options.read(true).custom_flags(flags.bits().cast_signed()).open(lock).ok()?;
    let held = fcntl_getlk(&file, &Flock::from(FlockType::WriteLock)).ok()??;
    let mut text = String::new();
    // What is not text names nobody, and the journal is held all the same.
    let _ = Read::by_ref(&mut file).take(LONGEST).read_to_string(&mut text);
    let pid = held.pid.and_then(|pid| u32::try_from(pid.as_raw_nonzero().get()).ok());
    let is_it = |since: &Since| pid.is_none_or(|pid| pid == since.by.pid);
    let by = serde_json::from_str(&text).ok().filter(is_it);
    Some(Holder { pid, by })
}
