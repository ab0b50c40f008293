//! What the test harnesses share: the program as a process, a workspace in which it runs, secrets that
//! must not come out, and a cloud in memory.
#![expect(clippy::missing_panics_doc, reason = "a helper panics to fail the test that calls it")]
#![expect(clippy::return_self_not_must_use, reason = "an assertion may be the last of its chain")]

pub mod canaries;
pub mod fake_cloud;
pub mod fixture;
mod options;
pub mod process;
pub mod terminal;
pub mod workspace;
pub mod world_file;

pub use options::{is_long, seed};
