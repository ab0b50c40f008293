//! Short texts as three words of eight bytes each, which are compared without a loop.

/// Three words.
pub(super) type Words = [u64; 3];

/// Bytes of three words.
const WIDTH: usize = 24;

/// For each length, the bytes of three words that a text has.
const MASKS: [Words; WIDTH + 1] = {
    let mut masks = [[0; 3]; WIDTH + 1];
    let mut at = 0;
    while at < WIDTH {
        let mut next = masks[at];
        next[at / 8] |= 0xFF << (8 * (at % 8));
        at += 1;
        masks[at] = next;
    }
    masks
};

/// A text inside a longer slice of bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a> {
    /// The bytes from the first one of the text on, and beyond its end: whole words are loaded, and the
    /// bytes after the text are masked.
    from: &'a [u8],
    length: usize,
}

impl<'a> Text<'a> {
    /// The first `length` bytes of `from`, which has as many.
    pub(super) fn new(from: &'a [u8], length: usize) -> Self {
        debug_assert!(length <= from.len());
        Self { from, length }
    }

    /// All of `bytes`.
    pub(super) fn whole(bytes: &'a [u8]) -> Self {
        Self::new(bytes, bytes.len())
    }

    /// Its bytes.
    pub(super) fn bytes(self) -> &'a [u8] {
        &self.from[..self.length]
    }

    /// How many bytes it has.
    pub(super) fn len(self) -> usize {
        self.length
    }

    /// Whether it has none.
    pub(super) fn is_empty(self) -> bool {
        self.length == 0
    }

    /// The text without the quotes around it.
    pub(super) fn bare(self) -> Self {
        match self.bytes() {
            [b'"', inner @ .., b'"'] => Self::new(&self.from[1..], inner.len()),
            _ => self,
        }
    }

    /// What follows `prefix`, if it begins with that.
    pub(super) fn strip_prefix<const N: usize>(self, prefix: &[u8; N]) -> Option<Self> {
        let length = self.length.checked_sub(N)?;
        let (start, rest) = self.from.split_first_chunk::<N>()?;
        (start == prefix).then_some(Self { from: rest, length })
    }

    /// Its bytes, zeros behind them, and the mask that tells which are its own; `None` if three words
    /// cannot hold it.
    #[inline]
    pub(super) fn load(self) -> Option<(Words, &'static Words)> {
        let mask = MASKS.get(self.length)?;
        let whole = match self.from.first_chunk::<WIDTH>() {
            Some(bytes) => *bytes,
            None => padded(self.bytes()),
        };
        let (words, _) = whole.as_chunks::<8>();
        let word = |at: usize| u64::from_le_bytes(words[at]) & mask[at];
        Some(([word(0), word(1), word(2)], mask))
    }

    /// The text and a tag of three bits, exactly: its bytes, and length and tag in the last byte;
    /// `None` if it has more than 23 bytes.
    #[inline]
    pub(super) fn words(self, tag: u8) -> Option<Words> {
        let ([one, two, three], mask) = self.load()?;
        let end = self.length as u64 | u64::from(tag) << 5;
        (mask[2] >> 56 == 0).then_some([one, two, three | end << 56])
    }
}

/// Bytes of a text near the end of a piece, and zeros.
#[cold]
fn padded(bytes: &[u8]) -> [u8; WIDTH] {
    let mut padded = [0; WIDTH];
    padded[..bytes.len()].copy_from_slice(bytes);
    padded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quotes_and_prefixes_are_taken_off() {
        let text = Text::new(b"\"sg-1\",x", 6);
        assert_eq!(text.bare().bytes(), b"sg-1");
        assert_eq!(text.bare().strip_prefix(b"sg-").map(Text::bytes), Some(&b"1"[..]));
        assert!(Text::new(b"sg-1", 2).strip_prefix(b"sg-").is_none());
        assert_eq!(Text::new(b"\"", 1).bare().bytes(), b"\"");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn words_are_those_of_the_text_alone(text in ".{0,30}", behind in ".{0,30}", tag in 0..8_u8) {
            let all = [text.as_bytes(), behind.as_bytes()].concat();
            let words = Text::new(&all, text.len()).words(tag);
            prop_assert_eq!(words.is_some(), text.len() < WIDTH);
            prop_assert_eq!(words, Text::whole(text.as_bytes()).words(tag));
        }

        #[test]
        fn different_texts_have_different_words(
            one in prop::collection::vec(0..2_u8, 0..24), flip in 0..24_usize, other in 0..3_usize,
            tags in (0..2_u8, 0..2_u8),
        ) {
            let mut changed = one.clone();
            match other {
                0 => changed.push(0),
                1 if flip < one.len() => changed[flip] ^= 1,
                _ => {}
            }
            let words = [Text::whole(&one).words(tags.0), Text::whole(&changed).words(tags.1)];
            prop_assert_eq!(words[0] == words[1], one == changed && tags.0 == tags.1);
        }
    }
}
