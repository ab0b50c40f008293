//! The table of all groups, which the reading threads share: it gives each group one number.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::fold::Fold;
use super::group_key::{GroupKey, KeyedGroup};
use super::shard::{INDEX_BITS, NUMBER, Shard};

/// The number of shards, each of which has its own lock: so many that two threads seldom want the same.
const SHARDS: usize = 64;

/// Every group that was seen.
#[derive(Debug)]
pub(super) struct Interner {
    hash: Fold,
    shards: Vec<Mutex<Shard>>,
    uncoded: Mutex<UncodedGroups>,
}

/// Groups whose ids have no code: they are few, so one map will do.
#[derive(Debug, Default)]
struct UncodedGroups {
    known: std::collections::HashMap<(u32, String), u64>,
    texts: Vec<(u32, String)>,
}

/// Buffers of [`Interner::number`], which are used again for the next piece.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    hashes: Vec<u64>,
    /// Indexes of keys, shard by shard.
    order: Vec<u32>,
    /// The content of the slot of each key of a shard.
    found: Vec<u32>,
    /// The first word of the key that each of them is likely to be.
    heads: Vec<u64>,
}

impl Interner {
    /// An empty table.
    pub(super) fn new() -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { hash: Fold::default(), shards, uncoded: Mutex::default() }
    }

    /// The key of a group whose id has no code, or whose lane no key can hold.
    pub(super) fn uncoded(&self, lane: u32, id: &str) -> GroupKey {
        let mut uncoded = held(&self.uncoded);
        if let Some(at) = uncoded.known.get(&(lane, id.to_owned())) {
            return GroupKey::uncoded(*at);
        }
        let at = uncoded.texts.len() as u64;
        uncoded.known.insert((lane, id.to_owned()), at);
        uncoded.texts.push((lane, id.to_owned()));
        GroupKey::uncoded(at)
    }

    /// Puts the number of each of `keys` into `numbers`. Each shard is locked once. All its slots, and
    /// then all keys that they name, are loaded before the first key is compared, so that the processor
    /// waits for memory once and not for each key.
    pub(super) fn number(&self, keys: &[GroupKey], scratch: &mut Scratch, numbers: &mut [u32]) {
        let Scratch { hashes, order, found, heads } = scratch;
        hashes.clear();
        hashes.extend(keys.iter().map(|key| key.hash(&self.hash)));
        let ends = by_shard(hashes, order);
        let mut start = 0;
        for (number, end) in ends.into_iter().enumerate() {
            let of_shard = &order[start..end];
            start = end;
            if of_shard.is_empty() {
                continue;
            }
            let mut shard = held(&self.shards[number]);
            shard.make_room(of_shard.len(), &self.hash);
            found.clear();
            found.extend(
                of_shard.iter().map(|at| shard.slots[shard.first_slot(hashes[*at as usize])]),
            );
            for (at, found) in of_shard.iter().zip(&mut *found) {
                *found = shard.likely(*found, hashes[*at as usize]);
            }
            heads.clear();
            heads.extend(found.iter().map(|found| shard.head(*found)));
            for ((at, found), head) in of_shard.iter().zip(&*found).zip(&*heads) {
                let (at, key) = (*at as usize, keys[*at as usize]);
                let index = match found.checked_sub(1) {
                    Some(index) if *head == key.head() && shard.keys[index as usize] == key => {
                        index
                    }
                    _ => shard.find_or_add(key, hashes[at]),
                };
                numbers[at] = u32::try_from(number).unwrap_or(0) << INDEX_BITS | index;
            }
        }
    }

    /// The groups alone, without what is only needed to find them.
    pub(super) fn into_groups(self) -> NumberedGroups {
        let shards = self
            .shards
            .into_iter()
            .map(|shard| shard.into_inner().unwrap_or_else(PoisonError::into_inner).keys);
        let uncoded = self.uncoded.into_inner().unwrap_or_else(PoisonError::into_inner);
        NumberedGroups { shards: shards.collect(), uncoded: uncoded.texts }
    }
}

/// Every group by its number.
#[derive(Debug)]
pub(super) struct NumberedGroups {
    shards: Vec<Vec<GroupKey>>,
    uncoded: Vec<(u32, String)>,
}

impl NumberedGroups {
    /// The numbers of all groups, in no meaningful order.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> {
        let indexes = |shard: &Vec<GroupKey>| 0..u32::try_from(shard.len()).unwrap_or(u32::MAX);
        let shards = (0_u32..).zip(&self.shards);
        shards.flat_map(move |(shard, keys)| {
            indexes(keys).map(move |index| shard << INDEX_BITS | index)
        })
    }

    /// The group of a number.
    pub(super) fn get(&self, number: u32) -> KeyedGroup<'_> {
        self.shards[shard_of(number)][index_of(number)].group(&self.uncoded)
    }

    /// A place for each group, not known yet.
    pub(super) fn places(&self) -> GroupPlaces {
        let places = |keys: &Vec<GroupKey>| keys.iter().map(|_| AtomicU32::new(UNKNOWN)).collect();
        GroupPlaces(self.shards.iter().map(places).collect())
    }
}

/// The place of each group in the order of a plan, by the number of the group. Threads set the places
/// of different groups at the same time.
#[derive(Debug)]
pub(super) struct GroupPlaces(Vec<Vec<AtomicU32>>);

/// More than there are places.
const UNKNOWN: u32 = u32::MAX;

impl GroupPlaces {
    /// The place of a group.
    pub(super) fn get(&self, number: u32) -> u32 {
        self.of(number).load(Ordering::Relaxed)
    }

    /// Sets the place of a group; true if it had none.
    pub(super) fn set(&self, number: u32, place: u32) -> bool {
        // Relaxed is enough: the threads that set places are joined before any place is read.
        self.of(number).swap(place, Ordering::Relaxed) == UNKNOWN
    }

    fn of(&self, number: u32) -> &AtomicU32 {
        &self.0[shard_of(number)][index_of(number)]
    }
}

const fn shard_of(number: u32) -> usize {
    (number >> INDEX_BITS) as usize
}

const fn index_of(number: u32) -> usize {
    (number & NUMBER) as usize
}

/// Sorts the indexes of `hashes` by shard into `order`; where each shard ends.
fn by_shard(hashes: &[u64], order: &mut Vec<u32>) -> [usize; SHARDS] {
    #[expect(clippy::cast_possible_truncation, reason = "six bits are left")]
    let shard = |hash: u64| (hash >> (u64::BITS - SHARDS.trailing_zeros())) as usize;
    let mut next = [0; SHARDS];
    for hash in hashes {
        next[shard(*hash)] += 1;
    }
    let mut start = 0;
    for count in &mut next {
        start += std::mem::replace(count, start);
    }
    order.clear();
    order.resize(hashes.len(), 0);
    for (hash, at) in hashes.iter().zip(0..) {
        let next = &mut next[shard(*hash)];
        order[*next] = at;
        *next += 1;
    }
    next
}

/// The value that a mutex guards. A poisoned mutex is used all the same, because a thread that
/// panicked ends the command.
pub(super) fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
