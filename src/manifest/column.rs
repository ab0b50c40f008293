//! The columns of a manifest.

use std::borrow::Cow;

use super::split::{Cell, CsvDialect, TextCells};
use crate::model::TextColumn;

/// A column that a manifest may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// `cloud`.
    Cloud,
    /// `region`.
    Region,
    /// `account_a`.
    AccountA,
    /// `group_a`.
    GroupA,
    /// `account_b`.
    AccountB,
    /// `group_b`.
    GroupB,
    /// `direction`.
    Direction,
    /// `ip_protocol`.
    IpProtocol,
    /// `port_range`.
    PortRange,
    /// `source_port_range`.
    SourcePortRange,
    /// `nic_type`.
    NicType,
    /// `policy`.
    Policy,
    /// `priority`.
    Priority,
    /// `note`.
    Note,
}

impl Column {
    /// Every column, the order of `as usize`.
    pub const ALL: [Self; 14] = [
        Self::Cloud,
        Self::Region,
        Self::AccountA,
        Self::GroupA,
        Self::AccountB,
        Self::GroupB,
        Self::Direction,
        Self::IpProtocol,
        Self::PortRange,
        Self::SourcePortRange,
        Self::NicType,
        Self::Policy,
        Self::Priority,
        Self::Note,
    ];

    /// The columns without which a manifest names no pair.
    pub const REQUIRED: [Self; 5] =
        [Self::Region, Self::AccountA, Self::GroupA, Self::AccountB, Self::GroupB];

    /// The columns of a row's free text.
    pub(super) const TEXTS: [(Self, TextColumn); TextColumn::ALL.len()] =
        [(Self::Note, TextColumn::Note)];

    /// The columns of a row's filter, in the order of [`super::filter::FilterCells`].
    pub(super) const FILTER: [Self; 7] = [
        Self::Direction,
        Self::IpProtocol,
        Self::PortRange,
        Self::SourcePortRange,
        Self::NicType,
        Self::Policy,
        Self::Priority,
    ];

    /// The column of a name as people write it: in any case, with blanks or hyphens for `_`.
    pub(super) fn named(name: &str) -> Option<Self> {
        let plain =
            |c: char| if c.is_whitespace() || c == '-' { '_' } else { c.to_ascii_lowercase() };
        Self::ALL.into_iter().find(|column| name.chars().map(plain).eq(column.name().chars()))
    }

    /// The name in the header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cloud => "cloud",
            Self::Region => "region",
            Self::AccountA => "account_a",
            Self::GroupA => "group_a",
            Self::AccountB => "account_b",
            Self::GroupB => "group_b",
            Self::Direction => "direction",
            Self::IpProtocol => "ip_protocol",
            Self::PortRange => "port_range",
            Self::SourcePortRange => "source_port_range",
            Self::NicType => "nic_type",
            Self::Policy => "policy",
            Self::Priority => "priority",
            Self::Note => TextColumn::Note.name(),
        }
    }
}

/// Where each column stands in the rows of one manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// The header's columns, left to right.
    columns: Vec<Column>,
    delimiter: u8,
    /// Cells of the header with the empty ones at its end.
    whole: usize,
    /// The cell of each column, by `Column as usize`.
    cells: [Option<usize>; Column::ALL.len()],
}

impl Layout {
    /// The layout of a header without repeated columns. `delimiter` separates the cells, and `whole`
    /// is their number together with the empty ones at the end.
    pub(super) fn new(columns: Vec<Column>, delimiter: u8, whole: usize) -> Self {
        let mut cells = [None; Column::ALL.len()];
        for (at, column) in columns.iter().enumerate() {
            cells[*column as usize] = Some(at);
        }
        Self { columns, delimiter, whole, cells }
    }

    /// How its records are written.
    pub(super) fn dialect(&self) -> CsvDialect {
        CsvDialect { delimiter: self.delimiter, texts: self.texts() }
    }

    /// Whether a row repeats the header, as in files that were joined.
    pub(super) fn is_header(&self, row: &[Cell<'_>]) -> bool {
        let is_name = |(cell, column): (&Cell<'_>, &Column)| {
            let bytes = cell.bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(cell.bytes);
            bytes.trim_ascii().eq_ignore_ascii_case(column.name().as_bytes())
        };
        row.len() == self.columns.len() && row.iter().zip(&self.columns).all(is_name)
    }

    /// How many cells a row has.
    pub(super) fn width(&self) -> usize {
        self.columns.len()
    }

    /// Cells of the header with the empty ones at its end.
    pub(super) fn whole(&self) -> usize {
        self.whole
    }

    /// The cell of `column`, if the manifest has it.
    pub(super) fn cell(&self, column: Column) -> Option<usize> {
        self.cells[column as usize]
    }

    /// The cells of free text: those that may hold line ends.
    pub(super) fn texts(&self) -> TextCells {
        Column::TEXTS.map(|(column, _)| self.cell(column))
    }

    /// Whether rows may have free text.
    pub(super) fn has_texts(&self) -> bool {
        self.texts().iter().any(Option::is_some)
    }

    /// What to call the cell at `at` in a message.
    pub(super) fn title(&self, at: usize) -> Cow<'static, str> {
        let column = self.columns.get(at).map(|column| column.name().into());
        column.unwrap_or_else(|| format!("cell {}", at + 1).into())
    }
}
