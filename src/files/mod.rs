//! Files that are obeyed or written by their name: whose they are, before anything is done with them.
//!
//! In a folder that others can write, a name says nothing of who put the file there. Three kinds of
//! file differ in what is refused:
//!
//! - **our own** ([`open_own`], [`look`]): the journal, what lies beside it, the sandbox's files.
//!   Regular files of this user that nobody else can write, under one name, never reached by a link.
//! - **found** ([`read_found`]): read because the file lies where it is looked for. It belongs to this
//!   user or to root, nobody else can write it, and it is no link.
//! - **named** ([`read_named`]): read because the user named it. The same, but it may be reached by
//!   links of this user or of root, and it may be a pipe.
//!
//! What is judged is what was opened, never the path alone. A result takes the place of a named file
//! whole, with its properties ([`Replacement`]).

mod attributes;
mod mounts;
mod own;
mod read;
mod refusal;
mod replace;

pub use mounts::file_system;
pub use own::{Access, Owner, look, make_private, open_own, shared_folder, still_there};
pub use read::{leads_to, read_found, read_named};
pub use refusal::Refusal;
pub use replace::Replacement;
