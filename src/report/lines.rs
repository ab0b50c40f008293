//! A result whose lines are counted: one that is longer than the screen ends with its headline again.

use std::io::{self, Write};

use super::{ReportError, Style};

/// A writer that counts the lines that go through it.
pub(super) struct Lines<'a> {
    out: &'a mut dyn Write,
    count: usize,
}

impl<'a> Lines<'a> {
    /// Nothing is written yet.
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, count: 0 }
    }

    /// Writes `headline` once more where its first place has left the screen.
    pub(super) fn end(&mut self, headline: &str, style: Style) -> Result<(), ReportError> {
        if style.height.is_some_and(|height| self.count >= usize::from(height)) {
            writeln!(self, "\n{headline}")?;
        }
        Ok(self.flush()?)
    }
}

impl Write for Lines<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.count += memchr::memchr_iter(b'\n', &bytes[..written]).count();
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
