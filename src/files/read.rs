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

/// The text (UTF-8) of a file that nobody named: it is read because it is there. `None` if it is not.
///
/// # Errors
/// [`Refusal::Link`], [`Refusal::Foreign`] (root's are taken), [`Refusal::Writable`],
/// [`Refusal::NotAFile`], [`Refusal::NotText`], and what the operating system says.
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

/// The text (UTF-8) of a file that the user named.
///
/// # Errors
/// [`Refusal::ForeignLink`], [`Refusal::Foreign`] (root's are taken), [`Refusal::Writable`],
/// [`Refusal::NotText`], and what the operating system says.
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
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    decoded(bytes)
}

/// The text in UTF-8, with a byte order mark or without.
fn decoded(mut bytes: Vec<u8>) -> Result<String, Refusal> {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    let refused = |found: &str| Err(Refusal::NotText { found: found.to_owned() });
    // No text of ours has a zero byte; every other byte of plain words is one in UTF-16.
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return refused("is UTF-16 text, as the byte order mark at its beginning says");
    }
    if bytes.contains(&0) {
        return refused("holds zero bytes, as UTF-16 text does");
    }
    String::from_utf8(bytes).or_else(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + memchr::memchr_iter(b'\n', good).count();
        refused(&format!("line {line} is in another encoding (such as GBK or Latin-1)"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_may_begin_with_a_byte_order_mark_and_any_other_encoding_is_named() {
        assert_eq!(decoded(b"\xef\xbb\xbfa\r\n".to_vec()).expect("text"), "a\r\n");
        for (bytes, told) in [
            (&b"\xff\xfea\0"[..], "is UTF-16 text"),
            (b"\xfe\xff\0a", "is UTF-16 text"),
            (b"\xff\xfe\0\0a\0\0\0", "is UTF-16 text"),
            (b"a\0b\0", "zero bytes"),
            (b"# one\n# \xc9\xf1\n", "line 2 is in another encoding"),
        ] {
            let error = decoded(bytes.to_vec()).expect_err("no UTF-8").to_string();
            assert!(error.contains(told) && error.ends_with("save it as UTF-8"), "{error}");
        }
    }
}
