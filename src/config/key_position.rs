//! Keys and the places in a file's text at which they stand.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Where the key at `path` stands in the text.
pub(super) fn find(table: &DeTable<'_>, path: &[&str]) -> Option<usize> {
    let (first, rest) = path.split_first()?;
    let (key, value) = table.iter().find(|(key, _)| key.get_ref() == first)?;
    find_in(value, rest).or(Some(key.span().start))
}

/// The key whose value stands at a place in the text.
pub(super) fn key_at(table: &DeTable<'_>, at: usize) -> Option<String> {
    table.iter().find_map(|(key, value)| {
        let (key, inner) = (key.get_ref(), key_in(value, at)?);
        Some(if inner.is_empty() { key.to_string() } else { format!("{key}.{inner}") })
    })
}

/// The key inside a value; empty for the value itself.
fn key_in(value: &Spanned<DeValue<'_>>, at: usize) -> Option<String> {
    let itself = || value.span().contains(&at).then(String::new);
    match value.get_ref() {
        DeValue::Table(inner) => key_at(inner, at),
        DeValue::Array(items) => {
            let inner = items.iter().enumerate().find_map(|(index, item)| match item.get_ref() {
                DeValue::Table(inner) => Some(format!("{index}.{}", key_at(inner, at)?)),
                _ => None,
            });
            inner.or_else(itself)
        }
        _ => itself(),
    }
}

fn find_in(value: &Spanned<DeValue<'_>>, path: &[&str]) -> Option<usize> {
    match value.get_ref() {
        DeValue::Table(inner) => find(inner, path),
        DeValue::Array(items) => {
            let (index, rest) = path.split_first()?;
            let item = items.get(index.parse::<usize>().ok()?)?;
            find_in(item, rest).or(Some(item.span().start))
        }
        _ => None,
    }
}

/// The number of the line at a place in the text.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|b| *b == b'\n').count()
}
