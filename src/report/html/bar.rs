//! Counts as a bar of coloured parts, with the same in words below it.

use std::fmt::Write as _;

use super::markup::html;
use super::tone::Tone;
use crate::report::text::{count, thousands};

/// How wide a bar is, in units of its own.
const WIDTH: u64 = 1_000;
/// How wide its narrowest part is, so that one of a million is seen.
const NARROWEST: u64 = 6;
/// What is left free between two parts.
const GAP: u64 = 2;

/// A part of a bar: its word, how many, and how good that is.
pub(super) type Part = (String, u64, Tone);

/// `total` of `noun`, part by part; nothing if there are none.
pub(super) fn bar(noun: &str, total: u64, parts: &[Part]) -> String {
    let parts: Vec<&Part> = parts.iter().filter(|(_, n, _)| *n > 0).collect();
    let sum: u64 = parts.iter().map(|(_, n, _)| *n).sum();
    if sum == 0 {
        return String::new();
    }
    let shared = WIDTH.saturating_sub(parts.len() as u64 * (NARROWEST + GAP));
    let (mut drawn, mut legend, mut at) = (String::new(), String::new(), 0);
    for (word, n, tone) in parts {
        let width = NARROWEST + share(*n, sum, shared);
        let (word, n, fill) = (html(word), thousands(*n), tone.fill());
        // Writing to a String cannot fail.
        let _ = write!(
            drawn,
            "<rect class=\"{fill}\" x=\"{at}\" width=\"{width}\" height=\"20\"><title>{n} {word}</title></rect>"
        );
        let _ = write!(legend, "<li><span class=\"swatch {fill}\"></span>{n} {word}</li>");
        at += width + GAP;
    }
    format!(
        "<figure>\n<figcaption>{}</figcaption>\n\
         <svg class=\"bar\" viewBox=\"0 0 {WIDTH} 20\" preserveAspectRatio=\"none\" aria-hidden=\"true\">{drawn}</svg>\n\
         <ul class=\"legend\">{legend}</ul>\n</figure>\n",
        html(&count(total, noun))
    )
}

/// The part of `of` that `n` of `sum` are.
fn share(n: u64, sum: u64, of: u64) -> u64 {
    u64::try_from(u128::from(n) * u128::from(of) / u128::from(sum.max(1))).unwrap_or(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(n: u64) -> Part {
        ("open".to_owned(), n, Tone::Bad)
    }

    #[test]
    fn one_of_a_million_is_seen_and_nothing_sticks_out() {
        let shown = bar("pair", 1_000_000, &[part(1), part(999_999)]);
        assert!(shown.contains("x=\"0\" width=\"6\""), "{shown}");
        assert!(shown.contains("x=\"8\" width=\"989\""), "{shown}");
    }

    #[test]
    fn what_there_is_none_of_is_left_out() {
        assert_eq!(bar("pair", 0, &[part(0)]), "");
        assert_eq!(bar("pair", 3, &[part(0), part(3)]).matches("<rect").count(), 1);
    }

    #[test]
    fn counts_of_a_damaged_journal_fit_too() {
        assert_eq!(share(u64::MAX, u64::MAX, 984), 984);
    }
}
