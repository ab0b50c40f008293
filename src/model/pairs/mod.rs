//! The distinct pairs of all manifests of a command, at some 8 bytes a row.

mod both_ends;
mod draft;
mod groups;
mod numbering;
mod packing;
mod rows;
mod set;
mod sorted;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use both_ends::BothEnds;
pub use draft::Draft;
pub use groups::{Groups, LaneIds};
pub use rows::Rows;
pub use set::PairSet;

use super::GroupIx;

/// One distinct manifest row: indexes into its [`PairSet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row {
    /// The end with the smaller index.
    pub a: GroupIx,
    /// The other end.
    pub b: GroupIx,
    /// Index into [`PairSet::filters`].
    pub filter: u16,
    /// Line in the whole input, 1-based; [`PairSet::locate`] names file and line.
    pub line: u32,
}

impl Row {
    /// The row between two groups, in either order.
    pub const fn new(one: u32, other: u32, filter: u16, line: u32) -> Self {
        let (a, b) = if one < other { (one, other) } else { (other, one) };
        Self { a: GroupIx(a), b: GroupIx(b), filter, line }
    }
}

/// One manifest of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its name as given, `-` for standard input.
    pub name: String,
    /// The lines of the sources before it.
    pub first_line: u32,
    /// SHA-256 of its bytes, hexadecimal, where they were read to their end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}
