//! The page around what it tells: its head with the content policy, the list of its sections, its
//! script.

use std::io::Write;

use super::policy::{SCRIPT, STYLE, content_policy};
use crate::report::ReportError;
use crate::report::text::thousands;

/// Whether a section shows its content at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fold {
    Open,
    Folded,
}

/// A part of the page with a title of its own; left out if its body is empty.
pub(super) struct Section {
    id: &'static str,
    title: String,
    fold: Fold,
    body: String,
}

impl Section {
    /// One that shows its content.
    pub(super) fn open(id: &'static str, title: &str, body: String) -> Self {
        Self { id, title: title.to_owned(), fold: Fold::Open, body }
    }

    /// One that shows its content when asked.
    pub(super) fn folded(id: &'static str, title: &str, body: String) -> Self {
        Self { fold: Fold::Folded, ..Self::open(id, title, body) }
    }

    /// The same with a title that tells how many items there are.
    pub(super) fn of(self, items: u64) -> Self {
        Self { title: format!("{}: {}", self.title, thousands(items)), ..self }
    }

    fn write(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let Self { id, title, fold, body } = self;
        match fold {
            Fold::Open => {
                write!(out, "<section id=\"{id}\">\n<h2>{title}</h2>\n{body}</section>\n")
            }
            Fold::Folded => write!(
                out,
                "<section id=\"{id}\">\n<details><summary><h2>{title}</h2></summary>\n{body}\
                 </details>\n</section>\n"
            ),
        }
    }
}

/// Writes a page of a cover and the sections that have a body.
pub(super) fn write_page(
    cover: &str,
    sections: &[Section],
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let sections = || sections.iter().filter(|section| !section.body.is_empty());
    write_head(out)?;
    writeln!(out, "{cover}<nav>")?;
    for Section { id, title, .. } in sections() {
        writeln!(out, "<a href=\"#{id}\">{title}</a>")?;
    }
    // The script shows the filter, which does nothing without it.
    out.write_all(
        b"</nav>\n<label class=\"filter\" hidden>Filter the rows <input type=\"search\" \
          placeholder=\"account, group, reason\"><output></output></label>\n<main>\n",
    )?;
    sections().try_for_each(|section| section.write(out))?;
    write!(out, "</main>\n<script>{SCRIPT}</script>\n</html>\n")?;
    Ok(out.flush()?)
}

fn write_head(out: &mut dyn Write) -> std::io::Result<()> {
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>unpair report</title>\n<style>{STYLE}</style>\n",
        content_policy()
    )
}
