//! The `SQLite` journal: one writer with group commit, a reader beside it, one file.

mod begin;
mod calls;
mod connect;
mod counts;
mod feed;
mod frame;
mod invocations;
mod journal;
mod load;
mod order;
mod planning;
mod port;
mod reader;
mod readings;
mod records;
mod row;
mod runs;
mod sides;
mod sql;
mod steps;
mod tables;
mod tallies;
#[cfg(test)]
pub(super) mod testing;
mod thread;
mod work;
mod writer;
mod writing;

pub(super) use journal::SqliteJournal;
