//! Packs the id of a group into two words, from which it can be spelled again, and which sort as the
//! ids do.

use super::marks::{HIGH, everywhere};
use super::text::Text;

/// What nearly all ids begin with.
const PREFIX: &[u8; 3] = b"sg-";
/// The number of characters: digits, letters, and the end of the id.
const BASE: u64 = 37;
/// Characters in the first word: 37^12 is below 2^63.
const HEAD: usize = 12;
/// Characters in the second word: 37^8 is below 2^42.
const TAIL: usize = 8;
/// The bits of the second word.
pub(super) const TAIL_BITS: u32 = 42;
/// The character after the last one of an id.
const END: u8 = 0;
/// The characters of the values.
const CHARACTERS: &[u8; 37] = b"\x000123456789abcdefghijklmnopqrstuvwxyz";

/// Values of two characters.
const PAIR: u64 = BASE * BASE;
/// The two characters of each value, so that an id is spelled with half as many divisions.
const PAIRS: [[u8; 2]; CHARACTERS.len() * CHARACTERS.len()] = {
    let mut pairs = [[END; 2]; CHARACTERS.len() * CHARACTERS.len()];
    let mut at = 0;
    while at < pairs.len() {
        pairs[at] = [CHARACTERS[at / CHARACTERS.len()], CHARACTERS[at % CHARACTERS.len()]];
        at += 1;
    }
    pairs
};

/// Values of four characters.
const QUAD: u64 = PAIR * PAIR;

/// The id of a group: `sg-` and 1 to 20 lower-case letters and digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Code {
    /// The first 12 characters.
    pub(super) head: u64,
    /// The others.
    pub(super) tail: u64,
}

/// A code, and what is known of its id once it is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coded {
    /// The code.
    pub(super) code: Code,
    /// Characters after `sg-`.
    pub(super) length: usize,
    /// Every character is a hexadecimal digit.
    pub(super) is_hex: bool,
}

impl Code {
    /// The code of `id`, if it has one.
    pub(super) fn read(id: Text<'_>) -> Option<Coded> {
        let text = id.strip_prefix(PREFIX)?;
        if !(1..=HEAD + TAIL).contains(&text.len()) {
            return None;
        }
        let (words, mask) = text.load()?;
        let [first, second, third] = words.map(Characters::of);
        let bad = (first.good ^ mask[0] | second.good ^ mask[1] | third.good ^ mask[2]) & HIGH;
        if bad != 0 {
            return None;
        }
        let beyond_hex = first.beyond_hex | second.beyond_hex | third.beyond_hex;
        let [first, second, third] = [first.quads(), second.quads(), third.quads()];
        let code = Self {
            head: (first[0] * QUAD + first[1]) * QUAD + second[0],
            tail: second[1] * QUAD + third[0],
        };
        Some(Coded { code, length: text.len(), is_hex: beyond_hex == 0 })
    }

    /// Spells the id out in `text`, which is cleared first.
    pub(super) fn spell(self, text: &mut String) -> &str {
        let mut characters = [END; HEAD + TAIL];
        let (head, tail) = characters.split_at_mut(HEAD);
        for (characters, mut word) in [(head, self.head), (tail, self.tail)] {
            let (pairs, _) = characters.as_chunks_mut::<2>();
            for pair in pairs.iter_mut().rev() {
                *pair = PAIRS[(word % PAIR) as usize];
                word /= PAIR;
            }
        }
        let end = characters.iter().position(|character| *character == END);
        let characters = &characters[..end.unwrap_or(characters.len())];
        text.clear();
        text.push_str("sg-");
        text.push_str(std::str::from_utf8(characters).expect("letters and digits"));
        text
    }
}

/// Eight characters at once, the first in the lowest byte.
struct Characters {
    /// `0` is 1, `9` is 10, `a` is 11, `z` is 36: the order of ASCII, after 0 for the end. Bytes that
    /// are neither digits nor letters have no value that means anything.
    values: u64,
    /// The highest bit of each byte that is a digit or a letter.
    good: u64,
    /// The highest bit of each byte that is a letter after `f`.
    beyond_hex: u64,
}

impl Characters {
    #[inline]
    fn of(word: u64) -> Self {
        let ascii = word & !HIGH;
        // The sums of bytes stay below 256, so none carries into the next.
        let from = |first: u8| (ascii + everywhere(0x80 - first)) & HIGH & !word;
        let digits = from(b'0') & !from(b'9' + 1);
        let letters = from(b'a') & !from(b'z' + 1);
        let less = |bytes: u64, by: u8| (bytes >> 7) * u64::from(by);
        Self {
            values: ascii - less(digits, b'0' - 1) - less(letters, b'a' - 11),
            good: digits | letters,
            beyond_hex: letters & from(b'f' + 1),
        }
    }

    /// The values of the first four and of the last four.
    #[inline]
    fn quads(&self) -> [u64; 2] {
        let values = self.values;
        let pairs = (values & EVEN_BYTES) * BASE + (values >> 8 & EVEN_BYTES);
        let quads = (pairs & EVEN_PAIRS) * PAIR + (pairs >> 16 & EVEN_PAIRS);
        [quads & u64::from(u32::MAX), quads >> 32]
    }
}

/// Every second byte of a word, and every second pair of bytes: the values of two and of four characters
/// fit in there.
const EVEN_BYTES: u64 = 0x00FF_00FF_00FF_00FF;
const EVEN_PAIRS: u64 = 0x0000_FFFF_0000_FFFF;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(id: &str) -> Option<Code> {
        Code::read(Text::whole(id.as_bytes())).map(|coded| coded.code)
    }

    #[test]
    fn ids_of_both_clouds_have_codes_and_odd_ones_have_none() {
        let coded = Code::read(Text::whole(b"sg-0123456789abcdef0")).expect("a code");
        assert_eq!((coded.length, coded.is_hex), (17, true));
        let coded = Code::read(Text::whole(b"sg-bp1azkttqpldxgtedxyz")).expect("a code");
        assert_eq!((coded.length, coded.is_hex), (20, false));
        for odd in [
            "sg-",
            "sg-A",
            "sg-a-b",
            "sg-a\0b",
            "sg-a\0",
            "sg-bp1azkttqpldxgtedxyz0",
            "sg-\u{e9}",
            "C0003E8B",
        ] {
            assert_eq!(code(odd), None, "{odd}");
        }
        assert!(code("sg-zzzzzzzzzzzzzzzzzzzz").expect("a code").tail < 1 << TAIL_BITS);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn codes_are_exact_and_in_the_order_of_ids(one in "sg-[0-9a-z]{1,20}", other in "sg-[0-9a-z]{1,20}") {
            let (left, right) = (code(&one).expect("a code"), code(&other).expect("a code"));
            prop_assert_eq!(left.cmp(&right), one.cmp(&other));
            let mut spelled = String::new();
            prop_assert_eq!(left.spell(&mut spelled), one);
        }

        #[test]
        fn only_digits_and_small_letters_have_codes(
            text in prop::collection::vec(prop_oneof![Just(b'a'), b'/'..=b':', b'`'..=b'{', any::<u8>()], 1..=20),
        ) {
            let is_good = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
            let id = [b"sg-", &text[..]].concat();
            let coded = Code::read(Text::whole(&id));
            prop_assert_eq!(coded.is_some(), text.iter().all(is_good));
            let is_hex = text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            prop_assert_eq!(coded.is_some_and(|coded| coded.is_hex), is_hex);
        }
    }
}
