//! A plain row at a glance: one line of cells that were all found good before, but for new
//! groups. Whatever else it holds, careful reading decides.

use super::Column;
use super::code::Code;
use super::column::Layout;
use super::intern::Key;
use super::known::Known;
use super::marks::first_mark;
use super::text::Text;
use crate::model::Provider;

/// A row as numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quick {
    /// Bytes of the row and its line end.
    pub(super) length: usize,
    /// The two groups.
    pub(super) ends: [Key; 2],
    /// The number of the filter.
    pub(super) filter: u32,
}

/// Cells of a row at most.
const CELLS: usize = Column::ALL.len();

/// Where the cells of a plain row are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    width: usize,
    region: usize,
    accounts: [usize; 2],
    groups: [usize; 2],
    note: Option<usize>,
    /// How long each cell of the row before was, with its quotes and a carriage return: most are as
    /// long again.
    lengths: [usize; CELLS],
}

impl Places {
    /// The places of a layout, which has every required column; none unless commas separate them.
    pub(super) fn new(layout: &Layout) -> Option<Self> {
        if layout.dialect().delimiter != b',' {
            return None;
        }
        let place = |column| layout.cell(column);
        Some(Self {
            width: layout.width(),
            region: place(Column::Region)?,
            accounts: [place(Column::AccountA)?, place(Column::AccountB)?],
            groups: [place(Column::GroupA)?, place(Column::GroupB)?],
            note: place(Column::Note),
            lengths: [0; CELLS],
        })
    }

    /// Reads the row at the start of `bytes`; `None` if it is not plain.
    pub(super) fn read(&mut self, bytes: &[u8], known: &Known) -> Option<Quick> {
        self.read_cut(bytes, known, true).or_else(|| self.read_cut(bytes, known, false))
    }

    /// Reads the row, cut by guesses or exactly. A guess may take a later comma for the end of a
    /// cell: a cell with a comma is none that was ever found good.
    fn read_cut(&mut self, bytes: &[u8], known: &Known, guesses: bool) -> Option<Quick> {
        let mut cells = Cells { bytes, spans: [(0, 0); CELLS] };
        let length = self.cut(&mut cells, guesses)?;
        if self.note.is_some_and(|note| !cells.get(note).is_empty()) {
            return None;
        }
        let context = known.context(&cells)?;
        let [one, other] = self.groups.map(|group| code(cells.get(group), context.cloud));
        let (one, other) = (one?, other?);
        if one == other {
            return None;
        }
        let accounts = self.accounts.map(|account| cells.get(account));
        let [own, peer] = known.lanes(context.cloud, cells.get(self.region), accounts)?;
        let ends = [Key::new(own, one)?, Key::new(peer, other)?];
        Some(Quick { length, ends, filter: context.filter })
    }

    /// Cuts one line into exactly as many cells as the header has; its length.
    #[inline(never)]
    fn cut(&mut self, cells: &mut Cells<'_>, guesses: bool) -> Option<usize> {
        let (bytes, last) = (cells.bytes, self.width.checked_sub(1)?);
        let mut from = 0;
        for at in 0..=last {
            let mark = if at == last { b'\n' } else { b',' };
            let guess = from + self.lengths[at];
            let end = if guesses && bytes.get(guess) == Some(&mark) {
                guess
            } else {
                first_mark(bytes, from).filter(|end| bytes[*end] == mark)?
            };
            cells.spans[at] = (from, end);
            self.lengths[at] = end - from;
            from = end + 1;
        }
        let (start, end) = &mut cells.spans[last];
        *end -= usize::from(bytes[*start..*end].ends_with(b"\r"));
        Some(from)
    }
}

/// The cells of a line, left to right.
pub(super) struct Cells<'a> {
    bytes: &'a [u8],
    /// Where each begins and ends.
    spans: [(usize, usize); CELLS],
}

impl<'a> Cells<'a> {
    /// A cell, without the quotes around it.
    pub(super) fn get(&self, at: usize) -> Text<'a> {
        self.between(at, at).bare()
    }

    /// All from the start of one cell to the end of another.
    pub(super) fn between(&self, first: usize, last: usize) -> Text<'a> {
        let ((start, _), (_, end)) = (self.spans[first], self.spans[last]);
        Text::new(&self.bytes[start..], end - start)
    }
}

/// The code of a group id that is valid for `cloud`.
fn code(id: Text<'_>, cloud: Provider) -> Option<Code> {
    let coded = Code::read(id)?;
    let is_valid = match cloud {
        Provider::Alibaba => true,
        Provider::Aws => coded.is_hex && matches!(coded.length, 8 | 17),
    };
    is_valid.then_some(coded.code)
}
