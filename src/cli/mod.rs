//! Layer 4: the command line. The only user of clap, indicatif, standard output and signals.

mod account_names;
mod allowed_groups;
mod args;
mod chosen_pairs;
mod command;
mod complete_audit;
mod complete_plan;
mod confirm;
mod context;
mod embedded_clouds;
mod events;
mod execute;
mod exit;
mod inputs;
mod invoker;
mod logging;
mod new_run;
mod output;
mod plan_limits;
mod process_limits;
mod progress;
mod session;
mod settings;
mod show_plan;
mod signals;
mod start;
mod stored_plan;
mod summary;

pub use start::start;
