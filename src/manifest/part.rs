//! One piece of a manifest → its rows, checked; pieces are parsed in parallel.

use std::borrow::Cow;
use std::collections::HashMap;

use memchr::memchr_iter;

use super::chunk::Piece;
use super::column::Layout;
use super::row::{self, Faults, Texts};
use super::split::{Cell, Split, first_line, split};
use super::{Column, Fault, Rules, filter};
use crate::model::{Filter, Provider};

/// A group of a row: a lane of the part, and the group's id.
pub(super) type PartGroup<'a> = (u32, &'a str);

/// A good row.
#[derive(Debug)]
pub(super) struct PartRow<'a> {
    /// One end.
    pub(super) a: PartGroup<'a>,
    /// The other end.
    pub(super) b: PartGroup<'a>,
    /// Index into the part's filters.
    pub(super) filter: usize,
    /// Line in the piece, 1-based.
    pub(super) line: u32,
}

/// What a piece holds. Texts are slices of it: nothing is copied before it is known to be new.
#[derive(Debug)]
pub(super) struct Part<'a> {
    /// Distinct `(cloud, account, region)`.
    pub(super) lanes: Vec<(Provider, &'a str, &'a str)>,
    /// Distinct filters.
    pub(super) filters: Vec<Filter>,
    /// Good rows, in order.
    pub(super) rows: Vec<PartRow<'a>>,
    /// Notes of good rows, by line.
    pub(super) notes: Vec<(u32, Cow<'a, str>)>,
    /// What is wrong with the other rows: line, column, fault.
    pub(super) errors: Vec<(u32, String, Fault)>,
    /// Rows, good and bad.
    pub(super) rows_read: u64,
    /// Lines up to the end, or to the open record.
    pub(super) lines: u32,
    /// Where a record begins that goes on beyond the piece.
    pub(super) open: Option<usize>,
}

/// Reads the rows of `piece`, which begins with a record.
pub(super) fn read<'a>(piece: &'a Piece, layout: &Layout, rules: &Rules) -> Part<'a> {
    let mut reader = PartReader {
        layout,
        rules,
        lanes: HashMap::new(),
        filters: HashMap::new(),
        last_cells: (Provider::Alibaba, [""; 7], 0),
        part: Part {
            lanes: Vec::new(),
            filters: vec![Filter::default()],
            rows: Vec::new(),
            notes: Vec::new(),
            errors: Vec::new(),
            rows_read: 0,
            lines: 0,
            open: None,
        },
    };
    reader.records(&piece.bytes, piece.last);
    reader.part
}

struct PartReader<'a, 'r> {
    layout: &'r Layout,
    rules: &'r Rules,
    lanes: HashMap<(Provider, &'a str, &'a str), u32>,
    filters: HashMap<(Provider, filter::Cells<'a>), usize>,
    /// The narrowing cells of the last row and their filter: neighbours are often equal.
    last_cells: (Provider, filter::Cells<'a>, usize),
    part: Part<'a>,
}

impl<'a> PartReader<'a, '_> {
    fn records(&mut self, bytes: &'a [u8], last: bool) {
        let note = self.layout.cell(Column::Note);
        let mut cells = Vec::with_capacity(self.layout.width());
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            let line = self.part.lines + 1;
            let length = match split(rest, last, note, &mut cells) {
                Split::Whole(length) => {
                    self.record(&cells, line);
                    length
                }
                Split::Open => {
                    self.part.open = Some(at);
                    return;
                }
                // Only this line is given up: what the quote swallowed may be good rows.
                Split::Broken(cell, fault) => {
                    self.part.rows_read += 1;
                    self.part.errors.push((line, self.layout.title(cell), fault));
                    first_line(rest).1
                }
            };
            self.part.lines += count_lines(&rest[..length]);
            at += length;
        }
    }

    fn record(&mut self, cells: &[Cell<'a>], line: u32) {
        if let [cell] = cells
            && !cell.quoted
            && cell.bytes.trim_ascii().is_empty()
        {
            return;
        }
        self.part.rows_read += 1;
        if cells.len() != self.layout.width() {
            let (title, fault) = self.miscounted(cells);
            self.part.errors.push((line, title, fault));
            return;
        }
        let mut faults = Faults::default();
        let texts = Texts::read(cells, self.layout, &mut faults);
        self.row(&texts, line, &mut faults);
        let found = faults.in_order_of(self.layout).into_iter();
        self.part.errors.extend(found.map(|(column, fault)| (line, column.name().into(), fault)));
    }

    fn miscounted(&self, cells: &[Cell<'_>]) -> (String, Fault) {
        let (found, expected) = (cells.len(), self.layout.width());
        let hint = if found > expected { " (a cell with a comma needs quotes)" } else { "" };
        (self.layout.title(found.min(expected)), Fault::CellCount { found, expected, hint })
    }

    /// Checks a row and keeps it if it is good.
    fn row(&mut self, texts: &Texts<'a>, line: u32, faults: &mut Faults) {
        let Some(cloud) = row::check(texts, self.rules, faults) else { return };
        let filter = self.filter(cloud, texts, faults);
        if !faults.is_empty() {
            return;
        }
        let region = texts.of(Column::Region);
        let a = (self.lane(cloud, texts.of(Column::AccountA), region), texts.of(Column::GroupA));
        let b = (self.lane(cloud, texts.of(Column::AccountB), region), texts.of(Column::GroupB));
        self.part.rows.push(PartRow { a, b, filter, line });
        if !texts.note.is_empty() {
            self.part.notes.push((line, texts.note.clone()));
        }
    }

    fn lane(&mut self, cloud: Provider, account: &'a str, region: &'a str) -> u32 {
        let next = u32::try_from(self.lanes.len()).unwrap_or(u32::MAX);
        let lane = *self.lanes.entry((cloud, account, region)).or_insert(next);
        if lane == next {
            self.part.lanes.push((cloud, account, region));
        }
        lane
    }

    /// The filter of a row: its index in the part.
    fn filter(&mut self, cloud: Provider, texts: &Texts<'a>, faults: &mut Faults) -> usize {
        let cells = Column::NARROWING.map(|column| texts.of(column));
        if cells == [""; 7] {
            return 0;
        }
        if (cloud, cells) == (self.last_cells.0, self.last_cells.1) {
            return self.last_cells.2;
        }
        if let Some(known) = self.filters.get(&(cloud, cells)) {
            return *known;
        }
        let mut found = Vec::new();
        let filter = filter::read(&cells, cloud, &mut found);
        if !found.is_empty() {
            for (column, fault) in found {
                faults.add(column, fault);
            }
            return 0;
        }
        let at = self.part.filters.len();
        self.part.filters.push(filter);
        self.filters.insert((cloud, cells), at);
        self.last_cells = (cloud, cells, at);
        at
    }
}

/// Lines of whole records, the last of which may lack its end.
pub(super) fn count_lines(bytes: &[u8]) -> u32 {
    let ends = memchr_iter(b'\n', bytes).count();
    let unended = usize::from(!bytes.is_empty() && !bytes.ends_with(b"\n"));
    u32::try_from(ends + unended).unwrap_or(u32::MAX)
}
