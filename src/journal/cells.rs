//! Rows of a plan's frame in bytes: what their digest covers, and what the writer is sent.

/// A column of a row: a tag, then 8 bytes, big-endian, of its number or its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell<'a> {
    Number(i64),
    /// UTF-8.
    Text(&'a [u8]),
    Bytes(&'a [u8]),
}

const NUMBER: u8 = 1;
const TEXT: u8 = 2;
const BYTES: u8 = 3;

impl<'a> Cell<'a> {
    /// Appends the cell to a row.
    pub(super) fn write(self, row: &mut Vec<u8>) {
        let (tag, number, bytes) = match self {
            Self::Number(number) => (NUMBER, number.to_be_bytes(), &[][..]),
            Self::Text(text) => (TEXT, (text.len() as u64).to_be_bytes(), text),
            Self::Bytes(bytes) => (BYTES, (bytes.len() as u64).to_be_bytes(), bytes),
        };
        row.push(tag);
        row.extend_from_slice(&number);
        row.extend_from_slice(bytes);
    }

    /// Takes the next cell off rows; `None` at their end, or where none begins.
    pub(super) fn read(rows: &mut &'a [u8]) -> Option<Self> {
        let (tag, rest) = rows.split_first()?;
        let (number, rest) = rest.split_first_chunk::<8>()?;
        if *tag == NUMBER {
            *rows = rest;
            return Some(Self::Number(i64::from_be_bytes(*number)));
        }
        let length = usize::try_from(u64::from_be_bytes(*number)).ok()?;
        let (bytes, rest) = rest.split_at_checked(length)?;
        *rows = rest;
        match *tag {
            TEXT => Some(Self::Text(bytes)),
            BYTES => Some(Self::Bytes(bytes)),
            _ => None,
        }
    }
}

impl From<u32> for Cell<'_> {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Cell<'_> {
    fn from(number: usize) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.as_bytes())
    }
}

impl<'a> From<&'a [u8]> for Cell<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_come_out_as_they_went_in_and_a_cut_row_has_fewer() {
        let cells = [Cell::Number(-7), "sg-1".into(), (&[0_u8, 255][..]).into(), "".into()];
        let mut row = Vec::new();
        for cell in cells {
            cell.write(&mut row);
        }
        let read = |mut row: &[u8]| std::iter::from_fn(|| Cell::read(&mut row)).count();
        let mut rest = row.as_slice();
        assert_eq!(cells.map(|_| Cell::read(&mut rest)), cells.map(Some));
        assert_eq!(Cell::read(&mut rest), None);
        for end in 0..row.len() {
            assert!(read(&row[..end]) < cells.len(), "{end}");
        }
    }
}
