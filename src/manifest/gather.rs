//! Gathers what the parts of all manifests hold, in order: rows, errors and notes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::error_limit::ErrorLimit;
use super::part::Part;
use super::{Fault, RowError};
use crate::model::{Draft, RowText, Source};

/// Line numbers of a command stay below this, so that no more groups are named than can be numbered.
const MAX_LINES: u32 = 1 << 30;

/// Filters of a command: as many as a [`crate::model::Row`] can number.
const MAX_FILTERS: u32 = u16::MAX as u32;

/// What was gathered so far.
#[derive(Debug, Default)]
pub(super) struct Gather {
    pub(super) sources: Vec<Source>,
    pub(super) errors: Vec<RowError>,
    /// Rows, headers and files with errors.
    pub(super) bad: u64,
    pub(super) rows_read: u64,
    /// The good rows. Their filters are indexes into `filters`.
    pub(super) drafts: Vec<Draft>,
    /// The shared numbers of the filters that rows ask for, in the order of the rows.
    pub(super) filters: Vec<u32>,
    pub(super) notes: BTreeMap<u32, RowText>,
    /// Whether the table may hold a group that no kept row names.
    pub(super) has_strays: bool,
    /// The index of each filter in `filters`.
    places: BTreeMap<u32, u32>,
    /// The source that is being read.
    file: Option<Arc<str>>,
    /// What is wrong with it.
    limit: ErrorLimit,
    /// Lines before the next part, in all sources.
    lines: u32,
}

impl Gather {
    /// Begins a source.
    pub(super) fn source(&mut self, name: String) {
        self.file = Some(Arc::from(name.as_str()));
        self.limit = ErrorLimit::default();
        self.sources.push(Source { name, first_line: self.lines, digest: None });
    }

    /// Ends the source, whose bytes have this digest.
    pub(super) fn ends_with(&mut self, digest: Option<String>) {
        if let Some(source) = self.sources.last_mut() {
            source.digest = digest;
        }
    }

    /// Counts lines that hold no rows: blank ones and the header.
    pub(super) fn skip_lines(&mut self, lines: u32) {
        self.lines = self.lines.saturating_add(lines);
    }

    /// Lines of the current source so far.
    pub(super) fn lines_of_source(&self) -> u32 {
        self.lines - self.sources.last().map_or(0, |source| source.first_line)
    }

    /// Records what is wrong at `line` of the current source; lines come in order.
    pub(super) fn error(&mut self, line: u32, column: impl Into<Cow<'static, str>>, fault: Fault) {
        let file = self.file.clone().unwrap_or_else(|| Arc::from(""));
        let is_new = self.limit.add(&mut self.errors, (&file, line), column.into(), fault);
        self.bad += u64::from(is_new);
    }

    /// Adds the next part of the current source; fails when line numbers run out.
    pub(super) fn part(&mut self, mut part: Part) -> Result<(), Fault> {
        let before = self.lines;
        let in_source = self.lines_of_source();
        if part.lines > MAX_LINES.saturating_sub(before) {
            self.has_strays = true;
            return Err(Fault::TooManyLines(MAX_LINES));
        }
        self.rows_read += part.rows_read;
        if self.number_filters(&mut part.rows) {
            self.refuse_unnumbered(&mut part);
            part.errors.sort_by_key(|(line, ..)| *line);
        }
        for (line, column, fault) in part.errors {
            self.error(in_source + line, column, fault);
        }
        part.rows.move_lines(before);
        if !part.rows.is_empty() {
            self.drafts.push(part.rows);
        }
        self.notes.extend(part.notes.into_iter().map(|(line, note)| (before + line, note)));
        self.lines += part.lines;
        Ok(())
    }

    /// Replaces the shared numbers of filters by indexes into `filters`. True if there are more filters
    /// than indexes.
    fn number_filters(&mut self, rows: &mut Draft) -> bool {
        let mut ran_out = false;
        for (filter, at) in rows.filters_mut().iter_mut().zip(0..) {
            // A number above the last index marks a row that is refused later.
            *filter = self.place(*filter).unwrap_or(MAX_FILTERS + at);
            ran_out |= *filter >= MAX_FILTERS;
        }
        ran_out
    }

    fn place(&mut self, filter: u32) -> Option<u32> {
        if let Some(place) = self.places.get(&filter) {
            return Some(*place);
        }
        let place = u32::try_from(self.filters.len()).ok().filter(|place| *place < MAX_FILTERS)?;
        self.places.insert(filter, place);
        self.filters.push(filter);
        Some(place)
    }

    /// Leaves out the rows whose filter has no number, each with an error.
    fn refuse_unnumbered(&mut self, part: &mut Part) {
        let mut kept = Draft::with_capacity(part.rows.len());
        for (ends, filter, line) in part.rows.iter() {
            if filter >= MAX_FILTERS {
                let fault = Fault::TooManyFilters(MAX_FILTERS as usize);
                part.errors.push((line, "row".into(), fault));
            } else {
                kept.push(ends, filter, line);
            }
        }
        self.has_strays = true;
        part.rows = kept;
    }
}
