//! The AWS dialect: EC2 2016-11-15 and STS 2011-06-15, Query protocol.

mod actions;
mod auth;
mod change;
mod decode;
mod describe;
mod dialect;
mod filters;
mod groups;
mod pages;
mod partition;
mod response;
mod sts;
mod xml;

pub(super) use dialect::Aws;

#[cfg(test)]
mod tests;
