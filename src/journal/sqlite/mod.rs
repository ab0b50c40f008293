//! The `SQLite` journal: one writer with group commit, readers beside it, one file.

mod begin;
mod calls;
mod connect;
mod counts;
mod frame;
mod journal;
mod load;
mod numbers;
mod planning;
mod readers;
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
mod work;
mod writer;

pub(super) use journal::SqliteJournal;
