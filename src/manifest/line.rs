//! One line of a manifest, cut at its commas.

use super::Column;
use super::marks::first_mark;
use super::text::Text;

/// Cells of a line at most.
const CELLS: usize = Column::ALL.len();

/// Cuts lines into as many cells as the header has.
#[derive(Clone, Copy, Debug)]
pub(super) struct LineCutter {
    width: usize,
    /// How long each cell of the line before was, with its quotes and a carriage return: most are as
    /// long again.
    lengths: [usize; CELLS],
}

impl LineCutter {
    /// A cutter of lines with `width` cells.
    pub(super) const fn new(width: usize) -> Self {
        Self { width, lengths: [0; CELLS] }
    }

    /// Cuts the first line of `cells`, by guesses or exactly; its length, unless it has another number of
    /// cells.
    #[inline(never)]
    pub(super) fn cut(&mut self, cells: &mut LineCells<'_>, guesses: bool) -> Option<usize> {
        let (bytes, last) = (cells.bytes, self.width.checked_sub(1)?);
        let mut from = 0;
        for at in 0..=last {
            let mark = if at == last { b'\n' } else { b',' };
            let guess = from + self.lengths[at];
            // A guess may pass over a comma, so that the cell holds it. No cell with a comma was ever
            // found good, so such a row is not taken for a plain one.
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
pub(super) struct LineCells<'a> {
    bytes: &'a [u8],
    /// Where each begins and ends.
    spans: [(usize, usize); CELLS],
}

impl<'a> LineCells<'a> {
    /// The line at the start of `bytes`, not cut yet.
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, spans: [(0, 0); CELLS] }
    }

    /// A cell, without the quotes around it.
    pub(super) fn get(&self, at: usize) -> Text<'a> {
        self.between(at, at).bare()
    }

    /// The text from the start of one cell to the end of another.
    pub(super) fn between(&self, first: usize, last: usize) -> Text<'a> {
        let ((start, _), (_, end)) = (self.spans[first], self.spans[last]);
        Text::new(&self.bytes[start..], end - start)
    }
}
