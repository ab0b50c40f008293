//! The text of the AWS tools' `config` and `credentials` files, read line by line as botocore reads
//! it. A line that cannot be read is a fault of its section alone.

use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// A section of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Section {
    /// What stands in its brackets; empty for lines that stand in no section.
    pub(super) header: String,
    /// The line of the header, from 1.
    pub(super) line: usize,
    /// Its values by key in lower case; of a key that stands there twice, the later.
    pub(super) values: BTreeMap<String, Value>,
    /// The first line that cannot be read, and why.
    pub(super) fault: Option<(usize, String)>,
}

/// A value, without the blanks around it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Value {
    /// Lines that go on with it are joined to it by a line end.
    pub(super) text: String,
    /// Its line, from 1.
    pub(super) line: usize,
}

/// Reads a file. An error says what kind of file it is instead.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Section>, String> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err("is UTF-16, expected UTF-8: save it again as UTF-8".to_owned());
    }
    let text = String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    let mut reader = Reader { sections: Vec::new(), key: None, indent: 0 };
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    for (number, line) in lines.split('\n').enumerate() {
        reader.line(number + 1, line);
    }
    Ok(reader.sections)
}

struct Reader {
    sections: Vec<Section>,
    /// The key that the next line may go on with.
    key: Option<String>,
    /// How far the last line was indented that does not go on with another.
    indent: usize,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str) {
        let text = line.trim();
        if text.is_empty() || text.starts_with(['#', ';']) {
            return;
        }
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        if let Some(value) = self.continued(indent) {
            value.text.push('\n');
            value.text.push_str(text);
            return;
        }
        self.indent = indent;
        self.key = None;
        if text.starts_with('[') {
            self.header(number, text);
        } else {
            self.value(number, text);
        }
    }

    /// The value that a line with this indent goes on with.
    fn continued(&mut self, indent: usize) -> Option<&mut Value> {
        let key = self.key.as_ref().filter(|_| indent > self.indent)?;
        self.sections.last_mut()?.values.get_mut(key)
    }

    fn header(&mut self, line: usize, text: &str) {
        let header = text[1..].split_once(']').map(|(header, _)| header.trim());
        let mut section =
            Section { header: header.unwrap_or_default().into(), line, ..Section::default() };
        if header.is_none_or(str::is_empty) {
            section.fault = Some((line, "expected `]` after the name of a section".to_owned()));
        }
        self.sections.push(section);
    }

    fn value(&mut self, line: usize, text: &str) {
        if self.sections.is_empty() {
            let why = "is in no section: expected `[default]` or another one before it";
            let fault = Some((line, why.to_owned()));
            self.sections.push(Section { line, fault, ..Section::default() });
        }
        let Some(section) = self.sections.last_mut() else { return };
        let parts = text.split_once(['=', ':']).map(|(key, value)| (key.trim(), value));
        let Some((key, value)) = parts.filter(|(key, _)| !key.is_empty()) else {
            let why = "expected `key = value`, `[section]` or `# comment`".to_owned();
            section.fault.get_or_insert((line, why));
            return;
        };
        let key = key.to_lowercase();
        let text = uncommented(&key, value).to_owned();
        section.values.insert(key.clone(), Value { text, line });
        self.key = Some(key);
    }
}

/// A value without the comment behind it. A command keeps it: the shell knows better.
fn uncommented<'v>(key: &str, value: &'v str) -> &'v str {
    let begins = |&(at, c): &(usize, char)| {
        matches!(c, '#' | ';') && value[..at].ends_with(char::is_whitespace)
    };
    match value.char_indices().find(begins) {
        Some((at, _)) if key != "credential_process" => value[..at].trim(),
        _ => value.trim(),
    }
}
