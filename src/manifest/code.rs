//! Group ids as two words: exact, and in the order of their texts.

/// What nearly all ids begin with.
const PREFIX: &[u8] = b"sg-";
/// Digits, letters, and nothing at all behind the end of an id.
const BASE: u64 = 37;
/// Characters in the first word: 37^12 is below 2^63.
const HEAD: usize = 12;
/// Characters in the second word: 37^8 is below 2^42.
const TAIL: usize = 8;
/// The bits of the second word.
pub(super) const TAIL_BITS: u32 = 42;
/// Marks a byte that no code has.
const NONE: u8 = 0xFF;

/// `0` is 1, `9` is 10, `a` is 11, `z` is 36: the order of ASCII, after 0 for the end.
const VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let mut at = 0;
    while at < 36 {
        let byte = if at < 10 { b'0' + at } else { b'a' + at - 10 };
        values[byte as usize] = at + 1;
        at += 1;
    }
    values
};

/// What stands where an id has ended.
const END: u8 = 0;
/// The characters of the values.
const CHARACTERS: &[u8; 37] = b"\x000123456789abcdefghijklmnopqrstuvwxyz";

/// The value of `f`, the last hexadecimal digit.
const LAST_HEX: u8 = 16;

const POWERS: [u64; HEAD + 1] = {
    let mut powers = [1; HEAD + 1];
    let mut at = 1;
    while at <= HEAD {
        powers[at] = powers[at - 1] * BASE;
        at += 1;
    }
    powers
};

/// The id of a group: `sg-` and 1 to 20 lower-case letters and digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Code {
    /// The first 12 characters.
    pub(super) head: u64,
    /// The others.
    pub(super) tail: u64,
}

/// A code, and what is told while it is made.
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
    pub(super) fn read(id: &[u8]) -> Option<Coded> {
        let text = id.strip_prefix(PREFIX)?;
        if text.is_empty() || text.len() > HEAD + TAIL {
            return None;
        }
        let (head, tail) = text.split_at(text.len().min(HEAD));
        let (head, head_most) = number(head, HEAD);
        let (tail, tail_most) = number(tail, TAIL);
        let most = head_most.max(tail_most);
        let code = Self { head, tail };
        (most != NONE).then_some(Coded { code, length: text.len(), is_hex: most <= LAST_HEX })
    }

    /// The id.
    pub(super) fn spell(self) -> String {
        let mut characters = [0; HEAD + TAIL];
        let (head, tail) = characters.split_at_mut(HEAD);
        for (characters, mut word) in [(head, self.head), (tail, self.tail)] {
            for character in characters.iter_mut().rev() {
                *character = CHARACTERS[(word % BASE) as usize];
                word /= BASE;
            }
        }
        let end = characters.iter().position(|character| *character == END);
        let characters = &characters[..end.unwrap_or(characters.len())];
        let mut text = String::with_capacity(PREFIX.len() + characters.len());
        text.push_str("sg-");
        text.extend(characters.iter().map(|character| char::from(*character)));
        text
    }
}

/// The value of at most `length` characters, as if that many stood there, and the largest of them.
fn number(text: &[u8], length: usize) -> (u64, u8) {
    let (mut number, mut most) = (0_u64, 0);
    for byte in text {
        let value = VALUES[usize::from(*byte)];
        most = most.max(value);
        number = number.wrapping_mul(BASE).wrapping_add(value.into());
    }
    (number.wrapping_mul(POWERS[length - text.len()]), most)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(id: &str) -> Option<Code> {
        Code::read(id.as_bytes()).map(|coded| coded.code)
    }

    #[test]
    fn ids_of_both_clouds_have_codes_and_odd_ones_have_none() {
        let coded = Code::read(b"sg-0123456789abcdef0").expect("a code");
        assert_eq!((coded.length, coded.is_hex), (17, true));
        let coded = Code::read(b"sg-bp1azkttqpldxgtedxyz").expect("a code");
        assert_eq!((coded.length, coded.is_hex), (20, false));
        for odd in ["sg-", "sg-A", "sg-a-b", "sg-bp1azkttqpldxgtedxyz0", "sg-\u{e9}", "C0003E8B"] {
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
            prop_assert_eq!(left.spell(), one);
        }
    }
}
