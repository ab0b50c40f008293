//! Layer 2: the embedded sandbox, a fake of ECS, EC2 and both STS on loopback.
//!
//! It behaves as the clouds do, not as `unpair` would like. It decodes requests and checks
//! signatures with its own code, so that a wrong encoder cannot hide behind the same wrong
//! decoder.

mod alibaba;
mod aws;
mod call;
mod changes;
mod codes;
mod connection;
mod dialect;
mod error;
mod exchange;
mod faults;
mod hold;
mod http;
mod limits;
mod live;
mod log;
mod options;
mod paging;
mod rule_ids;
mod server;
mod sessions;
mod store;
mod tokens;
mod visibility;
mod world;

pub use error::SandboxError;
pub use faults::{BadFault, FaultKind, InjectedFault, Often};
pub use hold::{Held, Moment};
pub use limits::Limit;
pub use log::LoggedCall;
pub use options::{SandboxAccount, SandboxOptions};
pub use server::{Sandbox, start};
pub use world::{Account, Group, LiveRule, Manners, Unmatched, World};

#[cfg(test)]
mod tests;
