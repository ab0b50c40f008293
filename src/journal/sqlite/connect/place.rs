//! The files of a journal: whose they are, where they are, and the locks that keep others out.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::Name;
use super::holder::name_holder;
use crate::failpoint::{Bug, planted};
use crate::files::{
    Access, Owner, Refusal, file_system, look, open_own, shared_folder, still_there,
};
use crate::journal::{JournalError, Since};

/// File systems of other machines: their locks and shared memory do not hold a journal together.
const REMOTE: [&str; 8] = ["nfs", "nfs4", "cifs", "smb3", "afs", "ncpfs", "fuse.sshfs", "lustre"];
/// What `SQLite` keeps beside a database and believes as much: the write-ahead log, its index, and
/// the journal that is rolled back.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];
/// The file that a writing process locks.
pub(in crate::journal::sqlite) const LOCK: &str = ".lock";

/// What keeps other writing processes out for as long as it lives.
pub(in crate::journal::sqlite) struct Held {
    /// The lock beside the journal.
    _beside: File,
    /// The journal itself: a lock on the file, not on a name of it. `SQLite` uses locks of another
    /// kind (fcntl) on it, which these leave alone.
    _database: File,
}

/// How many handles of the journal itself a [`Held`] is.
const HELD: usize = 1;

/// Takes the locks that a writing process holds, or says who does; makes the file if it is not there.
/// Nothing in it is believed yet.
pub(in crate::journal::sqlite) fn hold(
    name: &Name,
    path: &Path,
    by: Option<&Since>,
) -> Result<Held, JournalError> {
    is_ours(name, path, Owner::Us)?;
    let lock = with(path, LOCK);
    let mut beside =
        open_own(&lock, Access::ReadWrite).map_err(|why| refused(name, path, &lock, why))?;
    locked(name, path, &beside)?;
    let own = open_own(path, Access::ReadWrite);
    let database = own.map_err(|why| refused(name, path, path, why))?;
    if cfg!(target_os = "linux") {
        locked(name, path, &database)?;
    }
    if let Some(kind) = file_system(path).filter(|kind| REMOTE.contains(&kind.as_str())) {
        return Err(name.unusable(format!(
            "is on a file system of another machine ({kind}); use a folder on a local one"
        )));
    }
    if let Some(shared) = shared_folder(path) {
        tracing::warn!(
            "{}: {shared}, who can take the journal away or put an older one there; keep it in a \
             folder of your own, or run chmod +t on this one",
            name.0
        );
    }
    name_holder(&mut beside, by);
    Ok(Held { _beside: beside, _database: database })
}

fn locked(name: &Name, path: &Path, file: &File) -> Result<(), JournalError> {
    if planted(Bug::LockNotTaken) {
        return Ok(());
    }
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(name.locked(path)),
        Err(TryLockError::Error(error)) => Err(name
            .unusable(format!("cannot be locked: {error}; use a folder on a local file system"))),
    }
}

/// Whether there is a journal, which with all that lies beside it is ours to believe. To be asked
/// before `SQLite` opens any of it.
pub(in crate::journal::sqlite) fn is_ours(
    name: &Name,
    path: &Path,
    owner: Owner,
) -> Result<bool, JournalError> {
    let found = look(path, owner).map_err(|why| refused(name, path, path, why))?;
    for beside in BESIDE.map(|suffix| with(path, suffix)) {
        look(&beside, owner).map_err(|why| refused(name, path, &beside, why))?;
    }
    Ok(found.is_some())
}

/// Refuses what `SQLite` opened by its path if it is not what was judged: another file may have taken
/// its place in between. `written` if this process holds the journal.
pub(super) fn is_what_was_opened(
    name: &Name,
    path: &Path,
    owner: Owner,
    written: bool,
) -> Result<(), JournalError> {
    let again = |place: &Path, held| {
        still_there(place, owner, held).map_err(|why| refused(name, path, place, why))
    };
    if again(path, if written { HELD } else { 0 })?.is_none() {
        return Err(refused(name, path, path, Refusal::Replaced));
    }
    for beside in BESIDE.map(|suffix| with(path, suffix)) {
        again(&beside, 0)?;
    }
    Ok(())
}

/// The file beside the journal that has this suffix.
pub(in crate::journal::sqlite) fn with(path: &Path, suffix: &str) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(suffix);
    PathBuf::from(beside)
}

/// The refusal of `file`, which is the journal at `path` or lies beside it, with the remedy.
fn refused(name: &Name, path: &Path, file: &Path, why: Refusal) -> JournalError {
    let folder = path.parent().unwrap_or(path).display();
    let reason = match why {
        Refusal::Io(error) => match error.kind() {
            ErrorKind::NotFound => {
                format!("there is no folder {folder}; create it, or use another --journal")
            }
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                format!("cannot be written: {error}; use another --journal")
            }
            _ => format!("cannot be opened: {error}"),
        },
        other if file == path => other.to_string(),
        other => {
            let beside = file.file_name().unwrap_or_default().display();
            format!("{beside} beside it {other}")
        }
    };
    name.unusable(reason)
}
