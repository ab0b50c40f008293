//! What careful reading found good before: cells that need no second look.

use std::collections::HashMap;

use super::Column;
use super::column::Layout;
use super::fold::Fold;
use super::row::Texts;
use crate::model::Provider;

/// The longest account or region that is remembered, in bytes.
const SHORT: usize = 23;

/// A short text in three words, exactly: its bytes, zeros, and its length at the end.
type Words = [u64; 3];

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
    contexts: HashMap<Vec<u8>, Context, Fold>,
    regions: HashMap<(Provider, Words), u32, Fold>,
    lanes: HashMap<(u32, Words), u32, Fold>,
    /// A key of `contexts` that is being made.
    key: Vec<u8>,
}

impl Known {
    /// Nothing yet.
    pub(super) fn new(layout: &Layout) -> Self {
        let narrowing = [Column::Cloud].into_iter().chain(Column::NARROWING);
        let columns = narrowing.filter_map(|column| Some((layout.cell(column)?, column))).collect();
        Self {
            columns,
            contexts: HashMap::default(),
            regions: HashMap::default(),
            lanes: HashMap::default(),
            key: Vec::new(),
        }
    }

    /// What cloud and narrowing cells come to, if a row with the same ones was good.
    pub(super) fn context(&mut self, cells: &[&[u8]]) -> Option<Context> {
        self.key.clear();
        for (at, _) in &self.columns {
            push(&mut self.key, cells[*at])?;
        }
        self.contexts.get(self.key.as_slice()).copied()
    }

    /// The number of a region.
    pub(super) fn region(&self, cloud: Provider, region: &[u8]) -> Option<u32> {
        self.regions.get(&(cloud, words(region)?)).copied()
    }

    /// The number of the lane of an account in a region.
    pub(super) fn lane(&self, region: u32, account: &[u8]) -> Option<u32> {
        self.lanes.get(&(region, words(account)?)).copied()
    }

    /// Remembers the cells of a good row, and the lanes of its accounts.
    pub(super) fn learn(&mut self, texts: &Texts<'_>, context: Context, lanes: [u32; 2]) {
        self.key.clear();
        let cells = self.columns.iter().map(|(_, column)| texts.of(*column).as_bytes());
        let is_short = cells.map(|cell| push(&mut self.key, cell)).all(|pushed| pushed.is_some());
        if is_short && !self.contexts.contains_key(self.key.as_slice()) {
            self.contexts.insert(self.key.clone(), context);
        }
        let Some(region) = words(texts.of(Column::Region).as_bytes()) else { return };
        let next = u32::try_from(self.regions.len()).unwrap_or(u32::MAX);
        let region = *self.regions.entry((context.cloud, region)).or_insert(next);
        for (column, lane) in [Column::AccountA, Column::AccountB].into_iter().zip(lanes) {
            if let Some(account) = words(texts.of(column).as_bytes()) {
                self.lanes.insert((region, account), lane);
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

fn words(text: &[u8]) -> Option<Words> {
    let length = u8::try_from(text.len()).ok().filter(|_| text.len() <= SHORT)?;
    let mut bytes = [0; SHORT + 1];
    bytes[..text.len()].copy_from_slice(text);
    bytes[SHORT] = length;
    let (words, _) = bytes.as_chunks::<8>();
    Some([words[0], words[1], words[2]].map(u64::from_le_bytes))
}
