//! Builds the set of pairs from what was gathered. The set is the same whichever thread read what.

use rayon::prelude::*;

use super::Parsed;
use super::code::Code;
use super::gather::Gather;
use super::group_key::KeyedGroup;
use super::intern::{GroupPlaces, NumberedGroups};
use super::shared::Shared;
use crate::model::{Draft, Groups, LaneIds, LaneKey, PairSet};

/// Lanes whose groups are sorted at once. The ids of these lanes are moved into the set before the next
/// lanes are sorted, so that few ids are in memory twice.
const LANES: usize = 64;

/// Builds the set of pairs.
pub(super) fn finish(gather: Gather, shared: Shared<'_>) -> Parsed {
    let (interner, lanes, filters) = shared.into_parts();
    let numbered = interner.into_groups();
    let named = gather.has_strays.then(|| named(&numbered, &gather.drafts));
    let (groups, places) = in_order(&numbered, &lanes, named);
    // The memory of the table is free before that of the pairs is taken.
    drop((numbered, lanes));
    let filters = gather.filters.iter().map(|at| filters[*at as usize].clone()).collect();
    let place = |number| places.get(number);
    let (sources, drafts, notes) = (gather.sources, gather.drafts, gather.notes);
    let pairs = PairSet::assemble(sources, groups, place, filters, drafts, notes);
    Parsed { pairs, errors: gather.errors, bad: gather.bad, rows_read: gather.rows_read }
}

/// The groups that rows name, once each.
fn named(numbered: &NumberedGroups, rows: &[Draft]) -> Vec<u32> {
    let seen = numbered.places();
    let ends = rows.iter().flat_map(|rows| rows.ends().as_flattened());
    ends.copied().filter(|number| seen.set(*number, 0)).collect()
}

/// All groups, or those that are `named`, in the order of a plan; and the place of each.
fn in_order(
    numbered: &NumberedGroups,
    lanes: &[LaneKey],
    named: Option<Vec<u32>>,
) -> (Groups, GroupPlaces) {
    let (numbers, ends) = match named {
        Some(named) => by_lane(numbered, lanes.len(), || named.iter().copied()),
        None => by_lane(numbered, lanes.len(), || numbered.numbers()),
    };
    let of_lane = |lane: usize| &numbers[lane.checked_sub(1).map_or(0, |at| ends[at])..ends[lane]];
    let mut order: Vec<usize> = (0..lanes.len()).collect();
    order.sort_unstable_by_key(|lane| &lanes[*lane]);
    let firsts = order.iter().scan(0, |next, lane| {
        let first = *next;
        *next += u32::try_from(of_lane(*lane).len()).unwrap_or(u32::MAX);
        Some((*lane, first))
    });
    let order: Vec<(usize, u32)> = firsts.collect();
    let (mut groups, places) = (Groups::default(), numbered.places());
    for some in order.chunks(LANES) {
        let ids = some.par_iter().map(|(lane, first)| {
            let sorted = sorted(numbered, of_lane(*lane));
            sorted.numbers.into_iter().zip(*first..).for_each(|(number, place)| {
                places.set(number, place);
            });
            (*lane, sorted.ids)
        });
        for (lane, ids) in ids.collect::<Vec<_>>() {
            let pushed = groups.push_lane(&lanes[lane], &ids);
            pushed.expect("in the order of lanes, and no more than lines can name");
        }
    }
    (groups, places)
}

/// The numbers of groups, lane by lane, and where each lane ends. This is a counting sort, because there
/// are few lanes and many groups.
fn by_lane<I: Iterator<Item = u32>>(
    numbered: &NumberedGroups,
    lanes: usize,
    numbers: impl Fn() -> I,
) -> (Vec<u32>, Vec<usize>) {
    let lane_of = |number| match numbered.get(number) {
        KeyedGroup::Coded(lane, _) | KeyedGroup::Uncoded(lane, _) => lane as usize,
    };
    let mut next = vec![0_usize; lanes];
    numbers().for_each(|number| next[lane_of(number)] += 1);
    let mut start = 0;
    for count in &mut next {
        start += std::mem::replace(count, start);
    }
    let mut sorted = vec![0; start];
    for number in numbers() {
        let next = &mut next[lane_of(number)];
        sorted[*next] = number;
        *next += 1;
    }
    (sorted, next)
}

/// The groups of one lane by id.
#[derive(Default)]
struct SortedLane {
    ids: LaneIds,
    numbers: Vec<u32>,
}

impl SortedLane {
    fn push(&mut self, id: &str, number: u32) {
        self.ids.push(id).expect("distinct and sorted");
        self.numbers.push(number);
    }
}

/// Sorts the groups of one lane by id: by code, if every id has one, which is quicker.
fn sorted(numbered: &NumberedGroups, numbers: &[u32]) -> SortedLane {
    let code = |number: &u32| match numbered.get(*number) {
        KeyedGroup::Coded(_, code) => Some((code, *number)),
        KeyedGroup::Uncoded(..) => None,
    };
    let mut sorted = SortedLane::default();
    if let Some(mut codes) = numbers.iter().map(code).collect::<Option<Vec<(Code, u32)>>>() {
        codes.sort_unstable();
        let mut text = String::new();
        for (code, number) in codes {
            sorted.push(code.spell(&mut text), number);
        }
        return sorted;
    }
    let spell = |number: &u32| match numbered.get(*number) {
        KeyedGroup::Coded(_, code) => (code.spell(&mut String::new()).to_owned(), *number),
        KeyedGroup::Uncoded(_, text) => (text.to_owned(), *number),
    };
    let mut ids: Vec<(String, u32)> = numbers.iter().map(spell).collect();
    ids.sort_unstable();
    for (id, number) in ids {
        sorted.push(&id, number);
    }
    sorted
}
