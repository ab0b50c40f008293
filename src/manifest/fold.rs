//! A fast hash for tables that live no longer than a command.

use std::hash::{BuildHasher, Hasher, RandomState};

/// An odd number whose bits have no pattern (from the fraction of the golden ratio).
pub(super) const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// Mixes two words into one.
pub(super) fn fold(one: u64, other: u64) -> u64 {
    let product = u128::from(one ^ SPREAD) * u128::from(other);
    #[expect(clippy::cast_possible_truncation, reason = "both halves are taken")]
    let (low, high) = (product as u64, (product >> 64) as u64);
    low ^ high
}

/// Builds [`FoldHasher`]s with one seed. The seed is random, so nobody can write a manifest whose
/// groups collide.
#[derive(Clone, Debug)]
pub(super) struct Fold {
    seed: u64,
}

impl Default for Fold {
    fn default() -> Self {
        Self { seed: RandomState::new().hash_one(SPREAD) | 1 }
    }
}

impl Fold {
    /// The hash of two words.
    pub(super) fn hash(&self, words: [u64; 2]) -> u64 {
        fold(fold(words[0], self.seed) ^ words[1], self.seed)
    }
}

impl BuildHasher for Fold {
    type Hasher = FoldHasher;

    fn build_hasher(&self) -> FoldHasher {
        FoldHasher { seed: self.seed, state: self.seed }
    }
}

/// Folds words into one.
#[derive(Debug)]
pub(super) struct FoldHasher {
    seed: u64,
    state: u64,
}

impl Hasher for FoldHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.state = fold(self.state ^ word, self.seed);
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(word.into());
    }

    #[expect(clippy::cast_possible_truncation, reason = "both halves are taken")]
    fn write_u128(&mut self, words: u128) {
        self.write_u64(words as u64);
        self.write_u64((words >> 64) as u64);
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn finish(&self) -> u64 {
        self.state
    }
}
