//! XML of EC2 and STS as a tree of elements, read strictly.
//!
//! A document counts only when it is whole: the parser underneath accepts truncated ones, and an
//! answer cut short must never look like a short list.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};

#[cfg(test)]
mod tests;

/// Deepest nesting that is read. EC2's answers use less than ten levels.
const MAX_DEPTH: usize = 32;

/// Why a body is not a document that can be trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum WireError {
    /// Not XML at all, such as the HTML of a gateway.
    #[error("not XML: {0}")]
    NotXml(String),
    /// The document ends before its root element does.
    #[error("the document is cut short")]
    Cut,
    /// Something follows the root element.
    #[error("text after the end of the document")]
    Trailing,
    /// A document type definition, which no answer has.
    #[error("a document type definition, expected none")]
    DocType,
    /// More than the deepest nesting that is read.
    #[error("nested deeper than {MAX_DEPTH} elements")]
    TooDeep,
}

/// An element: its local name, its text and its children.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    /// The name without a namespace prefix.
    pub(super) name: String,
    /// The text directly inside it, entities resolved; of no use where there are children.
    pub(super) text: String,
    /// The elements inside it.
    pub(super) children: Vec<Self>,
}

impl Element {
    /// Reads a whole document and returns its root.
    pub(super) fn parse(body: &[u8]) -> Result<Self, WireError> {
        let text = std::str::from_utf8(body).map_err(|_| not_xml("not UTF-8"))?;
        let mut reader = Reader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
        let mut tree = Tree::default();
        loop {
            let event = reader.read_event().map_err(|error| not_xml(&error.to_string()))?;
            if matches!(event, Event::Eof) {
                return tree.finish();
            }
            tree.take(event)?;
        }
    }

    /// The first child called `name`.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the child `name`, unless it is empty or not there.
    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.trim()).filter(|text| !text.is_empty())
    }

    /// The `item` children of the child `name`; none if that is not there.
    pub(super) fn items<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Self> + use<'a> {
        let list = self.child(name).map(|list| list.children.as_slice()).unwrap_or_default();
        list.iter().filter(|child| child.name == "item")
    }
}

/// A document in the making: the elements that are open, outermost first, and the root once it
/// is closed.
#[derive(Default)]
struct Tree {
    open: Vec<Element>,
    root: Option<Element>,
}

impl Tree {
    fn take(&mut self, event: Event<'_>) -> Result<(), WireError> {
        match event {
            Event::Start(tag) => self.start(tag.local_name().into_inner()),
            Event::Empty(tag) => {
                self.start(tag.local_name().into_inner())?;
                self.end()
            }
            Event::End(_) => self.end(),
            Event::Text(text) => self.text(&text.xml10_content()),
            Event::CData(text) => self.text(&text.xml10_content()),
            Event::GeneralRef(entity) => self.text(&resolve(&entity)?.to_string()),
            Event::DocType(_) => Err(WireError::DocType),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::Eof => Ok(()),
        }
    }

    fn start(&mut self, name: &str) -> Result<(), WireError> {
        if self.root.is_some() {
            return Err(WireError::Trailing);
        }
        if self.open.len() == MAX_DEPTH {
            return Err(WireError::TooDeep);
        }
        self.open.push(Element { name: name.to_owned(), ..Element::default() });
        Ok(())
    }

    fn end(&mut self) -> Result<(), WireError> {
        let closed = self.open.pop().ok_or_else(|| not_xml("an end tag without a start tag"))?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(closed),
            None => self.root = Some(closed),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), WireError> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None if self.root.is_some() => return Err(WireError::Trailing),
            None => return Err(not_xml("text before the first element")),
        }
        Ok(())
    }

    fn finish(self) -> Result<Element, WireError> {
        match self.root {
            Some(root) => Ok(root),
            None if self.open.is_empty() => Err(not_xml("no element")),
            None => Err(WireError::Cut),
        }
    }
}

/// A character reference, or one of the five entities that XML itself defines.
fn resolve(entity: &BytesRef<'_>) -> Result<char, WireError> {
    let unknown = || not_xml(&format!("the entity `{}`", entity.as_ref()));
    match entity.as_ref() {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => entity.resolve_char_ref().ok().flatten().ok_or_else(unknown),
    }
}

fn not_xml(why: &str) -> WireError {
    WireError::NotXml(why.to_owned())
}
