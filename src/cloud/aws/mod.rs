//! AWS EC2: requests in the query form, signature version 4, XML answers.
//!
//! Credentials come from the provider's own chain (`aws-config`); requests, their classes of error
//! and the one `AssumeRole` per account are here. Nothing is retried.

mod answer;
#[doc(hidden)]
pub mod bench;
mod caller;
mod carrier;
mod chain;
mod client;
mod codes;
mod connect;
mod credentials;
mod endpoints;
mod exchange;
mod ini;
mod listed;
mod origin;
mod process;
mod profiles;
mod read;
mod request;
mod sign;
mod sso;
mod surroundings;
#[cfg(test)]
mod testing;
mod wire;

pub use caller::Variant;
pub use client::AwsClient;
pub use connect::AwsConnector;
pub use endpoints::{host_of, region_of_endpoint};
pub(super) use listed::{listed_in_config, listed_in_credentials};
