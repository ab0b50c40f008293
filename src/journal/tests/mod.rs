//! The contract suite, and what is particular to `SQLite`.

mod check;
mod contract;
mod crash;
mod fixture;
mod planning;
mod property;
mod sqlite;
mod tamper;
