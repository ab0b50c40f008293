//! A plain row at a glance: one line of cells that were all found good before, but for new
//! groups. Whatever else it holds, careful reading decides.

use super::Column;
use super::code::Code;
use super::column::Layout;
use super::intern::Key;
use super::known::Known;
use super::marks::Marks;
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

/// Where the cells of a plain row are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    width: usize,
    region: usize,
    accounts: [usize; 2],
    groups: [usize; 2],
    note: Option<usize>,
}

impl Places {
    /// The places of a layout, which has every required column.
    pub(super) fn new(layout: &Layout) -> Option<Self> {
        let place = |column| layout.cell(column);
        Some(Self {
            width: layout.width(),
            region: place(Column::Region)?,
            accounts: [place(Column::AccountA)?, place(Column::AccountB)?],
            groups: [place(Column::GroupA)?, place(Column::GroupB)?],
            note: place(Column::Note),
        })
    }

    /// Reads the row at the start of `bytes`; `None` if it is not plain.
    pub(super) fn read(&self, bytes: &[u8], known: &mut Known) -> Option<Quick> {
        let mut cells = [&[][..]; Column::ALL.len()];
        let cells = &mut cells[..self.width];
        let length = cut(bytes, cells)?;
        if self.note.is_some_and(|note| !cells[note].is_empty()) {
            return None;
        }
        let context = known.context(cells)?;
        let [one, other] = self.groups.map(|group| code(cells[group], context.cloud));
        let (one, other) = (one?, other?);
        if one == other {
            return None;
        }
        let accounts = self.accounts.map(|account| cells[account]);
        let [own, peer] = known.lanes(context.cloud, cells[self.region], accounts)?;
        let ends = [Key::new(own, one)?, Key::new(peer, other)?];
        Some(Quick { length, ends, filter: context.filter })
    }
}

/// Cuts one line into exactly as many cells as `cells` has, without the quotes around them. A
/// comma or a quote inside a cell makes it one that was never found good.
fn cut<'a>(bytes: &'a [u8], cells: &mut [&'a [u8]]) -> Option<usize> {
    let (last, others) = cells.split_last_mut()?;
    let mut marks = Marks::new(bytes);
    let mut from = 0;
    for cell in others {
        let end = marks.next()?;
        if bytes[end] == b'\n' {
            return None;
        }
        *cell = bare(&bytes[from..end]);
        from = end + 1;
    }
    let end = marks.next()?;
    let text = &bytes[from..end];
    *last = bare(text.strip_suffix(b"\r").unwrap_or(text));
    (bytes[end] == b'\n').then_some(end + 1)
}

/// A cell without the quotes around it.
fn bare(cell: &[u8]) -> &[u8] {
    match cell {
        [b'"', inner @ .., b'"'] => inner,
        _ => cell,
    }
}

/// The code of a group id that is valid for `cloud`.
fn code(id: &[u8], cloud: Provider) -> Option<Code> {
    let coded = Code::read(id)?;
    let is_valid = match cloud {
        Provider::Alibaba => true,
        Provider::Aws => coded.is_hex && matches!(coded.length, 8 | 17),
    };
    is_valid.then_some(coded.code)
}
