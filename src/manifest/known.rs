//! Remembers the cells that careful reading found good, so that the same cells need no second check.

use std::collections::HashMap;

use super::Column;
use super::column::Layout;
use super::fold::Fold;
use super::line::LineCells;
use super::row::Texts;
use super::short::ShortTexts;
use super::text::Text;
use crate::model::Provider;

/// What the cells of a row other than its groups stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RowContext {
    /// The cloud.
    pub(super) cloud: Provider,
    /// The number of the filter.
    pub(super) filter: u32,
}

/// The cells that one thread found good in one manifest.
#[derive(Debug)]
pub(super) struct KnownCells {
    /// The cells of cloud and filter, left to right.
    filter_cells: Vec<AdjacentCells>,
    /// What they stand for, by the numbers of the texts of `filter_cells`.
    contexts: HashMap<u128, RowContext, Fold>,
    /// Regions, tagged with their cloud.
    regions: ShortTexts,
    accounts: ShortTexts,
    /// The lanes of each region, by account.
    lanes: Vec<Vec<Option<u32>>>,
}

/// One cell, or two that stand side by side and are looked up as one text.
#[derive(Debug)]
struct AdjacentCells {
    first: usize,
    last: usize,
    columns: Vec<Column>,
    texts: ShortTexts,
}

/// Bits of the number of a text in the key of a context.
const NUMBER_BITS: u32 = u128::BITS / 8;

/// Contexts and texts that are remembered at most. No command may have more filters than this.
const MOST: usize = 1 << NUMBER_BITS;

impl KnownCells {
    /// Nothing yet.
    pub(super) fn new(layout: &Layout) -> Self {
        let columns = [Column::Cloud].into_iter().chain(Column::FILTER);
        let mut cells: Vec<(usize, Column)> =
            columns.filter_map(|column| Some((layout.cell(column)?, column))).collect();
        cells.sort_unstable_by_key(|(at, _)| *at);
        let mut filter_cells: Vec<AdjacentCells> = Vec::new();
        for (at, column) in cells {
            match filter_cells.last_mut() {
                Some(one) if one.columns.len() == 1 && one.last + 1 == at => {
                    one.last = at;
                    one.columns.push(column);
                }
                _ => filter_cells.push(AdjacentCells {
                    first: at,
                    last: at,
                    columns: vec![column],
                    texts: ShortTexts::default(),
                }),
            }
        }
        Self {
            filter_cells,
            contexts: HashMap::default(),
            regions: ShortTexts::default(),
            accounts: ShortTexts::default(),
            lanes: Vec::new(),
        }
    }

    /// The cloud and the filter of a row, if a row with the same cells was good.
    pub(super) fn context(&self, cells: &LineCells<'_>) -> Option<RowContext> {
        let mut key = 0;
        for adjacent in &self.filter_cells {
            let text = cells.between(adjacent.first, adjacent.last);
            key = key << NUMBER_BITS | adjacent.texts.get(text, 0)? as u128;
        }
        self.contexts.get(&key).copied()
    }

    /// The lanes of two accounts in a region.
    pub(super) fn lanes(
        &self,
        cloud: Provider,
        region: Text<'_>,
        accounts: [Text<'_>; 2],
    ) -> Option<[u32; 2]> {
        let lanes = self.lanes.get(self.regions.get(region, cloud as u8)?)?;
        let [own, peer] = accounts.map(|account| *lanes.get(self.accounts.get(account, 0)?)?);
        Some([own?, peer?])
    }

    /// Remembers the cells of a good row, and the lanes of its accounts.
    pub(super) fn learn(&mut self, texts: &Texts<'_>, context: RowContext, lanes: [u32; 2]) {
        // Quick reading cuts rows at every comma, so a cell that holds one must never be known as good.
        if Column::ALL.iter().any(|column| !is_plain(texts.of(*column))) {
            return;
        }
        // Some programs write quotes around every cell.
        for quotes in ["", "\""] {
            self.learn_context(texts, context, quotes);
        }
        let text = |column| Text::whole(texts.of(column).as_bytes());
        let region = self.regions.add(text(Column::Region), context.cloud as u8);
        let Some(region) = region else { return };
        if self.lanes.len() <= region {
            self.lanes.resize(region + 1, Vec::new());
        }
        let known = &mut self.lanes[region];
        for (column, lane) in [Column::AccountA, Column::AccountB].into_iter().zip(lanes) {
            if let Some(account) = self.accounts.add(text(column), 0) {
                if known.len() <= account {
                    known.resize(account + 1, None);
                }
                known[account] = Some(lane);
            }
        }
    }

    /// Remembers cloud and filter by cells with `quotes` around them, unless they are long.
    fn learn_context(&mut self, texts: &Texts<'_>, context: RowContext, quotes: &str) {
        let mut key = 0;
        for adjacent in &mut self.filter_cells {
            let cells = adjacent.columns.iter().map(|column| texts.of(*column));
            let cells: Vec<String> = cells.map(|text| format!("{quotes}{text}{quotes}")).collect();
            let text = cells.join(",");
            let text = Text::whole(text.as_bytes());
            let number = match adjacent.texts.get(text, 0) {
                None if adjacent.texts.len() < MOST => adjacent.texts.add(text, 0),
                known => known,
            };
            let Some(number) = number else { return };
            key = key << NUMBER_BITS | number as u128;
        }
        if self.contexts.len() < MOST {
            self.contexts.insert(key, context);
        }
    }
}

/// Whether quick reading cuts a cell with this text where it begins and ends.
fn is_plain(text: &str) -> bool {
    !text.contains([',', '"', '\n'])
}
