//! A table of short texts that were found good, which gives each a number: a lookup takes a few
//! instructions.

use super::fold::{SPREAD, fold};
use super::text::{Text, Words};

/// One slot of so many is taken at most, so that nearly every search ends at its first slot.
const ROOM: usize = 4;

/// Texts by number, in the order in which they were added.
#[derive(Debug)]
pub(super) struct ShortTexts {
    /// A text and its number plus 1, or 0 if the slot is free.
    slots: Vec<(Words, u32)>,
    len: u32,
}

impl Default for ShortTexts {
    fn default() -> Self {
        Self { slots: vec![([0; 3], 0); 64], len: 0 }
    }
}

impl ShortTexts {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    /// The number of a text with this tag, if it was added.
    pub(super) fn get(&self, text: Text<'_>, tag: u8) -> Option<usize> {
        let words = text.words(tag)?;
        self.slots[self.find(words)].1.checked_sub(1).map(|number| number as usize)
    }

    /// The number of a text with this tag, which is added if it is new; `None` if it is long.
    pub(super) fn add(&mut self, text: Text<'_>, tag: u8) -> Option<usize> {
        let words = text.words(tag)?;
        let slot = self.find(words);
        if let Some(known) = self.slots[slot].1.checked_sub(1) {
            return Some(known as usize);
        }
        self.len += 1;
        self.slots[slot] = (words, self.len);
        if self.len as usize * ROOM > self.slots.len() {
            self.grow();
        }
        Some(self.len as usize - 1)
    }

    /// The slot of a text, or the free one where it belongs.
    fn find(&self, words: Words) -> usize {
        let mask = self.slots.len() - 1;
        let hash = fold(words[0] ^ words[2].rotate_left(32), SPREAD) ^ fold(words[1], SPREAD);
        #[expect(clippy::cast_possible_truncation, reason = "the low bits are wanted")]
        let mut slot = hash as usize & mask;
        while self.slots[slot].1 != 0 && self.slots[slot].0 != words {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn grow(&mut self) {
        let larger = vec![([0; 3], 0); self.slots.len() * 2];
        for (words, number) in std::mem::replace(&mut self.slots, larger) {
            if number != 0 {
                let slot = self.find(words);
                self.slots[slot] = (words, number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_keep_their_numbers_and_are_told_apart() {
        let mut texts = ShortTexts::default();
        let all: Vec<String> = (0..500).map(|n| format!("{n}")).collect();
        for (text, number) in all.iter().map(|text| Text::whole(text.as_bytes())).zip(0..) {
            assert_eq!(texts.get(text, 0), None);
            assert_eq!(texts.add(text, 0), Some(number));
        }
        for (text, number) in all.iter().zip(0..) {
            let same = Text::whole(text.as_bytes());
            assert_eq!(texts.add(same, 0), Some(number));
            assert_eq!(texts.get(same, 0), Some(number));
            assert_eq!(texts.get(same, 1), None);
            assert_eq!(texts.get(Text::whole(format!("{text}\0").as_bytes()), 0), None);
        }
        assert_eq!(texts.add(Text::whole(&[b'x'; 23]), 0), Some(500));
        assert_eq!(texts.add(Text::whole(&[b'x'; 24]), 0), None);
    }
}
