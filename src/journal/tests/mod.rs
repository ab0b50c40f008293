//! The contract suite, and what is particular to `SQLite`.

mod check;
mod contract;
mod crash;
mod fixture;
mod frame;
mod invocations;
mod opened;
mod property;
mod prune;
mod sqlite;
mod tamper;
