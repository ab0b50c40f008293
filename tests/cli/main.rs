//! The program from outside: real processes in folders of their own, against the sandbox.
//!
//! [`workspace`] sets the workspace, [`world`] writes worlds, [`process`] runs the program; every other
//! module is one part of what users rely on.

mod causes;
mod check;
mod codes;
mod completion;
mod consent;
mod crash;
mod credentials;
mod damaged;
mod dumps;
mod echo;
mod endpoints;
mod exits;
mod faults;
mod files;
mod formats;
mod fresh;
mod guards;
mod hanging;
mod help;
mod hostile;
mod init;
mod killed;
mod named;
mod options;
mod outcomes;
mod output;
mod owners;
mod progress;
mod provenance;
mod proxy;
mod pruning;
mod rates;
mod regions;
mod results;
mod runs;
mod scarce;
mod secrets;
mod surroundings;
mod terminal;
mod two_users;
mod unknown_runs;
mod unread;
mod unread_plan;
mod usage;
mod waits;
mod workspace;
