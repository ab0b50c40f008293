//! Pages of a listing.

use sha2::{Digest as _, Sha256};

use crate::model::hex;

/// One page and the token of the next one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    pub(super) next: Option<String>,
}

/// A token that does not belong to this listing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadToken;

/// Cuts a page of `size` out of `all`. Tokens are good for the listing `name` alone.
pub(super) fn page<T>(
    all: Vec<T>,
    name: &str,
    token: Option<&str>,
    size: usize,
) -> Result<Page<T>, BadToken> {
    let start = match token {
        None => 0,
        Some(token) => read(name, token).ok_or(BadToken)?,
    };
    let end = start.saturating_add(size);
    let next = (end < all.len()).then(|| write(name, end));
    Ok(Page { items: all.into_iter().skip(start).take(size).collect(), next })
}

fn write(name: &str, start: usize) -> String {
    format!("{}{start:x}", mark(name))
}

fn read(name: &str, token: &str) -> Option<usize> {
    usize::from_str_radix(token.strip_prefix(&mark(name))?, 16).ok()
}

fn mark(name: &str) -> String {
    let mut mark = hex(&Sha256::digest(name.as_bytes()));
    mark.truncate(16);
    mark
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_cover_the_listing_once_and_tokens_do_not_travel() {
        let first = page((0..5).collect(), "x", None, 2).expect("a page");
        assert_eq!(first.items, [0, 1]);
        let token = first.next.expect("more");
        let second = page((0..5).collect(), "x", Some(&token), 3).expect("a page");
        assert_eq!((second.items, second.next), (vec![2, 3, 4], None));
        assert_eq!(page(vec![1], "y", Some(&token), 2), Err(BadToken));
    }
}
