//! Credentials of an account: where they come from, roles assumed with them, kept while good.

mod keeper;
mod profile;
mod source;

#[cfg(test)]
mod tests;

pub(super) use keeper::Keeper;
pub(in crate::cloud) use profile::listed;
pub(super) use source::Recipe;
pub use source::{Env, process_env};
