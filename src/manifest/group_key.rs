//! A group as a key of the table of all groups: two words that are compared and hashed at once.

use super::code::{Code, TAIL_BITS};
use super::fold::Fold;

/// Lanes that a key can hold. Groups of further lanes are kept by their texts.
const LANES: u32 = 1 << (u64::BITS - TAIL_BITS);
/// Set in the first word of a key that has no code.
const UNCODED: u64 = 1 << 63;

/// A group in two words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GroupKey([u64; 2]);

impl GroupKey {
    /// The key of a group that has a code, if a key can hold its lane.
    pub(super) fn new(lane: u32, code: Code) -> Option<Self> {
        (lane < LANES).then_some(Self([code.head, u64::from(lane) << TAIL_BITS | code.tail]))
    }

    /// Its first word.
    pub(super) const fn head(&self) -> u64 {
        self.0[0]
    }

    /// Its hash.
    pub(super) fn hash(self, hash: &Fold) -> u64 {
        hash.hash(self.0)
    }

    /// The key of a group whose id has no code: its index among these.
    pub(super) const fn uncoded(at: u64) -> Self {
        Self([UNCODED | at, 0])
    }

    /// The group that it stands for; `uncoded` are those whose ids have no code.
    pub(super) fn group(self, uncoded: &[(u32, String)]) -> KeyedGroup<'_> {
        let Self([head, rest]) = self;
        if head & UNCODED == 0 {
            let lane = u32::try_from(rest >> TAIL_BITS).unwrap_or(u32::MAX);
            KeyedGroup::Coded(lane, Code { head, tail: rest & ((1 << TAIL_BITS) - 1) })
        } else {
            let at = usize::try_from(head ^ UNCODED).unwrap_or(usize::MAX);
            let (lane, text) = &uncoded[at];
            KeyedGroup::Uncoded(*lane, text)
        }
    }
}

/// What a key stands for.
pub(super) enum KeyedGroup<'a> {
    /// A lane and a code.
    Coded(u32, Code),
    /// A lane and a text.
    Uncoded(u32, &'a str),
}
