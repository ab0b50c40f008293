//! Extended attributes, access lists among them, where the system has them.

use std::fs::File;

/// What was kept of a file's attributes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    /// The access list, or that there is none.
    pub(super) access_list: bool,
    /// Those that users set.
    pub(super) others: bool,
}

#[cfg(target_os = "linux")]
mod system {
    use std::ffi::CStr;

    use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fremovexattr, fsetxattr};
    use rustix::io::Errno;

    use super::{File, Kept};

    /// The access list of a file. Source: acl(5), xattr(7).
    const ACCESS_LIST: &CStr = c"system.posix_acl_access";
    /// What the kernel says of these bytes, or of this program, and of no other.
    const OF_THE_BYTES: [&CStr; 3] = [c"security.capability", c"security.ima", c"security.evm"];
    /// The most that one attribute, or the list of their names, holds. Source: xattr(7).
    const MOST: usize = 64 << 10;

    pub(in super::super) fn drop_access_list(file: &File) {
        // Most files have none, and not every file system knows them.
        let _ = fremovexattr(file, ACCESS_LIST);
    }

    pub(in super::super) fn copy(from: &File, to: &File, with_access_list: bool) -> Kept {
        let mut kept = Kept { access_list: true, others: true };
        let mut names = vec![0; MOST];
        let length = match flistxattr(from, &mut names) {
            Ok(length) => length,
            Err(Errno::NOTSUP | Errno::NOSYS) => 0,
            Err(_) => return Kept { access_list: false, others: false },
        };
        for name in names[..length].split_inclusive(|byte| *byte == 0) {
            let Ok(name) = CStr::from_bytes_with_nul(name) else { continue };
            if name == ACCESS_LIST {
                kept.access_list = with_access_list && copy_one(from, to, name);
            } else if !OF_THE_BYTES.contains(&name) {
                let is_kept = copy_one(from, to, name);
                // Labels of the system's own are given by its policy to whoever may not set them.
                kept.others &= is_kept || !name.to_bytes().starts_with(b"user.");
            }
        }
        kept
    }

    fn copy_one(from: &File, to: &File, name: &CStr) -> bool {
        let mut value = vec![0; MOST];
        fgetxattr(from, name, &mut value)
            .is_ok_and(|length| fsetxattr(to, name, &value[..length], XattrFlags::empty()).is_ok())
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::{File, Kept};

    pub(in super::super) const fn drop_access_list(_file: &File) {}

    pub(in super::super) const fn copy(_from: &File, _to: &File, _with_list: bool) -> Kept {
        Kept { access_list: true, others: true }
    }
}

pub(super) use system::{copy, drop_access_list};

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use rustix::fs::{XattrFlags, fgetxattr, fsetxattr};

    use super::*;

    /// Owner rw-, group ---, uid 4001 rw-, mask rw-, others ---. Source: acl(5), as Linux stores it.
    const LIST: [&[u8]; 6] = [
        &[2, 0, 0, 0],
        &[1, 0, 6, 0, 255, 255, 255, 255],
        &[2, 0, 6, 0, 161, 15, 0, 0],
        &[4, 0, 0, 0, 255, 255, 255, 255],
        &[16, 0, 6, 0, 255, 255, 255, 255],
        &[32, 0, 0, 0, 255, 255, 255, 255],
    ];

    #[test]
    fn an_access_list_and_attributes_are_kept_and_none_is_inherited() {
        let file = || tempfile::tempfile().expect("a file");
        let (from, to, plain) = (file(), file(), file());
        let list = LIST.concat();
        let set = |file: &File, name: &str, value: &[u8]| {
            fsetxattr(file, name, value, XattrFlags::empty()).is_ok()
        };
        let get = |file: &File, name: &str| {
            let mut value = vec![0; 256];
            fgetxattr(file, name, &mut value).ok().map(|length| value[..length].to_vec())
        };
        if !set(&from, "system.posix_acl_access", &list) || !set(&from, "user.of", b"team") {
            println!("left out: this file system has no access lists or attributes");
            return;
        }
        let kept = copy(&from, &to, true);
        assert!(kept.access_list && kept.others);
        assert_eq!(get(&to, "system.posix_acl_access"), Some(list));
        assert_eq!(get(&to, "user.of"), Some(b"team".to_vec()));
        assert!(!copy(&from, &plain, false).access_list, "told, and not given");
        assert_eq!(get(&plain, "system.posix_acl_access"), None);
        drop_access_list(&to);
        assert_eq!(get(&to, "system.posix_acl_access"), None);
    }
}
