//! Where commands go: plain text, a JSON array or CSV.

use std::io::{self, Write};

use serde::Serialize;

use crate::model::{AccountId, GroupRef, Provider, escape_control};
use crate::report::PlainJson;
use crate::report::csv::csv_safe;
use crate::report::html::markup::html;
use crate::report::{Format, ReportError};

const HTML_HEAD: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
    <title>unpair commands</title>\n<pre>\n";
const HTML_END: &str = "</pre>\n</html>\n";

/// A writer of commands in one format.
pub(super) struct Sink<'a> {
    out: &'a mut dyn Write,
    format: Format,
    written: u64,
    owner: Option<(Provider, AccountId)>,
}

#[derive(Serialize)]
struct CommandRow<'a> {
    account: &'a str,
    cloud: &'a str,
    region: &'a str,
    command: &'a str,
}

impl<'a> Sink<'a> {
    /// Writes the beginning.
    pub(super) fn open(out: &'a mut dyn Write, format: Format) -> io::Result<Self> {
        match format {
            Format::Json => write!(out, "[")?,
            Format::Csv => writeln!(out, "account,cloud,region,command")?,
            Format::Html => out.write_all(HTML_HEAD.as_bytes())?,
            Format::Table => {}
        }
        Ok(Self { out, format, written: 0, owner: None })
    }

    /// A comment; text to be read has them.
    pub(super) fn comment(&mut self, text: &str) -> io::Result<()> {
        if self.is_text() {
            if self.written > 0 {
                self.line("")?;
            }
            for line in text.lines() {
                self.line(&format!("# {}", escape_control(line)))?;
            }
        }
        Ok(())
    }

    /// A line of text; on a page nothing of it is markup.
    fn line(&mut self, text: &str) -> io::Result<()> {
        match self.format {
            Format::Html => writeln!(self.out, "{}", html(text)),
            Format::Table | Format::Json | Format::Csv => writeln!(self.out, "{text}"),
        }
    }

    /// A command to be run with the credentials of the owner of `group`.
    pub(super) fn command(&mut self, group: &GroupRef, command: &str) -> Result<(), ReportError> {
        let row = CommandRow {
            account: group.account.as_str(),
            cloud: group.cloud.as_str(),
            region: group.region.as_str(),
            command,
        };
        match self.format {
            Format::Json => {
                write!(self.out, "{}", if self.written == 0 { "\n  " } else { ",\n  " })?;
                serde_json::to_writer(PlainJson(&mut *self.out), &row)?;
            }
            Format::Csv => {
                let cells = [row.account, row.cloud, row.region, row.command].map(csv_safe);
                csv::Writer::from_writer(&mut *self.out)
                    .write_record(cells.iter().map(|cell| cell.as_bytes()))?;
            }
            Format::Table | Format::Html => {
                self.name_owner(group)?;
                self.line(command)?;
            }
        }
        self.written += 1;
        Ok(())
    }

    /// Writes the end; returns how many commands there were.
    pub(super) fn close(self) -> io::Result<u64> {
        match self.format {
            Format::Json if self.written == 0 => writeln!(self.out, "]")?,
            Format::Json => writeln!(self.out, "\n]")?,
            Format::Html => self.out.write_all(HTML_END.as_bytes())?,
            Format::Csv | Format::Table => {}
        }
        self.out.flush()?;
        Ok(self.written)
    }

    fn is_text(&self) -> bool {
        matches!(self.format, Format::Table | Format::Html)
    }

    /// `# account A`, wherever the account changes.
    fn name_owner(&mut self, group: &GroupRef) -> io::Result<()> {
        let owner = (group.cloud, group.account.clone());
        if self.owner.as_ref() != Some(&owner) {
            self.line("")?;
            self.line(&format!("# account {} ({})", escape_control(owner.1.as_str()), owner.0))?;
            self.owner = Some(owner);
        }
        Ok(())
    }
}
