//! A pair as a report shows it.

use super::cause::SideCause;
use crate::model::{Filter, GroupRef, PairOutcome, RowText, SideState};

/// A pair with its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairRow {
    /// The end with the smaller group.
    pub a: SideRow,
    /// The other end.
    pub b: SideRow,
    /// How the pair stands.
    pub outcome: PairOutcome,
    /// Why, in one line.
    pub reason: String,
    /// The first manifest line that asks for it, in the whole input.
    pub line: u32,
    /// The free text of its rows.
    pub note: RowText,
    /// What its rows narrow it to, one each.
    pub filters: Vec<Filter>,
}

/// One side of a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideRow {
    /// The group.
    pub group: GroupRef,
    /// What its last reading showed.
    pub state: SideState,
    /// The same in words, with the reason.
    pub text: String,
    /// The same in words, without the reason that [`SideRow::cause`] tells.
    pub brief: String,
    /// Why the side is not clean, or cannot be judged, if one thing is the cause.
    pub cause: Option<SideCause>,
    /// Rules that the rows ask to be gone.
    pub standing: u32,
    /// Grants outside the rows' narrowing.
    pub outside: u32,
    /// Drop rules that no row asks for.
    pub drops: u32,
    /// Rules that name the other group under another owner than the row.
    pub misowned: u32,
    /// Rules that may name the other group, and cannot be judged.
    pub unclear: u32,
    /// Not ours to call: its owner must run what is to be run.
    pub is_partner: bool,
}

impl PairRow {
    /// Both sides, the smaller group first.
    pub fn sides(&self) -> [&SideRow; 2] {
        [&self.a, &self.b]
    }

    /// Grants outside the rows' narrowing, of both sides.
    pub fn outside(&self) -> u64 {
        self.sides().iter().map(|side| u64::from(side.outside)).sum()
    }

    /// Drop rules that no row asks for, of both sides.
    pub fn drops(&self) -> u64 {
        self.sides().iter().map(|side| u64::from(side.drops)).sum()
    }

    /// Whether grants stand on one side, and the other was read and has none.
    pub fn is_one_sided(&self) -> bool {
        matches!(
            (self.a.state, self.b.state),
            (SideState::Standing(_), SideState::Clean | SideState::Outside(_))
                | (SideState::Clean | SideState::Outside(_), SideState::Standing(_))
        )
    }
}
