//! The `SQLite` journal: one writer with group commit, a reader beside it, one file.

mod begin;
mod calls;
mod commit;
mod connect;
mod feed;
mod frame;
mod heads;
mod invocations;
mod journal;
mod port;
mod reader;
mod records;
mod row;
mod run_history;
mod runs;
mod sides;
mod sql;
mod tables;
mod tallies;
#[cfg(test)]
pub(super) mod testing;
mod thread;
mod writer;
mod writing;

pub(super) use journal::SqliteJournal;
