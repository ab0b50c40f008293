//! One shard of the table of all groups: open addressing, with half a dozen bytes for each group
//! beside its key.

use super::fold::Fold;
use super::group_key::GroupKey;

/// Bits of a number below those of its shard.
pub(super) const INDEX_BITS: u32 = 26;
/// These bits, all set: more than there are groups in a shard.
pub(super) const NUMBER: u32 = (1 << INDEX_BITS) - 1;

/// The groups of a shard, and the slots in which they are found.
#[derive(Debug, Default)]
pub(super) struct Shard {
    pub(super) keys: Vec<GroupKey>,
    /// Each holds an index into `keys` plus 1, and above it some bits of the hash; or 0 if it is free.
    pub(super) slots: Vec<u32>,
}

impl Shard {
    /// Makes room for `more` keys. At most two thirds of the slots are taken, so that every search soon
    /// meets a free one, at which it ends.
    pub(super) fn make_room(&mut self, more: usize, hash: &Fold) {
        let wanted = (self.keys.len() + more) * 3 / 2 + 1;
        if wanted <= self.slots.len() {
            return;
        }
        self.slots = vec![0; wanted.next_power_of_two()];
        for (key, number) in self.keys.iter().zip(1..) {
            let hash = key.hash(hash);
            let mut slot = self.first_slot(hash);
            while self.slots[slot] != 0 {
                slot = self.next_slot(slot);
            }
            self.slots[slot] = marked(number, hash);
        }
    }

    /// Where the search for a key begins.
    #[expect(clippy::cast_possible_truncation, reason = "the low bits are wanted")]
    pub(super) fn first_slot(&self, hash: u64) -> usize {
        hash as usize & (self.slots.len() - 1)
    }

    fn next_slot(&self, slot: usize) -> usize {
        (slot + 1) & (self.slots.len() - 1)
    }

    /// The number of the first key whose slot has the bits of `hash`, or 0 if there is none. Keys are
    /// not compared. `first` is the content of the first slot.
    pub(super) fn likely(&self, first: u32, hash: u64) -> u32 {
        let mut found = first;
        let mut slot = self.first_slot(hash);
        while found != 0 && !is_marked(found, hash) {
            slot = self.next_slot(slot);
            found = self.slots[slot];
        }
        found & NUMBER
    }

    /// The first word of the key with a number, 0 for number 0.
    pub(super) fn head(&self, number: u32) -> u64 {
        let index = number.checked_sub(1).map(|index| index as usize);
        index.and_then(|index| self.keys.get(index)).map_or(0, GroupKey::head)
    }

    /// The index of a key, which is added if it is new.
    pub(super) fn find_or_add(&mut self, key: GroupKey, hash: u64) -> u32 {
        let mut slot = self.first_slot(hash);
        while let Some(index) = (self.slots[slot] & NUMBER).checked_sub(1) {
            if is_marked(self.slots[slot], hash) && self.keys[index as usize] == key {
                return index;
            }
            slot = self.next_slot(slot);
        }
        let index = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        assert!(index < NUMBER, "more groups than lines can name");
        self.keys.push(key);
        self.slots[slot] = marked(index + 1, hash);
        index
    }
}

/// The bits of a hash that a slot holds. They are not those that choose the shard or the slot, which
/// would tell nothing more.
#[expect(clippy::cast_possible_truncation, reason = "some bits are wanted")]
const fn mark(hash: u64) -> u32 {
    (hash >> INDEX_BITS) as u32 & !NUMBER
}

const fn marked(number: u32, hash: u64) -> u32 {
    mark(hash) | number
}

const fn is_marked(slot: u32, hash: u64) -> bool {
    slot & !NUMBER == mark(hash)
}
