//! Files of our own: the journal, what lies beside it, what the sandbox keeps.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use super::mounts::is_mounted_alone;
use super::refusal::{OTHERS_WRITE, Refusal, is_same, us};

/// The mode of a new file: its owner alone.
const PRIVATE: u32 = 0o600;
/// In a folder of this mode nobody renames or removes what is another's.
pub(super) const STICKY: u32 = 0o1000;

/// How a file of our own is opened. It is made if it is not there, and never emptied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To be read, and written anywhere.
    ReadWrite,
    /// To be read, and written at its end.
    Append,
}

/// Who may own a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// This user alone.
    Us,
    /// Root as well, who may do anything to us as it is.
    UsOrRoot,
}

impl Owner {
    pub(super) fn allows(self, uid: u32) -> bool {
        uid == us() || (self == Self::UsOrRoot && uid == 0)
    }
}

/// Opens a file of our own, or makes it for its owner alone.
///
/// # Errors
/// Every [`Refusal`] but [`Refusal::ForeignLink`]; nothing was written then.
pub fn open_own(path: &Path, access: Access) -> Result<File, Refusal> {
    // The first look gives the better reason: the system may refuse to open what it would show.
    look(path, Owner::Us)?;
    let mut options = OpenOptions::new();
    match access {
        Access::ReadWrite => options.read(true).write(true),
        Access::Append => options.read(true).append(true),
    };
    // A pipe that took the file's place must not be waited for.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    options.create(true).mode(PRIVATE).custom_flags(flags.bits().cast_signed());
    let file = options.open(path).map_err(link_or)?;
    judge(path, &file, Owner::Us)?;
    let named = std::fs::symlink_metadata(path)?;
    if is_same(&file.metadata()?, &named) { Ok(file) } else { Err(Refusal::Replaced) }
}

/// Looks at a file of our own without opening it; `None` if there is none.
///
/// Locks of this process stay, which they would not if the file were opened and closed.
///
/// # Errors
/// As [`open_own`].
pub fn look(path: &Path, owner: Owner) -> Result<Option<Metadata>, Refusal> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(found) => judge(path, &File::from(found), owner).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(link_or(error.into())),
    }
}

/// Gives a file that its owner alone may write the mode of a new one.
///
/// # Errors
/// What the operating system says.
pub fn make_private(file: &File) -> io::Result<()> {
    if file.metadata()?.permissions().mode() & 0o777 == PRIVATE {
        return Ok(());
    }
    file.set_permissions(Permissions::from_mode(PRIVATE))
}

/// Looks again at a file that somebody else in this process (a library) opened by its path: it is
/// ours, and the very file that is open here, by more than the `held` handles of our own. `None` if
/// there is none.
///
/// # Errors
/// As [`open_own`]; [`Refusal::Replaced`] if this process has another file open than the one that is
/// there, as far as the system tells.
pub fn still_there(path: &Path, owner: Owner, held: usize) -> Result<Option<Metadata>, Refusal> {
    let Some(found) = look(path, owner)? else { return Ok(None) };
    match handles(&found) {
        Some(open) if open <= held => Err(Refusal::Replaced),
        _ => Ok(Some(found)),
    }
}

/// How often this process has a file open; `None` where the system does not tell.
fn handles(file: &Metadata) -> Option<usize> {
    let open = std::fs::read_dir("/proc/self/fd").ok()?;
    let open = open.flatten().filter_map(|entry| std::fs::metadata(entry.path()).ok());
    Some(open.filter(|other| is_same(other, file)).count())
}

/// Why others may put files into the folder of `path`, or take ours away; `None` if they may not.
///
/// A folder that a group may write is told of unless the group is, by its number, its owner's own.
pub fn shared_folder(path: &Path) -> Option<String> {
    let folder = path.parent()?;
    let meta = folder.metadata().ok()?;
    let mode = meta.mode();
    let by_group = mode & 0o020 != 0 && meta.gid() != meta.uid();
    let is_shared = (by_group || mode & 0o002 != 0) && mode & STICKY == 0;
    let is_foreign = !Owner::UsOrRoot.allows(meta.uid());
    (is_shared || is_foreign).then(|| {
        let who =
            if is_foreign { "belongs to another user" } else { "is one that others can write" };
        format!("the folder {} {who}", folder.display())
    })
}

/// What was opened, if nobody else can have a hand in it.
fn judge(path: &Path, file: &File, owner: Owner) -> Result<Metadata, Refusal> {
    let meta = file.metadata()?;
    if meta.is_symlink() {
        return Err(Refusal::Link);
    }
    if !meta.is_file() {
        return Err(Refusal::NotAFile);
    }
    if !owner.allows(meta.uid()) {
        return Err(Refusal::Foreign { uid: meta.uid() });
    }
    if meta.mode() & OTHERS_WRITE != 0 {
        return Err(Refusal::Writable { remedy: "600" });
    }
    if meta.nlink() > 1 {
        return Err(Refusal::SecondName { names: meta.nlink() });
    }
    if is_mounted_alone(path, file, &meta) {
        return Err(Refusal::Mounted);
    }
    Ok(meta)
}

/// The error of an open that follows no link.
fn link_or(error: io::Error) -> Refusal {
    let is_link = error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
    if is_link { Refusal::Link } else { Refusal::Io(error) }
}
