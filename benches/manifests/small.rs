//! A small manifest, held against a plain set of texts.

use std::collections::HashMap;
use std::fs;

use super::{Failure, check, generate};

/// Rows of the small manifest: more than a piece holds.
const ROWS: u64 = 30_000;

/// Fails unless the reader counts as a plain set does.
pub(crate) fn small() -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("small.csv");
    generate::generate(ROWS, &file)?;
    let parsed = check(&file)?;
    let mut lines: HashMap<[String; 7], u32> = HashMap::new();
    let mut duplicates = Vec::new();
    for (row, line) in fs::read_to_string(&file)?.lines().skip(1).zip(2..) {
        match lines.entry(canonical(row).ok_or("a row of eight cells")?) {
            std::collections::hash_map::Entry::Vacant(entry) => drop(entry.insert(line)),
            std::collections::hash_map::Entry::Occupied(entry) => {
                duplicates.push((line, *entry.get()));
            }
        }
    }
    if parsed.pairs.rows.len() != lines.len() || parsed.pairs.duplicates != duplicates {
        return Err(format!("a plain set counts {} distinct rows", lines.len()).into());
    }
    Ok(())
}

/// The cells of a row without its cloud, the smaller end first.
fn canonical(row: &str) -> Option<[String; 7]> {
    let cells: Vec<&str> = row.split(',').collect();
    let [_, region, own, one, peer, other, protocol, ports] = *cells.as_slice() else {
        return None;
    };
    let (a, b) = if (own, one) < (peer, other) {
        ([own, one], [peer, other])
    } else {
        ([peer, other], [own, one])
    };
    Some([region, a[0], a[1], b[0], b[1], protocol, ports].map(str::to_owned))
}
