//! Limits how often the same mistake in one file is reported: after that it is only counted.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::{Fault, RowError};

/// How often the same mistake in the same column is reported: enough to recognize its cause.
pub(super) const TOLD: u64 = 20;

/// What was reported of one file so far.
#[derive(Debug, Default)]
pub(super) struct ErrorLimit {
    kinds: HashMap<(Cow<'static, str>, &'static str), Count>,
    /// The last line with a mistake.
    line: Option<u32>,
}

#[derive(Debug, Default)]
struct Count {
    told: u64,
    /// Where the rest is counted.
    more: Option<usize>,
}

impl ErrorLimit {
    /// Adds what is wrong at a line of `file` to `errors`, or counts it. Until the next file begins,
    /// `errors` takes mistakes of this file alone. Lines come in order. True if the line had no
    /// mistake before.
    pub(super) fn add(
        &mut self,
        errors: &mut Vec<RowError>,
        (file, line): (&Arc<str>, u32),
        column: Cow<'static, str>,
        fault: Fault,
    ) -> bool {
        let kind = fault.kind();
        let count = self.kinds.entry((column.clone(), kind)).or_default();
        if let Some(RowError { fault: Fault::More { count, lines, .. }, .. }) =
            count.more.and_then(|at| errors.get_mut(at))
        {
            *count += 1;
            lines[1] = line;
        } else {
            let is_told = count.told < TOLD;
            count.told += 1;
            count.more = (!is_told).then_some(errors.len());
            let more = || Fault::More { kind, count: 1, lines: [line, line] };
            let fault = if is_told { fault } else { more() };
            errors.push(RowError { file: file.clone(), line, column, fault });
        }
        self.line.replace(line) != Some(line)
    }
}
