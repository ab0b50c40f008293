//! XML answers: one closed root, no document type, no entities but the five of XML.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::node::{MAX_DEPTH, Node, Unreadable};

/// An element whose end is not read yet.
struct Open {
    name: String,
    text: String,
    fields: Vec<(String, Node)>,
}

/// Reads one document; the root's name is dropped.
pub(super) fn parse(text: &str) -> Result<Node, Unreadable> {
    let mut reader = Reader::from_str(text);
    let mut tree = Tree { open: Vec::new(), root: None };
    loop {
        let event = reader
            .read_event()
            .map_err(|_| Unreadable(format!("XML broken at byte {}", reader.error_position())))?;
        match event {
            Event::Start(tag) => tree.start(&tag)?,
            Event::Empty(tag) => {
                tree.start(&tag)?;
                tree.end()?;
            }
            Event::End(_) => tree.end()?,
            Event::Text(piece) => tree.text(&piece.xml10_content())?,
            Event::CData(piece) => tree.text(&piece.xml10_content())?,
            Event::GeneralRef(entity) => tree.text(resolve(&entity)?.encode_utf8(&mut [0; 4]))?,
            Event::Comment(_) | Event::Decl(_) => {}
            Event::PI(_) | Event::DocType(_) => {
                return Err(Unreadable("holds a document type or an instruction".into()));
            }
            Event::Eof => return tree.finish(),
        }
    }
}

/// The document read so far.
struct Tree {
    open: Vec<Open>,
    root: Option<Node>,
}

impl Tree {
    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), Unreadable> {
        if self.root.is_some() {
            return Err(Unreadable("something follows the answer".into()));
        }
        if self.open.len() == MAX_DEPTH {
            return Err(Unreadable(format!("nested deeper than {MAX_DEPTH}")));
        }
        let name = tag.local_name().as_ref().to_owned();
        self.open.push(Open { name, text: String::new(), fields: Vec::new() });
        Ok(())
    }

    fn text(&mut self, piece: &str) -> Result<(), Unreadable> {
        match self.open.last_mut() {
            Some(open) => open.text.push_str(piece),
            None if piece.trim().is_empty() => {}
            None => return Err(Unreadable("text outside the answer".into())),
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Unreadable> {
        let Some(Open { name, text, fields }) = self.open.pop() else {
            return Err(Unreadable("an end without a start".into()));
        };
        let node = match (fields.is_empty(), text.trim().is_empty()) {
            (true, _) => Node::Text(text),
            (false, true) => Node::Fields(fields),
            (false, false) => return Err(Unreadable(format!("text beside fields in `{name}`"))),
        };
        match self.open.last_mut() {
            Some(parent) => parent.fields.push((name, node)),
            None => self.root = Some(node),
        }
        Ok(())
    }

    fn finish(self) -> Result<Node, Unreadable> {
        match self.root {
            Some(root) if self.open.is_empty() => Ok(root),
            _ => Err(Unreadable("the answer ends before its root".into())),
        }
    }
}

/// The character of `&#…;` or of one of the five entities of XML.
fn resolve(entity: &BytesRef<'_>) -> Result<char, Unreadable> {
    let unknown = || Unreadable("an entity that XML does not define".into());
    if let Some(c) = entity.resolve_char_ref().map_err(|_| unknown())? {
        return Ok(c);
    }
    match entity.xml10_content().as_ref() {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => Err(unknown()),
    }
}
