//! Alibaba Cloud: ECS 2014-05-26 and STS 2015-04-01, RPC style, signed with ACS3-HMAC-SHA256.

mod answer;
#[doc(hidden)]
pub mod bench;
mod client;
mod codes;
mod credentials;
mod exchange;
mod node;
mod regions;
mod revoke;
mod sign;
mod wire;

#[cfg(test)]
mod tests;

pub use client::{AlibabaClient, connect};
pub(super) use credentials::listed;
pub use credentials::{Env, process_env};
pub use regions::{REGIONS, host_of, is_known_region};
