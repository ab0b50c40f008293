//! Numbers, times and paragraphs as people read them.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use jiff::Timestamp;
use unicode_width::UnicodeWidthStr as _;

use crate::model::{Source, escape_control};

pub(super) use crate::model::{clock, thousands};

/// `1 rule`, `2 rules`.
pub(super) fn count(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", thousands(n), if n == 1 { "" } else { "s" })
}

/// Seconds as `42 s`, `3 min 12 s` or `2 h 5 min`.
pub(super) fn duration(seconds: u64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0) => "under 1 s".to_owned(),
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{} h {m} min", thousands(h)),
    }
}

/// Milliseconds as whole seconds, to the nearest.
pub(super) fn whole_seconds(ms: i64) -> u64 {
    u64::try_from(ms.saturating_add(500) / 1000).unwrap_or_default()
}

/// Milliseconds since 1970 in RFC 3339, to the millisecond, in UTC.
pub(super) fn rfc3339(ms: i64) -> String {
    match Timestamp::from_millisecond(ms) {
        Ok(time) => format!("{time:.3}"),
        // Beyond the year 9999: the number says more than nothing.
        Err(_) => ms.to_string(),
    }
}

/// `FILE:LINE` of a line in the whole input.
pub(super) fn locate(sources: &[Source], line: u32) -> String {
    let at = sources.partition_point(|source| source.first_line < line);
    match at.checked_sub(1).and_then(|at| sources.get(at)) {
        Some(source) => format!("{}:{}", source.name, line - source.first_line),
        None => format!("line {line}"),
    }
}

/// Wraps `text` at spaces to `width` columns, if there are any; the first line starts with `first`
/// spaces, the others with `hanging`. Words longer than a line stay whole, so that ids can be copied.
pub(super) fn wrap(text: &str, width: Option<u16>, first: usize, hanging: usize) -> String {
    let mut out = " ".repeat(first);
    let mut used = first;
    let mut fresh = true;
    for word in text.split(' ') {
        let columns = word.width();
        if !fresh && !fits(used + 1 + columns, width) {
            // Writing to a String cannot fail.
            let _ = write!(out, "\n{}", " ".repeat(hanging));
            used = hanging;
            fresh = true;
        }
        if !fresh {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += columns;
        fresh = false;
    }
    out
}

/// Whether a line of so many columns fits; every line fits where there is no width.
fn fits(columns: usize, width: Option<u16>) -> bool {
    width.is_none_or(|width| columns <= usize::from(width))
}

/// Joins `parts` by ` · `, breaking lines between parts where they do not fit; the lines after
/// the first are indented by two.
pub(super) fn wrap_parts(parts: &[String], width: Option<u16>) -> String {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if fits(line.width() + 5 + part.width(), width) => {
                line.push_str(" · ");
                line.push_str(part);
            }
            _ => lines.push(part.clone()),
        }
    }
    let indents = std::iter::once(0).chain(std::iter::repeat(2));
    let wrapped = lines.iter().zip(indents).map(|(line, first)| wrap(line, width, first, 4));
    wrapped.collect::<Vec<_>>().join("\n")
}

/// Columns below which a table is not squeezed any further.
const NARROWEST: u16 = 40;

/// A table without lines: a header, cells escaped and wrapped to `width`, the columns in
/// `right` aligned to the right, two spaces between columns.
pub(super) fn grid(
    header: &[&str],
    right: &[usize],
    rows: &[Vec<String>],
    width: Option<u16>,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width.max(NARROWEST));
    }
    table.set_header(header.iter().map(ToString::to_string).collect::<Vec<_>>());
    for row in rows {
        table.add_row(row.iter().map(|cell| escape_control(cell).into_owned()).collect::<Vec<_>>());
    }
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if right.contains(&at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([0, 999, 1000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(count(1, "pair"), "1 pair");
        assert_eq!(count(1200, "rule"), "1,200 rules");
    }

    #[test]
    fn durations_show_their_two_largest_units() {
        assert_eq!([59, 192, 7500].map(duration), ["59 s", "3 min 12 s", "2 h 5 min"]);
        assert_eq!(duration(0), "under 1 s");
    }

    #[test]
    fn times_are_rfc_3339_in_utc() {
        assert_eq!(rfc3339(1_700_000_000_123), "2023-11-14T22:13:20.123Z");
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(clock(1_700_000_000_123), "2023-11-14 22:13Z");
        assert_eq!(rfc3339(i64::MAX), i64::MAX.to_string());
    }

    #[test]
    fn a_line_is_told_by_its_own_file() {
        let sources = [
            Source { name: "one.csv".into(), first_line: 0, digest: None },
            Source { name: "two.csv".into(), first_line: 10, digest: None },
        ];
        assert_eq!(locate(&sources, 10), "one.csv:10");
        assert_eq!(locate(&sources, 12), "two.csv:2");
        assert_eq!(locate(&[], 3), "line 3");
    }

    #[test]
    fn paragraphs_wrap_at_spaces_and_never_inside_a_word() {
        assert_eq!(wrap("one two three", Some(9), 2, 4), "  one two\n    three");
        assert_eq!(wrap("a sg-0123456789abcdef0", Some(10), 0, 2), "a\n  sg-0123456789abcdef0");
        assert_eq!(wrap("安全 组", Some(6), 0, 0), "安全\n组");
    }

    #[test]
    fn parts_break_between_each_other_first() {
        let parts = ["one two".to_owned(), "three".to_owned(), "four".to_owned()];
        assert_eq!(wrap_parts(&parts, Some(80)), "one two · three · four");
        assert_eq!(wrap_parts(&parts, Some(18)), "one two · three\n  four");
        assert_eq!(wrap_parts(&parts, Some(6)), "one\n    two\n  three\n  four");
    }

    #[test]
    fn without_a_width_nothing_is_wrapped() {
        let words = vec!["word"; 100];
        assert_eq!(wrap(&words.join(" "), None, 2, 4), format!("  {}", words.join(" ")));
        let parts: Vec<String> = words.iter().map(ToString::to_string).collect();
        assert_eq!(wrap_parts(&parts, None), words.join(" · "));
        let text = grid(&["NAME"], &[], &[vec![words.join(" ")]], None);
        assert_eq!(text.lines().nth(1), Some(&*words.join(" ")));
    }

    #[test]
    fn a_grid_has_no_lines_and_no_trailing_space() {
        let rows = [vec!["a\x1b".to_owned(), "1".to_owned()], vec!["b".into(), "10".into()]];
        assert_eq!(
            grid(&["NAME", "N"], &[1], &rows, Some(80)),
            "NAME      N\na\\u{1b}   1\nb        10\n"
        );
    }
}
