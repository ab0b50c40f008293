//! The pairs themselves, how they are built from rows, and their digest.

use std::collections::{BTreeMap, BTreeSet};

use super::numbering::Numbering;
use super::{BothEnds, Draft, Groups, Row, Rows, Source};
use crate::model::{BadValue, Digest, Filter, GroupIx, GroupRef, Hasher, LaneKey, RowText};

/// The distinct pairs of all manifests of a command.
///
/// `groups` is sorted and distinct; `rows` is sorted by `(a, b, filter)` and distinct in that
/// key, the lowest line of equal rows standing for all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PairSet {
    /// Where rows came from.
    pub sources: Vec<Source>,
    /// Every group that a row names, sorted; a [`GroupIx`] is an index here.
    pub groups: Groups,
    /// Every distinct filter.
    pub filters: Vec<Filter>,
    /// Every distinct row.
    pub rows: Rows,
    /// The free text of a row that has any, by line.
    pub notes: BTreeMap<u32, RowText>,
    /// `(dropped line, kept line)` of every row that repeats or mirrors another.
    pub duplicates: Vec<(u32, u32)>,
}

impl PairSet {
    /// Builds the set: sorts and de-duplicates groups, drops repeated and mirrored rows.
    ///
    /// `rows` holds `(one end, other end, filter, line)` in any order.
    pub fn build(
        sources: Vec<Source>,
        rows: &[(GroupRef, GroupRef, Filter, u32)],
        notes: BTreeMap<u32, RowText>,
    ) -> Result<Self, BadValue> {
        let mut filters: Vec<Filter> = rows.iter().map(|row| row.2.clone()).collect();
        filters.sort_unstable();
        filters.dedup();
        if filters.len() > usize::from(u16::MAX) {
            return Err(BadValue::new(
                &filters.len().to_string(),
                "at most 65535 different narrowings in one command: split the manifest",
            ));
        }
        let named = rows.iter().flat_map(|(a, b, ..)| [a, b]);
        let named: Vec<(LaneKey, &str)> =
            named.map(|group| (group.lane(), group.group.as_str())).collect();
        let (groups, places) = sorted_groups(&named);
        let mut draft = Draft::with_capacity(rows.len());
        for ((_, _, filter, line), ends) in rows.iter().zip((0..).step_by(2)) {
            let at = filters.binary_search(filter).unwrap_or_default();
            draft.push([ends, ends + 1], u32::try_from(at).unwrap_or(u32::MAX), *line);
        }
        let place = |at: u32| places[at as usize];
        Ok(Self::assemble(sources, groups, place, filters, vec![draft], notes))
    }

    /// Builds the set from drafts whose rows name groups by numbers of any kind, of which `place`
    /// tells the place in `groups`, and filters by their index in `filters`, which are distinct.
    pub fn assemble(
        sources: Vec<Source>,
        groups: Groups,
        place: impl Fn(u32) -> u32 + Sync,
        filters: Vec<Filter>,
        drafts: Vec<Draft>,
        notes: BTreeMap<u32, RowText>,
    ) -> Self {
        let (filters, filter_places) = sort_indexed(filters);
        let numbering = Numbering { group: place, groups: groups.len(), filter: &filter_places };
        let (rows, duplicates) = Rows::build(drafts, &numbering);
        Self { sources, groups, filters, rows, notes, duplicates }
    }

    /// The rows that `stays` says, with the lanes of their groups replaced by what `moved` says.
    /// Rows that come to be equal by it collapse.
    #[must_use]
    pub fn revised(
        self,
        stays: impl Fn(&Row) -> bool,
        moved: impl Fn(&LaneKey) -> Option<LaneKey>,
    ) -> Self {
        let mut draft = Draft::default();
        let mut used = vec![false; self.groups.len()];
        let mut gone = BTreeSet::new();
        for row in self.rows.iter() {
            if stays(&row) {
                draft.push([row.a.0, row.b.0], row.filter.into(), row.line);
                for end in [row.a, row.b] {
                    used[end.0 as usize] = true;
                }
            } else {
                gone.insert(row.line);
            }
        }
        let mut named = Vec::new();
        let mut number = vec![0; used.len()];
        for (lane, range) in self.groups.lanes() {
            let lane = moved(lane).unwrap_or_else(|| lane.clone());
            for ix in range.filter(|ix| used[*ix as usize]) {
                number[ix as usize] = named.len();
                named.push((lane.clone(), self.groups.id(GroupIx(ix))));
            }
        }
        let (groups, places) = sorted_groups(&named);
        let place = |ix: u32| places[number[ix as usize]];
        let filters = self.filters.clone();
        let mut set = Self::assemble(self.sources, groups, place, filters, vec![draft], self.notes);
        let collapsed: BTreeMap<u32, u32> = set.duplicates.iter().copied().collect();
        let former = self.duplicates.into_iter().filter(|(_, kept)| !gone.contains(kept));
        let former = former.map(|(line, kept)| (line, *collapsed.get(&kept).unwrap_or(&kept)));
        set.duplicates.extend(former);
        set.duplicates.sort_unstable();
        set
    }

    /// A group, spelled out.
    ///
    /// # Panics
    /// If `ix` is of another set.
    pub fn group(&self, ix: GroupIx) -> GroupRef {
        self.groups.get(ix)
    }

    /// Every row under both its groups, those of some groups at a time.
    pub fn both_ends(&self) -> BothEnds<'_> {
        BothEnds::new(&self.rows, self.groups.len())
    }

    /// How many distinct pairs there are; rows that narrow the same pair count once.
    pub fn pair_count(&self) -> usize {
        let (mut count, mut last) = (0, None);
        self.rows.iter().for_each(|row| {
            count += usize::from(last.replace((row.a, row.b)) != Some((row.a, row.b)));
        });
        count
    }

    /// `FILE:LINE` of a line in the whole input.
    pub fn locate(&self, line: u32) -> String {
        let at = self.sources.partition_point(|source| source.first_line < line);
        match at.checked_sub(1).and_then(|at| self.sources.get(at)) {
            Some(source) => format!("{}:{}", source.name, line - source.first_line),
            None => format!("line {line}"),
        }
    }

    /// The digest of what the manifests ask for: pairs and narrowings, not bytes or order.
    ///
    /// Each group and each narrowing is spelled out once, in order; a row is three numbers.
    pub fn content_digest(&self) -> Digest {
        let mut hasher = Hasher::new("unpair pairs 2");
        self.hash_groups(&mut hasher);
        let places = self.hash_filters(&mut hasher);
        hasher.field(&self.rows.len().to_string());
        let mut block = Vec::with_capacity(HASHED);
        self.rows.iter().for_each(|row| {
            let mut numbers = [0; 10];
            numbers[..4].copy_from_slice(&row.a.0.to_be_bytes());
            numbers[4..8].copy_from_slice(&row.b.0.to_be_bytes());
            numbers[8..].copy_from_slice(&places[usize::from(row.filter)].to_be_bytes());
            block.extend_from_slice(&numbers);
            if block.len() >= HASHED {
                hasher.bytes(&block);
                block.clear();
            }
        });
        hasher.bytes(&block);
        hasher.finish()
    }

    fn hash_groups(&self, hasher: &mut Hasher) {
        for (lane, range) in self.groups.lanes() {
            hasher.field(lane.cloud.as_str());
            hasher.field(lane.account.as_str());
            hasher.field(lane.region.as_str());
            hasher.field(&range.len().to_string());
            for ix in range {
                hasher.field(self.groups.id(GroupIx(ix)));
            }
        }
        hasher.field("");
    }

    /// Hashes the narrowings that rows ask for; the place of each filter among them.
    fn hash_filters(&self, hasher: &mut Hasher) -> Vec<u16> {
        let mut used = vec![false; self.filters.len()];
        self.rows.iter().for_each(|row| used[usize::from(row.filter)] = true);
        let texts: Vec<String> = self.filters.iter().map(Filter::canonical).collect();
        let mut distinct: Vec<&String> =
            texts.iter().zip(used).filter(|(_, used)| *used).map(|(text, _)| text).collect();
        distinct.sort_unstable();
        distinct.dedup();
        for text in &distinct {
            hasher.field(text);
        }
        hasher.field("");
        let place = |text| distinct.partition_point(|other| *other < text);
        texts.iter().map(|text| u16::try_from(place(text)).unwrap_or(u16::MAX)).collect()
    }
}

/// Bytes of rows that are hashed at once.
const HASHED: usize = 16_000;

/// The distinct groups of `named`, and the place of each.
fn sorted_groups(named: &[(LaneKey, &str)]) -> (Groups, Vec<u32>) {
    let (sorted, places) = sort_places(named);
    let mut groups = Groups::default();
    let mut at = vec![0; sorted.len()];
    let mut last = None;
    for (place, group) in at.iter_mut().zip(sorted) {
        if last.replace(group) != Some(group) {
            groups.push(&group.0, group.1).expect("sorted, and no more than rows have ends");
        }
        *place = u32::try_from(groups.len() - 1).unwrap_or(u32::MAX);
    }
    (groups, places.into_iter().map(|sorted| at[sorted]).collect())
}

/// Sorts `items`; the second list holds where each of them went.
fn sort_indexed<T: Ord>(items: Vec<T>) -> (Vec<T>, Vec<u16>) {
    let mut numbered: Vec<(T, usize)> = items.into_iter().zip(0..).collect();
    numbered.sort_unstable();
    let mut places = vec![0; numbered.len()];
    for ((_, from), to) in numbered.iter().zip(0..) {
        places[*from] = to;
    }
    (numbered.into_iter().map(|(item, _)| item).collect(), places)
}

/// `items` sorted, and where each of them went.
fn sort_places<T: Ord>(items: &[T]) -> (Vec<&T>, Vec<usize>) {
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by_key(|at| &items[*at]);
    let mut places = vec![0; items.len()];
    for (to, from) in order.iter().enumerate() {
        places[*from] = to;
    }
    (order.iter().map(|at| &items[*at]).collect(), places)
}
