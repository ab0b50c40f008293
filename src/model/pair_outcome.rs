//! How a pair stands: computed from its two sides, never stored.

use serde::{Deserialize, Serialize};

use super::word::word_enum;

word_enum! {
    /// How a pair stands: computed, never stored.
    PairOutcome, "a pair's outcome", {
        /// One side is clean, the other stands.
        HalfSevered = "half_severed",
        /// Grants stand on both sides, or on the only one that is ours.
        Open = "open",
        /// A side could not be read.
        Unknown = "unknown",
        /// Our side is clean; the other is not ours to read.
        OursSevered = "ours_severed",
        /// What the rows ask for is gone, other grants stand.
        Narrowed = "narrowed",
        /// No grant on either side.
        Severed = "severed",
    }
}

/// What the last read showed of one side of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SideState {
    /// No grant at all.
    Clean,
    /// Nothing that the rows ask for; this many other grants.
    Outside(u64),
    /// This many grants that the rows ask for.
    Standing(u64),
    /// Not ours to read.
    NotOurs,
    /// Could not be read, its group does not exist, or a rule names the other group under another
    /// owner or without telling what it is.
    Unknown,
}

/// The outcome of a pair from its sides, in whatever order: two groups, or the one group of a row
/// that names something else than a group.
///
/// ```
/// use unpair::model::{PairOutcome, SideState, judge_pair};
///
/// let ours = SideState::Clean;
/// assert_eq!(judge_pair(&[ours, SideState::Clean]), PairOutcome::Severed);
/// assert_eq!(judge_pair(&[ours, SideState::NotOurs]), PairOutcome::OursSevered);
/// assert_eq!(judge_pair(&[ours, SideState::Standing(2)]), PairOutcome::HalfSevered);
/// assert_eq!(judge_pair(&[ours]), PairOutcome::Severed);
/// ```
pub fn judge_pair(sides: &[SideState]) -> PairOutcome {
    use SideState::{NotOurs, Outside, Standing, Unknown};
    let mut ours = sides.iter().filter(|side| !matches!(side, NotOurs)).peekable();
    if sides.contains(&Unknown) || ours.peek().is_none() {
        PairOutcome::Unknown
    } else if ours.all(|side| matches!(side, Standing(_))) {
        PairOutcome::Open
    } else if sides.iter().any(|side| matches!(side, Standing(_))) {
        PairOutcome::HalfSevered
    } else if sides.contains(&NotOurs) {
        PairOutcome::OursSevered
    } else if sides.iter().any(|side| matches!(side, Outside(_))) {
        PairOutcome::Narrowed
    } else {
        PairOutcome::Severed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_severed_only_when_both_sides_are_clean() {
        use SideState::{Clean, NotOurs, Outside, Standing, Unknown};
        for (a, b, outcome) in [
            (Clean, Clean, PairOutcome::Severed),
            (Clean, Outside(1), PairOutcome::Narrowed),
            (Clean, Standing(1), PairOutcome::HalfSevered),
            (Outside(2), Standing(1), PairOutcome::HalfSevered),
            (Standing(1), Standing(1), PairOutcome::Open),
            (Standing(1), NotOurs, PairOutcome::Open),
            (Clean, NotOurs, PairOutcome::OursSevered),
            (Clean, Unknown, PairOutcome::Unknown),
            (Standing(1), Unknown, PairOutcome::Unknown),
            (NotOurs, Unknown, PairOutcome::Unknown),
            (NotOurs, NotOurs, PairOutcome::Unknown),
            (NotOurs, Outside(1), PairOutcome::OursSevered),
        ] {
            assert_eq!(judge_pair(&[a, b]), outcome);
            assert_eq!(judge_pair(&[b, a]), outcome);
        }
    }

    #[test]
    fn a_side_alone_is_severed_only_when_it_is_clean() {
        use SideState::{Clean, NotOurs, Outside, Standing, Unknown};
        for (side, outcome) in [
            (Clean, PairOutcome::Severed),
            (Outside(1), PairOutcome::Narrowed),
            (Standing(1), PairOutcome::Open),
            (NotOurs, PairOutcome::Unknown),
            (Unknown, PairOutcome::Unknown),
        ] {
            assert_eq!(judge_pair(&[side]), outcome);
        }
        assert_eq!(judge_pair(&[]), PairOutcome::Unknown, "nothing was read");
    }
}
