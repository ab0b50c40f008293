//! Reads the rows of one piece of a manifest and checks them. Pieces are read in parallel.

use std::borrow::Cow;

use memchr::memchr_iter;

use super::column::Layout;
use super::group_key::GroupKey;
use super::intern::Scratch;
use super::known::{KnownCells, RowContext};
use super::options::PlainRows;
use super::pieces::Piece;
use super::quick::QuickReader;
use super::row::{self, Faults, Texts};
use super::shared::Shared;
use super::split::{Cell, Split, first_line, split};
use super::{Column, Fault, cell, filter};
use crate::model::{Draft, Filter, Provider, RowText};

/// Bytes of a short row: memory is reserved for as many rows as a piece could hold of these.
const SHORT_ROW: usize = 80;

/// What a piece holds.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// The good rows, in order. Groups and filters have their shared numbers; lines are counted from the
    /// start of the piece.
    pub(super) rows: Draft,
    /// Notes of good rows, by line.
    pub(super) notes: Vec<(u32, RowText)>,
    /// What is wrong with the other rows: line, column, fault.
    pub(super) errors: Vec<(u32, Cow<'static, str>, Fault)>,
    /// Rows, good and bad.
    pub(super) rows_read: u64,
    /// Lines up to the end, or to the open record.
    pub(super) lines: u32,
    /// Where the record begins that goes on beyond the piece, if one does.
    pub(super) open: Option<usize>,
}

/// Whether a row has as many cells as its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Width {
    Right,
    /// It may be good all the same, if what is beyond the header is empty.
    Wrong,
}

/// What one thread keeps from piece to piece of a manifest.
#[derive(Debug)]
pub(super) struct PartReader<'r> {
    layout: &'r Layout,
    shared: &'r Shared<'r>,
    quick: Option<QuickReader>,
    known: KnownCells,
    /// The groups of the rows of the piece, two each.
    keys: Vec<GroupKey>,
    numbers: Vec<u32>,
    scratch: Scratch,
    part: Part,
}

impl<'r> PartReader<'r> {
    /// A reader of rows of one layout.
    pub(super) fn new(layout: &'r Layout, shared: &'r Shared<'r>, plain: PlainRows) -> Self {
        Self {
            layout,
            shared,
            quick: QuickReader::new(layout).filter(|_| plain == PlainRows::Quick),
            known: KnownCells::new(layout),
            keys: Vec::new(),
            numbers: Vec::new(),
            scratch: Scratch::default(),
            part: Part::default(),
        }
    }

    /// Whether a record may go on beyond its piece. Only a note may hold line ends.
    pub(super) fn may_go_on(&self) -> bool {
        self.layout.has_texts()
    }

    /// Reads the rows of `piece`, which begins with a record.
    pub(super) fn read(&mut self, piece: &Piece) -> Part {
        self.keys.clear();
        self.part.rows = Draft::with_capacity(piece.bytes.len() / SHORT_ROW);
        self.records(&piece.bytes, piece.last);
        self.numbers.resize(self.keys.len(), 0);
        // All groups of a piece are numbered at once, so that each shard of the table is locked once.
        self.shared.groups.number(&self.keys, &mut self.scratch, &mut self.numbers);
        let (ends, _) = self.numbers.as_chunks::<2>();
        self.part.rows.ends_mut().copy_from_slice(ends);
        self.part.rows.close();
        std::mem::take(&mut self.part)
    }

    fn records(&mut self, bytes: &[u8], last: bool) {
        let dialect = self.layout.dialect();
        let mut cells = Vec::with_capacity(self.layout.width());
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            if let Some(length) = self.plain(rest) {
                at += length;
                continue;
            }
            let line = self.part.lines + 1;
            let length = match split(rest, last, dialect, &mut cells) {
                Split::Whole(length) => {
                    self.record(&cells, line);
                    length
                }
                Split::Open => {
                    self.part.open = Some(at);
                    return;
                }
                // The quote may have swallowed good rows, so reading goes on with the next line.
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

    /// Takes a plain row; its length.
    fn plain(&mut self, bytes: &[u8]) -> Option<usize> {
        let row = self.quick.as_mut()?.read(bytes, &self.known)?;
        self.part.rows_read += 1;
        self.part.lines += 1;
        self.push(row.ends, row.filter, self.part.lines);
        Some(row.length)
    }

    /// Keeps a good row; its groups get their numbers together with those of the whole piece.
    fn push(&mut self, ends: [GroupKey; 2], filter: u32, line: u32) {
        self.keys.extend(ends);
        self.part.rows.push([0, 0], filter, line);
    }

    fn record(&mut self, cells: &[Cell<'_>], line: u32) {
        let (row, width) = self.within_header(cells);
        if cells.iter().all(|one| cell::is_blank(one.bytes)) || self.layout.is_header(row) {
            return;
        }
        self.part.rows_read += 1;
        let mut faults = Faults::default();
        if row.len() == self.layout.width() {
            let mut texts = Texts::read(row, self.layout, &mut faults);
            self.row(&mut texts, line, &mut faults);
            if faults.is_empty() {
                return;
            }
        }
        if width == Width::Wrong {
            let (title, fault) = self.miscounted(cells);
            self.part.errors.push((line, title, fault));
            return;
        }
        let found = faults.in_order_of(self.layout).into_iter();
        self.part.errors.extend(found.map(|(column, fault)| (line, column.name().into(), fault)));
    }

    /// The cells of the header's columns, without the empty ones that spreadsheets write after them. All
    /// cells, if a comma in a note may have moved the cells after it.
    fn within_header<'c, 'a>(&self, cells: &'c [Cell<'a>]) -> (&'c [Cell<'a>], Width) {
        let width = self.layout.width();
        let right = if [width, self.layout.whole()].contains(&cells.len()) {
            Width::Right
        } else {
            Width::Wrong
        };
        // A comma in any other cell makes cells that are not valid, which is reported then.
        let is_whole = right == Width::Right
            || self.layout.texts().into_iter().flatten().all(|text| text + 1 == width);
        match cells.split_at_checked(width) {
            Some((row, beyond))
                if is_whole && beyond.iter().all(|one| cell::value(one) == Ok("")) =>
            {
                (row, right)
            }
            _ => (cells, Width::Wrong),
        }
    }

    fn miscounted(&self, cells: &[Cell<'_>]) -> (Cow<'static, str>, Fault) {
        let (found, expected) = (cells.len(), self.layout.width());
        let hint = hint(cells, found > expected, char::from(self.layout.dialect().delimiter));
        (self.layout.title(found.min(expected)), Fault::CellCount { found, expected, hint })
    }

    /// Checks a row and keeps it if it is good.
    fn row(&mut self, texts: &mut Texts<'_>, line: u32, faults: &mut Faults) {
        let Some(cloud) = row::check(texts, self.shared.rules, faults) else { return };
        let filter = read_filter(cloud, texts, faults);
        if !faults.is_empty() {
            return;
        }
        let region = texts.of(Column::Region);
        let lanes = [Column::AccountA, Column::AccountB]
            .map(|account| self.shared.lane(cloud, texts.of(account), region));
        let context = RowContext { cloud, filter: self.shared.filter(&filter) };
        // From now on, rows with the same cells are read quickly.
        self.known.learn(texts, context, lanes);
        let [own, peer] = lanes;
        let ends = [
            self.shared.group(own, texts.of(Column::GroupA)),
            self.shared.group(peer, texts.of(Column::GroupB)),
        ];
        self.push(ends, context.filter, line);
        if !texts.free.is_empty() {
            self.part.notes.push((line, std::mem::take(&mut texts.free)));
        }
    }
}

/// The likely cause of another number of cells than the header has, or nothing.
fn hint(cells: &[Cell<'_>], are_more: bool, delimiter: char) -> Cow<'static, str> {
    const OTHERS: [(char, &str); 7] = [
        (',', "`,`"),
        (';', "`;`"),
        ('\t', "a tab"),
        ('|', "`|`"),
        ('\u{FF0C}', "a full-width comma (U+FF0C)"),
        ('\u{FF1B}', "a full-width semicolon (U+FF1B)"),
        ('\u{3001}', "an ideographic comma (U+3001)"),
    ];
    if are_more {
        return match delimiter {
            ',' => " (a cell with a comma needs quotes)".into(),
            other => format!(" (a cell with `{}` needs quotes)", other.escape_default()).into(),
        };
    }
    let text = |cell: &Cell<'_>| String::from_utf8_lossy(cell.bytes).into_owned();
    let text: String = cells.iter().map(text).collect();
    let other = OTHERS.iter().find(|(c, _)| *c != delimiter && text.contains(*c));
    match other {
        Some((_, name)) => {
            let delimiter = delimiter.escape_default();
            format!(" ({name} is in it, where the header has `{delimiter}`)").into()
        }
        None => " (spreadsheets may leave out empty cells at the end of a row)".into(),
    }
}

/// The filter of a row; what is wrong goes to `faults`.
fn read_filter(cloud: Provider, texts: &Texts<'_>, faults: &mut Faults) -> Filter {
    let mut found = Vec::new();
    let cells = Column::FILTER.map(|column| texts.of(column));
    let filter = filter::read(&cells, cloud, &mut found);
    for (column, fault) in found {
        faults.add(column, fault);
    }
    filter
}

/// Lines of whole records, the last of which may lack its end.
pub(super) fn count_lines(bytes: &[u8]) -> u32 {
    let ends = memchr_iter(b'\n', bytes).count();
    let unended = usize::from(!bytes.is_empty() && !bytes.ends_with(b"\n"));
    u32::try_from(ends + unended).unwrap_or(u32::MAX)
}
