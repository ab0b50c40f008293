//! The cells of one row: their texts, and whether they name two groups.

use super::column::Layout;
use super::split::Cell;
use super::{Column, Fault, Rules, account, cell, group, owned, region};
use crate::model::{Provider, RowText};

/// The cells of a row by column, the free text apart.
pub(super) struct Texts<'a> {
    values: [&'a str; Column::ALL.len()],
    /// The free text.
    pub(super) free: RowText,
}

impl<'a> Texts<'a> {
    /// Reads the cells of a row that has as many as its header.
    pub(super) fn read(cells: &[Cell<'a>], layout: &Layout, faults: &mut Faults) -> Self {
        let mut texts = Self { values: [""; Column::ALL.len()], free: RowText::default() };
        for column in Column::ALL {
            let Some(cell) = layout.cell(column).and_then(|at| cells.get(at)) else {
                continue;
            };
            if let Some((_, text)) = Column::TEXTS.iter().find(|(one, _)| *one == column) {
                let free = cell::free_text(cell, layout.width(), layout.dialect());
                *texts.free.of_mut(*text) = faults.take(column, free).into_owned();
            } else {
                texts.values[column as usize] = faults.take(column, cell::value(cell));
            }
        }
        texts
    }

    /// The text of a cell that holds a value; empty if the manifest has no such column.
    pub(super) fn of(&self, column: Column) -> &'a str {
        self.values[column as usize]
    }
}

/// Checks cloud, region, accounts and groups; without a cloud nothing can be said of the others.
pub(super) fn check(texts: &mut Texts<'_>, rules: &Rules, faults: &mut Faults) -> Option<Provider> {
    let text = texts.of(Column::Cloud);
    let cloud = if text.is_empty() { Some(Provider::default()) } else { text.parse().ok() };
    match cloud {
        Some(cloud) => check_ends(texts, cloud, rules, faults),
        None => faults.add(Column::Cloud, cell::bad(text, "is not a cloud", "alibaba or aws")),
    }
    cloud
}

fn check_ends(texts: &mut Texts<'_>, cloud: Provider, rules: &Rules, faults: &mut Faults) {
    faults.check(Column::Region, region::check(texts.of(Column::Region), cloud, rules));
    for column in [Column::AccountA, Column::AccountB] {
        faults.check(column, account::check(texts.of(column), cloud));
    }
    for (account, group) in [(Column::AccountA, Column::GroupA), (Column::AccountB, Column::GroupB)]
    {
        let row =
            owned::Row { cloud, region: texts.of(Column::Region), account: texts.of(account) };
        texts.values[group as usize] =
            faults.take(group, owned::bare(texts.of(group), &row, &rules.names));
    }
    for column in [Column::GroupA, Column::GroupB] {
        faults.check(column, group::check(texts.of(column), cloud));
    }
    let (a, b) = (texts.of(Column::GroupA), texts.of(Column::GroupB));
    if a == b {
        let wrong = if texts.of(Column::AccountA) == texts.of(Column::AccountB) {
            "is the same group as group_a"
        } else {
            "is group_a again, and a group has one owner"
        };
        faults.add(Column::GroupB, Fault::value(b, wrong, "another group"));
    }
}

/// What is wrong with one row: the first fault of each column.
#[derive(Default)]
pub(super) struct Faults(Vec<(Column, Fault)>);

impl Faults {
    /// Whether the row is good.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The faults, left to right.
    pub(super) fn in_order_of(mut self, layout: &Layout) -> Vec<(Column, Fault)> {
        self.0.sort_by_key(|(column, _)| layout.cell(*column));
        self.0
    }

    /// Adds a fault, unless its column has one: the first is the cause.
    pub(super) fn add(&mut self, column: Column, fault: Fault) {
        if !self.0.iter().any(|(known, _)| *known == column) {
            self.0.push((column, fault));
        }
    }

    fn check(&mut self, column: Column, result: Result<(), Fault>) {
        if let Err(fault) = result {
            self.add(column, fault);
        }
    }

    fn take<T: Default>(&mut self, column: Column, result: Result<T, Fault>) -> T {
        result.unwrap_or_else(|fault| {
            self.add(column, fault);
            T::default()
        })
    }
}
