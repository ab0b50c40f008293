//! Text as HTML, and rows of tables.

use std::fmt::Write as _;

use crate::model::escape_control;

/// `text` as HTML shows it word for word.
pub(in crate::report) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in escape_control(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// An id that is never broken, over what it is of.
pub(super) fn over(id: &str, of: &str) -> String {
    format!("<code>{}</code><br><small>{}</small>", html(id), html(of))
}

/// A row of a table of cells that are HTML; `class` is a word of ours.
pub(super) fn row(tag: &str, class: &str, cells: &[String]) -> String {
    let mut out = format!("<tr class=\"{class}\">");
    for cell in cells {
        // Writing to a String cannot fail.
        let _ = write!(out, "<{tag}>{cell}</{tag}>");
    }
    out.push_str("</tr>\n");
    out
}

/// The head of a table.
pub(super) fn head<const N: usize>(titles: [&str; N]) -> String {
    format!("<table>\n{}", row("th", "", &titles.map(html)))
}
