//! What careful reading found good before: cells that need no second look.

use std::collections::HashMap;

use super::Column;
use super::column::Layout;
use super::fold::Fold;
use super::row::Texts;
use super::short::ShortTexts;
use crate::model::Provider;

/// Contexts that are found at a glance.
const FEW: usize = 64;

/// What the cells of a row beside its groups come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Context {
    /// The cloud.
    pub(super) cloud: Provider,
    /// The number of the filter.
    pub(super) filter: u32,
}

/// The cells that one thread found good in one manifest.
#[derive(Debug)]
pub(super) struct Known {
    /// The cells that make a context, left to right; none of them is the region.
    columns: Vec<(usize, Column)>,
    /// The first few contexts, by their keys if these are short: nearly all rows have one of them.
    short: ShortTexts,
    contexts: Vec<Context>,
    /// All others.
    others: HashMap<Vec<u8>, Context, Fold>,
    /// Regions, tagged with their cloud.
    regions: ShortTexts,
    accounts: ShortTexts,
    /// The lanes of each region, by account.
    lanes: Vec<Vec<Option<u32>>>,
    /// A key of a context that is being made.
    key: Vec<u8>,
}

impl Known {
    /// Nothing yet.
    pub(super) fn new(layout: &Layout) -> Self {
        let narrowing = [Column::Cloud].into_iter().chain(Column::NARROWING);
        let columns = narrowing.filter_map(|column| Some((layout.cell(column)?, column))).collect();
        Self {
            columns,
            short: ShortTexts::default(),
            contexts: Vec::new(),
            others: HashMap::default(),
            regions: ShortTexts::default(),
            accounts: ShortTexts::default(),
            lanes: Vec::new(),
            key: Vec::new(),
        }
    }

    /// What cloud and narrowing cells come to, if a row with the same ones was good.
    pub(super) fn context(&mut self, cells: &[&[u8]]) -> Option<Context> {
        self.key.clear();
        for (at, _) in &self.columns {
            push(&mut self.key, cells[*at])?;
        }
        self.known(&self.key)
    }

    fn known(&self, key: &[u8]) -> Option<Context> {
        match self.short.get(key, 0) {
            Some(at) => self.contexts.get(at).copied(),
            None => self.others.get(key).copied(),
        }
    }

    /// The lanes of two accounts in a region.
    pub(super) fn lanes(
        &self,
        cloud: Provider,
        region: &[u8],
        accounts: [&[u8]; 2],
    ) -> Option<[u32; 2]> {
        let lanes = self.lanes.get(self.regions.get(region, cloud as u8)?)?;
        let [own, peer] = accounts.map(|account| *lanes.get(self.accounts.get(account, 0)?)?);
        Some([own?, peer?])
    }

    /// Remembers the cells of a good row, and the lanes of its accounts.
    pub(super) fn learn(&mut self, texts: &Texts<'_>, context: Context, lanes: [u32; 2]) {
        self.key.clear();
        let cells = self.columns.iter().map(|(_, column)| texts.of(*column).as_bytes());
        let is_short = cells.map(|cell| push(&mut self.key, cell)).all(|pushed| pushed.is_some());
        if is_short && self.known(&self.key).is_none() {
            let is_one_of_few = self.contexts.len() < FEW && self.short.add(&self.key, 0).is_some();
            if is_one_of_few {
                self.contexts.push(context);
            } else {
                self.others.insert(self.key.clone(), context);
            }
        }
        let region = texts.of(Column::Region).as_bytes();
        let Some(region) = self.regions.add(region, context.cloud as u8) else { return };
        if self.lanes.len() <= region {
            self.lanes.resize(region + 1, Vec::new());
        }
        let known = &mut self.lanes[region];
        for (column, lane) in [Column::AccountA, Column::AccountB].into_iter().zip(lanes) {
            if let Some(account) = self.accounts.add(texts.of(column).as_bytes(), 0) {
                if known.len() <= account {
                    known.resize(account + 1, None);
                }
                known[account] = Some(lane);
            }
        }
    }
}

/// Appends a cell so that no other cells make the same key; `None` if it is too long for that.
fn push(key: &mut Vec<u8>, cell: &[u8]) -> Option<()> {
    key.push(u8::try_from(cell.len()).ok()?);
    key.extend_from_slice(cell);
    Some(())
}
