//! Finds commas and line ends eight bytes at a time. Cells are so short that a call of `memchr` for
//! each of them would take longer.

/// A byte in each of the eight places of a word.
pub(super) const fn everywhere(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The highest bit of each byte.
pub(super) const HIGH: u64 = everywhere(0x80);

/// Where the first comma or line end at or after `from` is.
pub(super) fn first_mark(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let marks = marks(word(rest));
        if marks != 0 {
            return Some(at + marks.trailing_zeros() as usize / 8);
        }
        at += 8;
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
            let mut found = Vec::new();
            while let Some(at) = first_mark(&bytes, found.last().map_or(0, |last| last + 1)) {
                found.push(at);
            }
            prop_assert_eq!(found, expected);
        }
    }
}
