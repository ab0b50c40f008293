//! The columns of a manifest.

use std::borrow::Cow;

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

    /// The columns that narrow a row, in the order of [`super::filter::Cells`].
    pub(super) const NARROWING: [Self; 7] = [
        Self::Direction,
        Self::IpProtocol,
        Self::PortRange,
        Self::SourcePortRange,
        Self::NicType,
        Self::Policy,
        Self::Priority,
    ];

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
            Self::Note => "note",
        }
    }
}

/// Where each column stands in the rows of one manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// The header's columns, left to right.
    columns: Vec<Column>,
    /// The cell of each column, by `Column as usize`.
    cells: [Option<usize>; Column::ALL.len()],
}

impl Layout {
    /// The layout of a header without repeated columns.
    pub(super) fn new(columns: Vec<Column>) -> Self {
        let mut cells = [None; Column::ALL.len()];
        for (at, column) in columns.iter().enumerate() {
            cells[*column as usize] = Some(at);
        }
        Self { columns, cells }
    }

    /// How many cells a row has.
    pub(super) fn width(&self) -> usize {
        self.columns.len()
    }

    /// The cell of `column`, if the manifest has it.
    pub(super) fn cell(&self, column: Column) -> Option<usize> {
        self.cells[column as usize]
    }

    /// What to call the cell at `at` in a message.
    pub(super) fn title(&self, at: usize) -> Cow<'static, str> {
        let column = self.columns.get(at).map(|column| column.name().into());
        column.unwrap_or_else(|| format!("cell {}", at + 1).into())
    }
}
