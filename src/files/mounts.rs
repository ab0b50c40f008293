//! The mounts of this process: what a path is on, and whether a file alone is mounted somewhere.

use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The mounts of this process, where the system tells them.
const MOUNTS: &str = "/proc/self/mountinfo";

/// The kind of the file system that `path` is on, as proc(5) spells it; `None` where nobody tells.
pub fn file_system(path: &Path) -> Option<String> {
    let place = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    innermost(&table(), &place).map(ToOwned::to_owned)
}

/// Whether `file`, opened at `path`, is mounted by itself, here or under another name.
pub(super) fn is_mounted_alone(path: &Path, file: &File, meta: &Metadata) -> bool {
    if is_root_of_a_mount(file) {
        return true;
    }
    let device = device(meta);
    let place = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    // Another file system's mounts are not looked at: one that hangs would hold us up.
    points(&table()).any(|(on, point)| {
        point == place
            || on == device
                && std::fs::metadata(&point)
                    .is_ok_and(|there| super::refusal::is_same(&there, meta))
    })
}

/// Whether the kernel calls what was opened the root of a mount.
#[cfg(target_os = "linux")]
pub(super) fn is_root_of_a_mount(file: &File) -> bool {
    use rustix::fs::{AtFlags, StatxAttributes, StatxFlags, statx};
    let told = statx(file, "", AtFlags::EMPTY_PATH, StatxFlags::empty());
    told.is_ok_and(|told| told.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

#[cfg(not(target_os = "linux"))]
pub(super) fn is_root_of_a_mount(_file: &File) -> bool {
    false
}

fn table() -> String {
    std::fs::read_to_string(MOUNTS).unwrap_or_default()
}

/// The device of a file, as `mountinfo` spells it.
#[cfg(target_os = "linux")]
fn device(meta: &Metadata) -> String {
    format!("{}:{}", rustix::fs::major(meta.dev()), rustix::fs::minor(meta.dev()))
}

#[cfg(not(target_os = "linux"))]
fn device(_meta: &Metadata) -> String {
    String::new()
}

/// The device and the place of every mount, by the text of `mountinfo` (proc(5)).
fn points(mounts: &str) -> impl Iterator<Item = (&str, PathBuf)> {
    mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(2);
        Some((words.next()?, PathBuf::from(unescaped(words.nth(1)?))))
    })
}

fn innermost<'m>(mounts: &'m str, path: &Path) -> Option<&'m str> {
    let mounts = mounts.lines().filter_map(|line| {
        let (head, tail) = line.split_once(" - ")?;
        let point = unescaped(head.split(' ').nth(4)?);
        path.starts_with(&point).then(|| (point.len(), tail.split(' ').next().unwrap_or_default()))
    });
    // Of mounts on one place the last covers the others.
    mounts.max_by_key(|(length, _)| *length).map(|(_, kind)| kind)
}

/// A path without the escapes of `mountinfo`.
fn unescaped(path: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(path.to_owned(), |path, (escape, plain)| path.replace(escape, plain))
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
            assert_eq!(innermost(MOUNTS, Path::new(path)), Some(kind), "{path}");
        }
        assert_eq!(innermost("", Path::new("/x")), None);
    }

    #[test]
    fn every_mount_has_its_device_and_its_place() {
        let points: Vec<_> = points(MOUNTS).collect();
        assert_eq!(points.len(), 5);
        assert_eq!(points[2], ("0:41", PathBuf::from("/home/my disk")));
    }
}
