//! Why a file is refused.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;

/// The mode bits that let others than the owner write.
pub(super) const OTHERS_WRITE: u32 = 0o022;

/// Why a file is not read or written: what it is, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// A link, where none is followed.
    #[error("is a link, which may lead elsewhere; remove it, or name the file that it leads to")]
    Link,
    /// A link that another user may turn elsewhere.
    #[error(
        "is a link of another user (uid {uid}), who may turn it elsewhere; name the file that it leads to"
    )]
    ForeignLink {
        /// Whose it is.
        uid: u32,
    },
    /// Another user's.
    #[error("belongs to another user (uid {uid}); use a file and a folder of your own")]
    Foreign {
        /// Whose it is.
        uid: u32,
    },
    /// Its group or everybody may write it.
    #[error("others than its owner can write it; run chmod {remedy} on it")]
    Writable {
        /// What chmod is to be given.
        remedy: &'static str,
    },
    /// Hard links lead to it.
    #[error(
        "has {names} names (hard links), and what belongs beside it lies beside one of them; remove the others"
    )]
    SecondName {
        /// How many names it has.
        names: u64,
    },
    /// The file alone is mounted somewhere.
    #[error("is mounted by itself, and what belongs beside it lies elsewhere; mount its folder")]
    Mounted,
    /// A folder, a device, a pipe.
    #[error("is not a file")]
    NotAFile,
    /// Another file took its place meanwhile.
    #[error("was replaced while it was opened; try again")]
    Replaced,
    /// Bytes that are no UTF-8 text.
    #[error("{found}, expected UTF-8 text: save it as UTF-8")]
    NotText {
        /// What they look like.
        found: String,
    },
    /// What the operating system says.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Refusal {
    /// The error as one of input and output, for those who know no other.
    pub fn into_io(self) -> io::Error {
        match self {
            Self::Io(error) => error,
            other => io::Error::new(io::ErrorKind::PermissionDenied, other.to_string()),
        }
    }
}

/// Whether two looks were at one file.
pub(super) fn is_same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// The user that this process acts as.
pub(super) fn us() -> u32 {
    rustix::process::geteuid().as_raw()
}
