//! Layer 4: the command line. The only user of clap, indicatif, standard output and signals.

mod accounts;
mod act;
mod args;
mod audit;
mod check;
mod commands;
mod completions;
mod confirm;
mod events;
mod exit;
mod guard;
mod init;
mod inputs;
mod invoker;
mod limits;
mod logging;
mod names;
mod output;
mod plan;
mod planned;
mod policy;
mod progress;
mod report;
mod resume;
mod revoke;
mod runs;
mod sandbox;
mod session;
mod settings;
mod signals;
mod start;
mod summary;
mod verify;
mod world;

pub use start::start;
