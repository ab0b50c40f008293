//! Where commas and line ends are, eight bytes at a time: cells are too short for a search of
//! each of them to pay.

/// A byte in each of the eight places of a word.
const fn everywhere(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The highest bit of each byte.
const HIGH: u64 = everywhere(0x80);

/// The places of commas and line ends, in order.
pub(super) struct Marks<'a> {
    bytes: &'a [u8],
    /// Where the word at hand begins.
    at: usize,
    /// Of the word at hand, the highest bit of each mark that was not given out.
    left: u64,
}

impl<'a> Marks<'a> {
    /// The marks of `bytes`.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, left: marks(word(bytes)) }
    }
}

impl Iterator for Marks<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        while self.left == 0 {
            self.at += 8;
            self.left = marks(word(self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?));
        }
        let place = self.at + self.left.trailing_zeros() as usize / 8;
        self.left &= self.left - 1;
        Some(place)
    }
}

/// The first eight bytes; zeros stand for those that are not there.
fn word(bytes: &[u8]) -> u64 {
    if let Some(whole) = bytes.first_chunk() {
        return u64::from_le_bytes(*whole);
    }
    let mut some = [0; 8];
    some[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(some)
}

/// The highest bit of each byte of a word that is a mark.
const fn marks(word: u64) -> u64 {
    zeros(word ^ everywhere(b',')) | zeros(word ^ everywhere(b'\n'))
}

/// The highest bit of each byte that is zero. No byte carries into the next one.
const fn zeros(word: u64) -> u64 {
    !(((word & !HIGH) + !HIGH) | word | !HIGH)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_mark_is_found_and_nothing_else(
            bytes in prop::collection::vec(
                prop_oneof![any::<u8>(), Just(b','), Just(b'\n'), Just(0), Just(b',' | 0x80)],
                0..60,
            ),
        ) {
            let is_mark = |at: &usize| matches!(bytes[*at], b',' | b'\n');
            let expected: Vec<usize> = (0..bytes.len()).filter(is_mark).collect();
            prop_assert_eq!(Marks::new(&bytes).collect::<Vec<_>>(), expected);
        }
    }
}
