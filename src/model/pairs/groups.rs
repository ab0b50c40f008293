//! The groups of a plan: lanes once, ids in one buffer.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;

use crate::model::{BadValue, GroupId, GroupIx, GroupRef, LaneKey};

/// Every group that some row names, sorted and distinct; a [`GroupIx`] is a place here.
///
/// A group costs its id and 2 bytes: a manifest names millions of them, in some thousand lanes.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Groups {
    lanes: Vec<LaneKey>,
    /// Where the groups of each lane end.
    lane_ends: Vec<u32>,
    ids: String,
    /// Where the first id of each block begins.
    blocks: Vec<usize>,
    /// Where each id ends in its block.
    id_ends: Vec<u16>,
}

/// What a group that is refused was expected to be.
const IN_ORDER: &str = "a group that comes after the one before it";

/// The ids of one lane, sorted and distinct: gathered apart, so that lanes may be in parallel.
#[derive(Clone, Debug, Default)]
pub struct LaneIds {
    text: String,
    /// Where each id ends.
    ends: Vec<usize>,
}

impl LaneIds {
    /// Adds an id, which must come after all others.
    pub fn push(&mut self, id: &str) -> Result<(), BadValue> {
        let mut last = self.ends.iter().rev();
        if let Some(end) = last.next() {
            let start = last.next().copied().unwrap_or_default();
            if id <= &self.text[start..*end] {
                return Err(BadValue::new(id, IN_ORDER));
            }
        }
        self.text.push_str(id);
        self.ends.push(self.text.len());
        Ok(())
    }
}

/// Ids in a block; with ids of 256 bytes each it has less than 2^16 bytes.
const BLOCK: usize = 128;

impl Groups {
    /// Adds a group, which must come after all others in [`GroupRef`] order and have a number. After
    /// an error the groups are not to be used.
    pub fn push(&mut self, lane: &LaneKey, id: &str) -> Result<(), BadValue> {
        match self.lanes.last().map_or(Ordering::Greater, |last| lane.cmp(last)) {
            Ordering::Greater => self.lanes.push(lane.clone()),
            Ordering::Equal if self.last_id().is_some_and(|last| last < id) => {
                self.lane_ends.pop();
            }
            _ => return Err(refused(lane, id, IN_ORDER)),
        }
        let start = self.ids.len();
        self.ids.push_str(id);
        self.end_id(start, start + id.len()).map_err(|expected| refused(lane, id, expected))?;
        self.end_lane()
    }

    /// Adds a lane, which must come after all others, with its groups, if it has any. After an error
    /// the groups are not to be used.
    pub fn push_lane(&mut self, lane: &LaneKey, ids: &LaneIds) -> Result<(), BadValue> {
        if self.lanes.last().is_some_and(|last| lane <= last) {
            return Err(BadValue::new(&lane.to_string(), IN_ORDER));
        }
        let before = self.ids.len();
        self.ids.push_str(&ids.text);
        let mut start = before;
        for end in &ids.ends {
            let end = before + end;
            let id = &ids.text[start - before..end - before];
            self.end_id(start, end).map_err(|expected| refused(lane, id, expected))?;
            start = end;
        }
        if !ids.ends.is_empty() {
            self.lanes.push(lane.clone());
            self.end_lane()?;
        }
        Ok(())
    }

    /// Notes where the id ends that begins at `start`; what was expected, if it is too long.
    fn end_id(&mut self, start: usize, end: usize) -> Result<(), &'static str> {
        if self.id_ends.len().is_multiple_of(BLOCK) {
            self.blocks.push(start);
        }
        let block = self.blocks.last().copied().unwrap_or_default();
        self.id_ends.push(u16::try_from(end - block).map_err(|_| "an id of at most 256 bytes")?);
        Ok(())
    }

    fn end_lane(&mut self) -> Result<(), BadValue> {
        let end = u32::try_from(self.id_ends.len());
        let count =
            || BadValue::new(&self.id_ends.len().to_string(), "fewer groups: split the manifest");
        self.lane_ends.push(end.map_err(|_| count())?);
        Ok(())
    }

    fn last_id(&self) -> Option<&str> {
        self.id_ends.len().checked_sub(1).map(|at| self.id_at(at))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.id_ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.id_ends.is_empty()
    }

    /// The id of a group.
    ///
    /// # Panics
    /// If `ix` is of another set.
    pub fn id(&self, ix: GroupIx) -> &str {
        self.id_at(ix.0 as usize)
    }

    /// The lane of a group.
    ///
    /// # Panics
    /// If `ix` is of another set.
    pub fn lane(&self, ix: GroupIx) -> &LaneKey {
        &self.lanes[self.lane_ends.partition_point(|end| *end <= ix.0)]
    }

    /// A group, spelled out.
    ///
    /// # Panics
    /// If `ix` is of another set.
    pub fn get(&self, ix: GroupIx) -> GroupRef {
        spelled(self.lane(ix), self.id(ix))
    }

    /// Every lane with its groups, in order.
    pub fn lanes(&self) -> impl Iterator<Item = (&LaneKey, Range<u32>)> {
        let starts = std::iter::once(0).chain(self.lane_ends.iter().copied());
        let ranges = starts.zip(&self.lane_ends).map(|(start, end)| start..*end);
        self.lanes.iter().zip(ranges)
    }

    /// Every group, spelled out, in order.
    pub fn iter(&self) -> impl Iterator<Item = GroupRef> {
        self.lanes()
            .flat_map(move |(lane, range)| range.map(move |ix| spelled(lane, self.id(GroupIx(ix)))))
    }

    /// The place of a group.
    pub fn find(&self, group: &GroupRef) -> Option<GroupIx> {
        let (_, range) = self.lanes().find(|(lane, _)| **lane == group.lane())?;
        let (mut low, mut high) = (range.start, range.end);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.id(GroupIx(middle)).cmp(group.group.as_str()) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return Some(GroupIx(middle)),
                Ordering::Greater => high = middle,
            }
        }
        None
    }

    fn id_at(&self, at: usize) -> &str {
        let block = self.blocks[at / BLOCK];
        let start = if at.is_multiple_of(BLOCK) { 0 } else { usize::from(self.id_ends[at - 1]) };
        &self.ids[block + start..block + usize::from(self.id_ends[at])]
    }
}

fn refused(lane: &LaneKey, id: &str, expected: &'static str) -> BadValue {
    BadValue::new(&format!("{lane} {id}"), expected)
}

fn spelled(lane: &LaneKey, id: &str) -> GroupRef {
    GroupRef {
        cloud: lane.cloud,
        account: lane.account.clone(),
        region: lane.region.clone(),
        group: GroupId::from(id),
    }
}

impl fmt::Debug for Groups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|group| group.to_string())).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Provider;

    fn lane(account: &str) -> LaneKey {
        LaneKey { cloud: Provider::Aws, account: account.into(), region: "us-east-1".into() }
    }

    fn groups() -> Groups {
        let mut groups = Groups::default();
        for (account, id) in [("1", "sg-b"), ("1", "sg-c"), ("2", "sg-a")] {
            groups.push(&lane(account), id).expect("sorted");
        }
        groups
    }

    #[test]
    fn every_group_is_found_where_it_is() {
        let groups = groups();
        let told: Vec<String> = groups.iter().map(|group| group.to_string()).collect();
        assert_eq!(told, ["aws 1 us-east-1 sg-b", "aws 1 us-east-1 sg-c", "aws 2 us-east-1 sg-a"]);
        for ix in (0..3).map(GroupIx) {
            assert_eq!(groups.find(&groups.get(ix)), Some(ix));
        }
        assert_eq!(groups.find(&GroupRef { group: "sg-a".into(), ..groups.get(GroupIx(0)) }), None);
        let lanes: Vec<_> = groups.lanes().map(|(key, range)| (key.clone(), range)).collect();
        assert_eq!(lanes, [(lane("1"), 0..2), (lane("2"), 2..3)]);
    }

    #[test]
    fn ids_of_many_blocks_are_told_apart() {
        let mut groups = Groups::default();
        let ids: Vec<String> =
            (0..1000).map(|n| format!("sg-{n:04}{}", "x".repeat(n % 240))).collect();
        for id in &ids {
            groups.push(&lane("1"), id).expect("sorted");
        }
        assert!(ids.iter().zip(0..).all(|(id, ix)| groups.id(GroupIx(ix)) == id));
    }

    #[test]
    fn a_group_out_of_order_is_refused() {
        for (account, id) in [("2", "sg-a"), ("1", "sg-d")] {
            assert!(groups().push(&lane(account), id).is_err(), "{account} {id}");
        }
        assert!(groups().push(&lane("2"), "sg-b").is_ok());
    }

    #[test]
    fn lanes_that_are_pushed_whole_make_the_same_groups_and_keep_their_order() {
        let ids = |ids: &[&str]| {
            let mut of_lane = LaneIds::default();
            ids.iter().try_for_each(|id| of_lane.push(id)).map(|()| of_lane)
        };
        let (first, second) =
            (ids(&["sg-b", "sg-c"]).expect("sorted"), ids(&["sg-a"]).expect("one"));
        let mut whole = Groups::default();
        for (account, ids) in [("1", &first), ("1a", &LaneIds::default()), ("2", &second)] {
            whole.push_lane(&lane(account), ids).expect("sorted");
        }
        assert_eq!(whole, groups());
        let error = whole.push_lane(&lane("1"), &first).expect_err("lane 2 is there").to_string();
        assert!(error.contains(IN_ORDER), "{error}");
        assert!(ids(&["sg-b", "sg-b"]).is_err() && ids(&["sg-b", "sg-a"]).is_err());
    }
}
