//! The history as columns over time: what was read, changed, throttled and refused.

use std::fmt::Write as _;

use super::history::{Counts, History, Timeline};
use super::tone::Tone;
use crate::report::text::{duration, rfc3339, thousands, whole_seconds};

/// What is counted, in the order of [`Counts`]: from the bottom of a column to its top.
const SERIES: [(&str, Tone); 4] = [
    ("groups read", Tone::Idle),
    ("changes accepted", Tone::Fair),
    ("changes throttled", Tone::Doubt),
    ("refused, failed or put off", Tone::Bad),
];
/// How high the highest column is, in units of its own.
const HEIGHT: u64 = 1_000;
/// How wide a column with the gap after it is, in the same.
const PITCH: usize = 10;
/// How wide it is without.
const WIDTH: usize = 9;
/// How many columns there is room for at least, so that none gets as wide as a table.
const FEWEST: usize = 30;

/// A figure for each process; nothing if none read or changed anything.
pub(super) fn timeline(history: &History) -> String {
    if history.processes.is_empty() {
        return String::new();
    }
    let mut told = "<ul class=\"legend\">".to_owned();
    for (word, tone) in SERIES {
        // Writing to a String cannot fail.
        let _ = write!(told, "<li><span class=\"swatch {}\"></span>{word}</li>", tone.fill());
    }
    told.push_str("</ul>\n");
    if history.earlier > 0 {
        let _ = writeln!(told, "<p>…and {} earlier processes</p>", thousands(history.earlier));
    }
    history.processes.iter().for_each(|process| told.push_str(&figure(process)));
    told.push_str(
        "<p class=\"quiet\">The journal tells when a group was read and when a change was answered. Reads that \
         were throttled and sent again are counted under Calls alone.</p>\n",
    );
    told
}

/// The columns of one process, and the same in numbers.
fn figure(process: &Timeline) -> String {
    let highest = process.spans.iter().map(height).max().unwrap_or_default();
    let total = process.total();
    let words: Vec<String> = SERIES
        .iter()
        .zip(total)
        .filter(|(_, n)| *n > 0)
        .map(|((word, _), n)| format!("{word}: {}", thousands(n)))
        .collect();
    let places = process.spans.len().max(FEWEST);
    let length = process.span_ms.saturating_mul(places as u64);
    let end = process.from_ms.saturating_add(i64::try_from(length).unwrap_or(i64::MAX));
    format!(
        "<figure>\n<figcaption>{}. A column is {}, the highest one {}.</figcaption>\n\
         <svg class=\"timeline\" viewBox=\"0 0 {} {HEIGHT}\" preserveAspectRatio=\"none\" \
         aria-hidden=\"true\">{}</svg>\n\
         <div class=\"ends\"><span>{}</span><span>{}</span></div>\n</figure>\n",
        words.join(", "),
        span(process.span_ms),
        thousands(highest),
        places * PITCH,
        columns(&process.spans, highest),
        rfc3339(process.from_ms),
        rfc3339(end),
    )
}

fn height(span: &Counts) -> u64 {
    span.iter().sum()
}

/// How long a column stands for.
fn span(ms: u64) -> String {
    if ms < 1_000 {
        return format!("{ms} ms");
    }
    duration(whole_seconds(i64::try_from(ms).unwrap_or(i64::MAX)))
}

fn columns(spans: &[Counts], highest: u64) -> String {
    let mut drawn = String::new();
    for (at, span) in spans.iter().enumerate() {
        let mut below = 0;
        for (n, (word, tone)) in span.iter().zip(SERIES).filter(|(n, _)| **n > 0) {
            let bottom = HEIGHT - below * HEIGHT / highest;
            below += n;
            let top = HEIGHT - below * HEIGHT / highest;
            let _ = write!(
                drawn,
                "<rect class=\"{}\" x=\"{}\" y=\"{top}\" width=\"{WIDTH}\" height=\"{}\">\
                 <title>{word}: {}</title></rect>",
                tone.fill(),
                at * PITCH,
                bottom - top,
                thousands(*n)
            );
        }
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_a_stack_that_ends_at_its_height() {
        let drawn = columns(&[[1, 1, 2, 0], [0, 0, 0, 0], [0, 2, 0, 0]], 4);
        let places: Vec<&str> = drawn
            .split("<rect ")
            .skip(1)
            .map(|rect| rect.split("><").next().unwrap_or(""))
            .collect();
        assert_eq!(
            places,
            [
                r#"class="fill-idle" x="0" y="750" width="9" height="250""#,
                r#"class="fill-fair" x="0" y="500" width="9" height="250""#,
                r#"class="fill-doubt" x="0" y="0" width="9" height="500""#,
                r#"class="fill-fair" x="20" y="500" width="9" height="500""#,
            ]
        );
    }

    #[test]
    fn without_any_row_nothing_is_drawn() {
        assert_eq!(timeline(&History::default()), "");
    }
}
