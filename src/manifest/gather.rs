//! The parts of all manifests → one set of pairs, each group and lane stored once.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::part::{Part, PartGroup};
use super::{Fault, Parsed, RowError, Rules};
use crate::model::{
    AccountId, Filter, GroupId, GroupIx, GroupRef, LaneKey, PairSet, Provider, RegionId, Row,
    Source,
};

/// Line numbers of a command stay below this, so that twice as many groups can be numbered.
pub(super) const MAX_LINES: u32 = u32::MAX / 2;

/// Filters of a command: as many as a [`Row`] can number.
pub(super) const MAX_FILTERS: usize = u16::MAX as usize;

/// Collects what the parts hold.
#[derive(Debug)]
pub(super) struct Gather<'r> {
    rules: &'r Rules,
    sources: Vec<Source>,
    errors: Vec<RowError>,
    rows_read: u64,
    lanes: HashMap<LaneKey, usize>,
    /// The groups of each lane, by id.
    lane_groups: Vec<(LaneKey, HashMap<GroupId, u32>)>,
    groups: Vec<GroupRef>,
    filters: HashMap<Filter, u16>,
    rows: Vec<Row>,
    notes: BTreeMap<u32, String>,
    /// The source that is being read.
    file: Arc<str>,
    /// Lines before the next part, in all sources.
    lines: u32,
}

impl<'r> Gather<'r> {
    /// Nothing yet.
    pub(super) fn new(rules: &'r Rules) -> Self {
        Self {
            rules,
            sources: Vec::new(),
            errors: Vec::new(),
            rows_read: 0,
            lanes: HashMap::new(),
            lane_groups: Vec::new(),
            groups: Vec::new(),
            filters: HashMap::new(),
            rows: Vec::new(),
            notes: BTreeMap::new(),
            file: Arc::from(""),
            lines: 0,
        }
    }

    /// Begins a source.
    pub(super) fn source(&mut self, name: String) {
        self.file = Arc::from(name.as_str());
        self.sources.push(Source { name, first_line: self.lines });
    }

    /// Counts lines that hold no rows: blank ones and the header.
    pub(super) fn skip_lines(&mut self, lines: u32) {
        self.lines = self.lines.saturating_add(lines);
    }

    /// Lines of the current source so far.
    pub(super) fn lines_of_source(&self) -> u32 {
        self.lines - self.sources.last().map_or(0, |source| source.first_line)
    }

    /// Records what is wrong at `line` of the current source.
    pub(super) fn error(&mut self, line: u32, column: impl Into<Cow<'static, str>>, fault: Fault) {
        self.errors.push(RowError {
            file: Arc::clone(&self.file),
            line,
            column: column.into(),
            fault,
        });
    }

    /// Adds the next part of the current source; fails when line numbers run out.
    pub(super) fn part(&mut self, part: Part<'_>) -> Result<(), Fault> {
        let before = self.lines;
        let in_source = self.lines_of_source();
        if part.lines > MAX_LINES.saturating_sub(before) {
            return Err(Fault::TooManyLines(MAX_LINES));
        }
        self.rows_read += part.rows_read;
        let first_error = self.errors.len();
        let lanes: Vec<usize> = part.lanes.iter().map(|lane| self.lane(*lane)).collect();
        let mut filters = vec![None; part.filters.len()];
        for row in part.rows {
            let known = &mut filters[row.filter];
            if known.is_none() {
                *known = self.filter(&part.filters[row.filter]);
            }
            let Some(filter) = *known else {
                self.error(in_source + row.line, "row", Fault::TooManyFilters(MAX_FILTERS));
                continue;
            };
            let (a, b) = (self.group(&lanes, row.a), self.group(&lanes, row.b));
            self.rows.push(Row { a, b, filter, line: before + row.line });
        }
        for (line, column, fault) in part.errors {
            self.error(in_source + line, column, fault);
        }
        self.errors[first_error..].sort_by_key(|error| error.line);
        let notes = part.notes.into_iter().map(|(line, note)| (before + line, note.into_owned()));
        self.notes.extend(notes);
        self.lines += part.lines;
        Ok(())
    }

    /// Everything that was gathered.
    pub(super) fn finish(self) -> Parsed {
        let mut filters: Vec<(Filter, u16)> = self.filters.into_iter().collect();
        filters.sort_unstable_by_key(|(_, at)| *at);
        let filters = filters.into_iter().map(|(filter, _)| filter).collect();
        drop((self.lanes, self.lane_groups));
        let pairs =
            PairSet::from_indexed(self.sources, self.groups, filters, self.rows, self.notes);
        Parsed { pairs, errors: self.errors, rows_read: self.rows_read }
    }

    fn lane(&mut self, (cloud, account, region): (Provider, &str, &str)) -> usize {
        let account = match self.rules.names.get(&(cloud, account.to_owned())) {
            Some(id) => id.clone(),
            None => AccountId::from(account),
        };
        let key = LaneKey { cloud, account, region: RegionId::from(region) };
        if let Some(lane) = self.lanes.get(&key) {
            return *lane;
        }
        let lane = self.lane_groups.len();
        self.lanes.insert(key.clone(), lane);
        self.lane_groups.push((key, HashMap::new()));
        lane
    }

    /// The number of a filter; `None` once all numbers are taken.
    fn filter(&mut self, filter: &Filter) -> Option<u16> {
        if let Some(known) = self.filters.get(filter) {
            return Some(*known);
        }
        let next =
            u16::try_from(self.filters.len()).ok().filter(|n| usize::from(*n) < MAX_FILTERS)?;
        self.filters.insert(filter.clone(), next);
        Some(next)
    }

    fn group(&mut self, lanes: &[usize], (lane, id): PartGroup<'_>) -> GroupIx {
        let (key, known) = &mut self.lane_groups[lanes[lane as usize]];
        if let Some(at) = known.get(id) {
            return GroupIx(*at);
        }
        let id = GroupId::from(id);
        let at = u32::try_from(self.groups.len()).unwrap_or(u32::MAX);
        self.groups.push(GroupRef {
            cloud: key.cloud,
            account: key.account.clone(),
            region: key.region.clone(),
            group: id.clone(),
        });
        known.insert(id, at);
        GroupIx(at)
    }
}
