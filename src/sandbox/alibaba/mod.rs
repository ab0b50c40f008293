//! The Alibaba Cloud dialect: ECS 2014-05-26 and STS 2015-04-01, RPC style.

mod actions;
mod attribute;
mod auth;
mod checks;
mod decode;
mod describe;
mod dialect;
mod refusal;
mod response;
mod revoke;
mod sts;

#[cfg(test)]
pub(super) use auth::signed_for_tests;
pub(super) use dialect::Alibaba;

#[cfg(test)]
mod tests;
