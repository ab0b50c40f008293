//! A file that appears whole under its name, with the properties of the one that was there.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use tempfile::NamedTempFile;

use super::attributes;
use super::mounts::is_root_of_a_mount;
use super::own::{Owner, STICKY};
use super::refusal::{OTHERS_WRITE, Refusal, us};

/// The mode of a new file before the umask takes its share.
const USUAL: u32 = 0o666;
/// The mode while a file is written whose properties come at the end.
const HIDDEN: u32 = 0o600;
/// What a mode grants. A write drops the other bits (set-user-id, set-group-id), so we do.
const GRANTS: u32 = 0o777;

/// A file under a name of its own beside the one that it is to replace.
#[derive(Debug)]
pub struct Replacement {
    place: PathBuf,
    file: NamedTempFile,
}

impl Replacement {
    /// Begins a file that is to be at `place`, which is no link: see [`super::leads_to`].
    ///
    /// A new file has the mode that the umask leaves. One that takes another's place is its owner's
    /// alone until [`Self::commit`].
    ///
    /// # Errors
    /// [`Refusal::Mounted`] and [`Refusal::Foreign`] for a file whose place cannot be taken, and what
    /// the operating system says of the folder.
    pub fn begin(place: &Path) -> Result<Self, Refusal> {
        let folder = folder_of(place);
        let there = open(place)?;
        if let Some((file, meta)) = &there {
            if is_root_of_a_mount(file) {
                return Err(Refusal::Mounted);
            }
            if is_kept_by_the_folder(folder, meta)? {
                return Err(Refusal::Foreign { uid: meta.uid() });
            }
        }
        let has_model = there.is_some_and(|(_, meta)| is_model(folder, &meta));
        let mode = Permissions::from_mode(if has_model { HIDDEN } else { USUAL });
        let file = tempfile::Builder::new().permissions(mode).tempfile_in(folder)?;
        Ok(Self { place: place.to_owned(), file })
    }

    /// Makes the file visible. Of a file that is there it takes over mode, owner, group and extended
    /// attributes (access lists are such), and says which of them it could not keep. What cannot be
    /// kept widens no right: the group then may do what everybody may.
    ///
    /// The model is a file of this user, or any in a folder that nobody but its owner can write:
    /// elsewhere another user may have put it there to be given the result.
    ///
    /// # Errors
    /// What the operating system says; the file that was there is untouched then.
    pub fn commit(mut self) -> io::Result<Vec<&'static str>> {
        self.file.flush()?;
        let there = open(&self.place).map_err(Refusal::into_io)?;
        let model = there.filter(|(_, meta)| is_model(folder_of(&self.place), meta));
        let lost = match model {
            Some((model, meta)) => take_over(self.file.as_file(), &model, &meta)?,
            None => Vec::new(),
        };
        // A power cut must not leave the name without the bytes.
        self.file.as_file().sync_all()?;
        self.file.persist(&self.place).map_err(|error| error.error)?;
        Ok(lost)
    }
}

impl Write for Replacement {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn folder_of(place: &Path) -> &Path {
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or_else(|| Path::new("."))
}

/// The file that is there, if it is one and this user may read it: who may not cannot tell its
/// properties.
fn open(place: &Path) -> Result<Option<(File, Metadata)>, Refusal> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(place);
    let Ok(file) = opened else { return Ok(None) };
    let meta = file.metadata()?;
    Ok(meta.is_file().then_some((file, meta)))
}

fn is_model(folder: &Path, there: &Metadata) -> bool {
    let is_private = || folder.metadata().is_ok_and(|meta| meta.mode() & OTHERS_WRITE == 0);
    Owner::Us.allows(there.uid()) || is_private()
}

/// Whether the folder lets nobody but the file's owner take its place.
fn is_kept_by_the_folder(folder: &Path, there: &Metadata) -> io::Result<bool> {
    let meta = folder.metadata()?;
    Ok(meta.mode() & STICKY != 0 && ![there.uid(), meta.uid(), 0].contains(&us()))
}

/// Gives `file` the properties of `model`; returns those that it could not.
fn take_over(file: &File, model: &File, meta: &Metadata) -> io::Result<Vec<&'static str>> {
    let mut lost = Vec::new();
    let ours = file.metadata()?;
    if ours.uid() != meta.uid() && fchown(file, Some(meta.uid()), None).is_err() {
        lost.push("owner");
    }
    let has_group = ours.gid() == meta.gid() || fchown(file, None, Some(meta.gid())).is_ok();
    if !has_group {
        lost.push("group");
    }
    let mode = meta.mode() & GRANTS;
    // The folder may have given it an access list of its own, which a mode would open.
    attributes::drop_access_list(file);
    file.set_permissions(Permissions::from_mode(if has_group { mode } else { narrowed(mode) }))?;
    let kept = attributes::copy(model, file, has_group);
    if !kept.access_list {
        lost.push("access list");
        file.set_permissions(Permissions::from_mode(narrowed(mode)))?;
    }
    if !kept.others {
        lost.push("extended attributes");
    }
    Ok(lost)
}

/// A mode whose group may do no more than everybody.
const fn narrowed(mode: u32) -> u32 {
    mode & !0o070 | mode & (mode & 0o007) << 3
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("it is there").mode() & 0o7777
    }

    fn replace(path: &Path, text: &str) -> Vec<&'static str> {
        let mut file = Replacement::begin(path).expect("a writable folder");
        file.write_all(text.as_bytes()).expect("room");
        file.commit().expect("it takes the place")
    }

    #[test]
    fn a_replaced_file_keeps_its_mode_and_is_hidden_until_then() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("result");
        for kept in [0o664, 0o600, 0o640, 0o644, 0o606] {
            fs::write(&path, "former").expect("room");
            fs::set_permissions(&path, Permissions::from_mode(kept)).expect("a mode");
            let begun = Replacement::begin(&path).expect("a writable folder");
            assert_eq!(mode(begun.file.path()), HIDDEN);
            drop(begun);
            assert_eq!(replace(&path, "new"), Vec::<&str>::new());
            assert_eq!(
                (mode(&path), fs::read_to_string(&path).expect("text")),
                (kept, "new".to_owned())
            );
        }
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is left");
    }

    #[test]
    fn a_mode_without_its_group_grants_the_group_what_everybody_has() {
        for (mode, left) in [(0o664, 0o644), (0o660, 0o600), (0o640, 0o600), (0o666, 0o666)] {
            assert_eq!(narrowed(mode), left, "{mode:o}");
        }
    }

    #[test]
    fn what_a_folder_keeps_for_its_owner_is_told_before_any_work() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("result");
        fs::write(&path, "former").expect("room");
        fs::set_permissions(folder.path(), Permissions::from_mode(0o1777)).expect("a mode");
        let (_, meta) = open(&path).expect("it opens").expect("it is there");
        assert!(!is_kept_by_the_folder(folder.path(), &meta).expect("a folder"), "ours");
        assert!(is_model(folder.path(), &meta), "ours");
    }
}
