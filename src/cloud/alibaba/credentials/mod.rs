//! Credentials of an account: where they come from, roles assumed with them, kept while good.

mod allowed;
mod external;
mod keeper;
mod kept;
mod machine;
mod mode;
mod oidc;
mod profile;
mod recipe;
mod source;
mod uri;

#[cfg(test)]
mod tests;

pub(super) use keeper::Keeper;
pub(in crate::cloud) use profile::listed;
pub(super) use recipe::Recipe;
pub use recipe::{Env, process_env};
