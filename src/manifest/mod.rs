//! Layer 1: reads CSV manifests into the distinct pairs of a command, and reports every bad row with its
//! file, line and column.
//!
//! RFC 4180 as spreadsheets write it: a BOM, CRLF, blank lines, rows of empty cells, empty cells
//! beyond the header, `;` or tabs for commas, a line `sep=` and a missing final newline are
//! accepted, white space around a value is dropped. A record is split by our own code rather
//! than by a general CSV reader, because a manifest's errors need exact lines, and because one
//! stray quote must cost one row and not all that follow it.

mod account;
mod cell;
mod code;
mod column;
mod error;
mod error_limit;
mod filter;
mod finish;
mod fold;
mod form;
mod gather;
mod group;
mod group_key;
mod header;
mod intern;
mod known;
mod line;
mod marks;
mod misspelled_ports;
mod near;
mod odd_character;
mod options;
mod owned;
mod parallel;
mod part;
mod pieces;
mod ports;
mod quick;
mod read;
mod region;
mod row;
mod shard;
mod shared;
mod short;
mod split;
#[cfg(test)]
mod tests;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Read;

pub use account::check as check_account;
pub use column::Column;
pub use error::{BadCell, Fault, RowError};
pub use read::read;

use crate::model::{AccountId, PairSet, Provider};

/// One manifest to read, in the order given on the command line.
pub struct ManifestInput {
    /// Its name in messages and reports, `-` for standard input.
    pub name: String,
    /// Its bytes.
    pub reader: Box<dyn Read + Send>,
}

impl fmt::Debug for ManifestInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManifestInput").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What the caller knows of clouds and accounts, beyond the manifest format.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The Alibaba Cloud regions that have an endpoint; empty accepts any well-formed region.
    pub alibaba_regions: BTreeSet<String>,
    /// Account names that configuration maps to ids: a group is the same group by either.
    pub names: BTreeMap<(Provider, String), AccountId>,
}

/// What all manifests of a command hold.
#[derive(Debug)]
pub struct Parsed {
    /// The good rows, without repeated and mirrored ones.
    pub pairs: PairSet,
    /// What is wrong with the other rows, by file, line and column; the same mistake in the same
    /// column of a file some twenty times, then counted. Empty if all is well.
    pub errors: Vec<RowError>,
    /// Rows, headers and files with something wrong.
    pub bad: u64,
    /// Rows seen, good and bad, without headers and blank lines.
    pub rows_read: u64,
}

impl Parsed {
    /// The first input that could not be read to its end: its missing rows are not known to be
    /// bad, so nothing should be planned from the others.
    pub fn unreadable(&self) -> Option<&RowError> {
        self.errors.iter().find(|error| matches!(error.fault, Fault::Unreadable(_)))
    }
}
