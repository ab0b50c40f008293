//! Where a journal's file is, and whose: what a writer refuses.

use std::fs::File;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

/// File systems of other machines: their locks and shared memory do not hold a journal together.
const REMOTE: [&str; 8] = ["nfs", "nfs4", "cifs", "smb3", "afs", "ncpfs", "fuse.sshfs", "lustre"];
/// The mounts of this process, where the system tells them.
const MOUNTS: &str = "/proc/self/mountinfo";
/// Who this process is, where the system tells it.
const SELF: &str = "/proc/self";

/// Why `file`, which was opened at `path`, is not to be written, with the remedy.
pub(super) fn refusal(path: &Path, file: &File) -> Option<String> {
    let (meta, named) = match (file.metadata(), std::fs::symlink_metadata(path)) {
        (Ok(meta), Ok(named)) => (meta, named),
        (Err(error), _) | (_, Err(error)) => return Some(error.to_string()),
    };
    if (meta.dev(), meta.ino()) != (named.dev(), named.ino()) {
        return Some("was replaced while it was opened; try again".into());
    }
    if !meta.is_file() {
        return Some("is not a file; use another --journal".into());
    }
    if std::fs::metadata(SELF).is_ok_and(|us| us.uid() != meta.uid()) {
        return Some("belongs to another user; use a journal of your own".into());
    }
    if meta.permissions().mode() & 0o022 != 0 {
        return Some("others than its owner can write it; run chmod 600 on it".into());
    }
    let mounts = std::fs::read_to_string(MOUNTS).unwrap_or_default();
    let place = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let kind = file_system(&mounts, &place).filter(|kind| REMOTE.contains(kind))?;
    Some(format!("is on a file system of another machine ({kind}); use a folder on a local one"))
}

/// The kind of the file system that `path` is on, by the text of `mountinfo` (proc(5)).
fn file_system<'m>(mounts: &'m str, path: &Path) -> Option<&'m str> {
    let mounts = mounts.lines().filter_map(|line| {
        let (head, tail) = line.split_once(" - ")?;
        let point = head.split(' ').nth(4)?.replace("\\040", " ");
        path.starts_with(&point).then(|| (point.len(), tail.split(' ').next().unwrap_or_default()))
    });
    // Of mounts on one place the last covers the others.
    mounts.max_by_key(|(length, _)| *length).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
        22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
        30 22 0:40 / /home rw shared:2 - nfs4 server:/home rw,vers=4.2\n\
        31 22 0:41 / /home/my\\040disk rw - ext4 /dev/sdb1 rw\n\
        32 22 0:42 / /mnt rw - ext4 /dev/sdc1 rw\n\
        33 32 0:43 / /mnt rw - cifs //server/share rw\n";

    #[test]
    fn the_innermost_and_last_mount_says_what_a_path_is_on() {
        for (path, kind) in [
            ("/var/unpair.db", "ext4"),
            ("/home/me/unpair.db", "nfs4"),
            ("/home/my disk/unpair.db", "ext4"),
            ("/homely/unpair.db", "ext4"),
            ("/mnt/unpair.db", "cifs"),
        ] {
            assert_eq!(file_system(MOUNTS, Path::new(path)), Some(kind), "{path}");
        }
        assert_eq!(file_system("", Path::new("/x")), None);
    }
}
