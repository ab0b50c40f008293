//! Finds the known word that is nearest to another one, for "did you mean" in messages.

use strsim::levenshtein;

/// The candidate that `word` most likely stands for, if one is near.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = plain(word);
    // One mistake in three letters and two at most: with more, every short word would be near another.
    let limit = (word.chars().count() / 3).min(2);
    candidates
        .into_iter()
        .map(|candidate| (levenshtein(&word, &plain(candidate)), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The letters and digits alone, in lower case: `Account A` is near `account_a`.
fn plain(word: &str) -> String {
    // No known word is longer, and the time to compare two words grows with both.
    word.chars().filter(|c| c.is_alphanumeric()).take(64).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses_are_found_and_far_words_are_not() {
        let known = ["region", "account_a", "account_b", "note"];
        assert_eq!(nearest("regoin", known), Some("region"));
        assert_eq!(nearest("Account A", known), Some("account_a"));
        assert_eq!(nearest("NOTES", known), Some("note"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("", known), None);
    }
}
