//! The equivalent `aliyun` and `aws` commands, for a side whose owner must run them.

mod alibaba;
mod aws;
mod by_id;
mod by_value;
mod manifest;
mod run;
mod shell;
mod sink;
mod values;

pub use manifest::write_manifest_commands;
pub use run::{Which, write_run_commands};

pub(super) use run::{commands_for, partner_commands};
