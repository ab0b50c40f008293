//! Tables whose items the page's script filters and sorts, and which a small screen shows as cards.

use std::fmt::Write as _;

use super::limit::Shown;
use super::markup::html;
use crate::report::text::thousands;

/// The columns of a table.
pub(super) struct Columns {
    class: &'static str,
    titles: &'static [&'static str],
}

/// A title, and the class of its cells.
fn split(column: &'static str) -> (&'static str, &'static str) {
    match column.strip_prefix('#') {
        Some(title) => (title, " class=\"number\""),
        None => (column, ""),
    }
}

impl Columns {
    /// Those of a table of this class; the titles of numbers begin with `#`.
    pub(super) const fn new(class: &'static str, titles: &'static [&'static str]) -> Self {
        Self { class, titles }
    }

    /// A whole table of `items`.
    pub(super) fn table(&self, items: &str) -> String {
        let mut table = format!("<table class=\"list {}\">\n<thead><tr>", self.class);
        for (title, class) in self.titles.iter().copied().map(split) {
            // Writing to a String cannot fail.
            let _ = write!(table, "<th scope=\"col\"{class}>{}</th>", html(title));
        }
        table.push_str("</tr></thead>\n");
        table.push_str(items);
        table.push_str("</table>\n");
        table
    }

    /// A table of what is shown, then what is left out and where that is; nothing without items.
    pub(super) fn list(&self, shown: &Shown, command: &str) -> String {
        if shown.total == 0 {
            return String::new();
        }
        self.table(&shown.items) + &shown.rest(command)
    }

    /// An item of cells that are HTML.
    pub(super) fn item(&self, cells: &[String]) -> String {
        format!("<tbody>{}</tbody>\n", self.row(cells))
    }

    /// An item that links may lead to, with HTML below its cells, if there is any.
    pub(super) fn anchored(&self, id: &str, cells: &[String], below: &str) -> String {
        let mut rows = self.row(cells);
        if !below.is_empty() {
            let columns = self.titles.len();
            let _ = write!(rows, "<tr><td class=\"below\" colspan=\"{columns}\">{below}</td></tr>");
        }
        format!("<tbody id=\"{id}\">{rows}</tbody>\n")
    }

    fn row(&self, cells: &[String]) -> String {
        let mut row = "<tr>".to_owned();
        for ((title, class), cell) in self.titles.iter().copied().map(split).zip(cells) {
            let _ = write!(row, "<td{class} data-label=\"{}\">{cell}</td>", html(title));
        }
        row.push_str("</tr>");
        row
    }
}

/// A number as a cell; none is a dash, so that what matters stands out.
pub(super) fn number(n: u64) -> String {
    if n == 0 { "<span class=\"none\">–</span>".to_owned() } else { thousands(n) }
}
