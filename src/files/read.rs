//! Files that are read, or written through, by the name that a user gave or that is looked for.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::own::Owner;
use super::refusal::{OTHERS_WRITE, Refusal};

/// As many links in a row as the system follows.
const MOST_LINKS: usize = 40;

/// The text of a file that nobody named: it is read because it is there. `None` if it is not.
///
/// # Errors
/// [`Refusal::Link`], [`Refusal::Foreign`] (root's are taken), [`Refusal::Writable`],
/// [`Refusal::NotAFile`], and what the operating system says.
pub fn read_found(path: &Path) -> Result<Option<String>, Refusal> {
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Ok(found) if found.is_symlink() => return Err(Refusal::Link),
        Ok(_) | Err(_) => {}
    }
    // A pipe that took the file's place must not be waited for.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(Refusal::NotAFile);
    }
    trusted(&meta)?;
    text(file).map(Some)
}

/// The text of a file that the user named.
///
/// # Errors
/// [`Refusal::ForeignLink`], [`Refusal::Foreign`] (root's are taken), [`Refusal::Writable`],
/// and what the operating system says.
pub fn read_named(path: &Path) -> Result<String, Refusal> {
    leads_to(path)?;
    let file = File::open(path)?;
    let meta = file.metadata()?;
    // A device, a terminal among them, and a pipe without a name are whoever's started us.
    if meta.is_file() || is_named_pipe(path) {
        trusted(&meta)?;
    }
    text(file)
}

/// The place that a name leads to by links of this user or of root; there may be nothing yet.
///
/// What is written through a link that another user may turn, or to another user's pipe, goes where
/// that user likes.
///
/// # Errors
/// [`Refusal::ForeignLink`], [`Refusal::Foreign`], and what the operating system says of links that
/// lead in a circle.
pub fn leads_to(path: &Path) -> Result<PathBuf, Refusal> {
    let mut place = PathBuf::from(path);
    for _ in 0..MOST_LINKS {
        let Ok(meta) = std::fs::symlink_metadata(&place) else { return Ok(place) };
        if meta.is_symlink() {
            if !Owner::UsOrRoot.allows(meta.uid()) {
                return Err(Refusal::ForeignLink { uid: meta.uid() });
            }
            let target = std::fs::read_link(&place)?;
            place = place.parent().map_or(target.clone(), |folder| folder.join(&target));
            continue;
        }
        let is_pipe = meta.file_type().is_fifo() || meta.file_type().is_socket();
        if is_pipe && !Owner::UsOrRoot.allows(meta.uid()) {
            return Err(Refusal::Foreign { uid: meta.uid() });
        }
        return Ok(place);
    }
    Err(io::Error::from(rustix::io::Errno::LOOP).into())
}

/// Whether a pipe lies there in a folder, as opposed to one that is open already (`/dev/stdin`).
fn is_named_pipe(path: &Path) -> bool {
    std::fs::canonicalize(path)
        .and_then(std::fs::symlink_metadata)
        .is_ok_and(|meta| meta.file_type().is_fifo())
}

fn trusted(meta: &Metadata) -> Result<(), Refusal> {
    if !Owner::UsOrRoot.allows(meta.uid()) {
        return Err(Refusal::Foreign { uid: meta.uid() });
    }
    if meta.mode() & OTHERS_WRITE != 0 {
        return Err(Refusal::Writable { remedy: "go-w" });
    }
    Ok(())
}

fn text(mut file: File) -> Result<String, Refusal> {
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(text)
}
