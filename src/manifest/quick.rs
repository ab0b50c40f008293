//! Reads plain rows quickly: rows of one line whose cells were all found good before, except for
//! new groups. Every other row is left to careful reading.

use super::Column;
use super::code::Code;
use super::column::Layout;
use super::group_key::GroupKey;
use super::known::KnownCells;
use super::line::{LineCells, LineCutter};
use super::text::Text;
use crate::model::{GroupIdForm, Provider};

/// A row as numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct QuickRow {
    /// Bytes of the row and its line end.
    pub(super) length: usize,
    /// The two groups.
    pub(super) ends: [GroupKey; 2],
    /// The number of the filter.
    pub(super) filter: u32,
}

/// Reads plain rows of one layout.
#[derive(Clone, Copy, Debug)]
pub(super) struct QuickReader {
    cutter: LineCutter,
    region: usize,
    accounts: [usize; 2],
    groups: [usize; 2],
    /// A bit for each cell that is read with care alone.
    careful: u32,
}

/// The columns, beside those of the filter, that are read here. Any other is left to careful reading,
/// so that none is dropped without a word.
const READ: [Column; 6] = [
    Column::Cloud,
    Column::Region,
    Column::AccountA,
    Column::GroupA,
    Column::AccountB,
    Column::GroupB,
];

impl QuickReader {
    /// A reader of a layout that has every required column; none unless commas separate them.
    pub(super) fn new(layout: &Layout) -> Option<Self> {
        if layout.dialect().delimiter != b',' {
            return None;
        }
        let place = |column| layout.cell(column);
        let careful =
            Column::ALL.into_iter().filter(|it| !READ.contains(it) && !Column::FILTER.contains(it));
        Some(Self {
            cutter: LineCutter::new(layout.width()),
            region: place(Column::Region)?,
            accounts: [place(Column::AccountA)?, place(Column::AccountB)?],
            groups: [place(Column::GroupA)?, place(Column::GroupB)?],
            careful: careful.filter_map(place).fold(0, |cells, at| cells | 1 << at),
        })
    }

    /// Reads the row at the start of `bytes`; `None` if it is not plain.
    pub(super) fn read(&mut self, bytes: &[u8], known: &KnownCells) -> Option<QuickRow> {
        // Most rows are cut right by the lengths of the row before, without looking at every byte.
        self.read_cut(bytes, known, true).or_else(|| self.read_cut(bytes, known, false))
    }

    /// Reads the row, cut by guesses or exactly.
    fn read_cut(&mut self, bytes: &[u8], known: &KnownCells, guesses: bool) -> Option<QuickRow> {
        let mut cells = LineCells::new(bytes);
        let length = self.cutter.cut(&mut cells, guesses)?;
        let mut careful = self.careful;
        while careful != 0 {
            if !cells.get(careful.trailing_zeros() as usize).is_empty() {
                return None;
            }
            careful &= careful - 1;
        }
        let context = known.context(&cells)?;
        let [one, other] = self.groups.map(|group| code(cells.get(group), context.cloud));
        let (one, other) = (one?, other?);
        // A group that is paired with itself is an error, which careful reading reports.
        if one == other {
            return None;
        }
        let accounts = self.accounts.map(|account| cells.get(account));
        let [own, peer] = known.lanes(context.cloud, cells.get(self.region), accounts)?;
        let ends = [GroupKey::new(own, one)?, GroupKey::new(peer, other)?];
        Some(QuickRow { length, ends, filter: context.filter })
    }
}

/// The code of a group id that is valid for `cloud`.
fn code(id: Text<'_>, cloud: Provider) -> Option<Code> {
    let coded = Code::read(id)?;
    let is_valid = match cloud.facts().group_ids {
        GroupIdForm::Any => true,
        GroupIdForm::Hexadecimal(lengths) => coded.is_hex && lengths.contains(&coded.length),
    };
    is_valid.then_some(coded.code)
}
