//! XML answers of both clouds as a tree of elements, read strictly.
//!
//! A document counts only when it is whole: the parser underneath accepts truncated ones, and an
//! answer cut short must never look like a short list.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

#[cfg(test)]
mod tests;

/// Deepest nesting of an answer; real ones have less than ten levels.
pub(super) const MAX_DEPTH: usize = 32;
/// Most values of an answer: more than a full page of the largest groups has, and what keeps the
/// tree of the longest body within 64 MiB.
pub(super) const MAX_VALUES: usize = 500_000;
/// Most fields of one record; real ones have less than 40.
pub(super) const MAX_FIELDS: usize = 128;

/// Why a body is not a document that can be trusted. Nothing of the body is quoted: it may hold a
/// secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum XmlError {
    /// Not XML at all, such as the HTML of a gateway.
    #[error("not XML: {0}")]
    NotXml(String),
    /// The document ends before its root element does.
    #[error("the document is cut short")]
    Cut,
    /// Something follows the root element.
    #[error("text after the end of the document")]
    Trailing,
    /// A document type definition or an instruction, which no answer has.
    #[error("a document type definition or an instruction, expected none")]
    DocType,
    /// Text beside elements, which no answer has.
    #[error("text beside elements")]
    Mixed,
    /// A field that stands more than once in a record: which of them holds is not known.
    #[error("a field that is missing or appears more than once")]
    Repeated,
    /// More than the deepest nesting that is read.
    #[error("nested deeper than {MAX_DEPTH} elements")]
    TooDeep,
    /// More than the largest tree that is kept.
    #[error("more than {MAX_VALUES} elements, or {MAX_FIELDS} fields in one")]
    TooLarge,
}

/// An element: a text, a record whose fields are all different, or a list of elements that all
/// have one name. Names and texts are those of the body: a long listing has a million of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Element<'b> {
    /// The name without a namespace prefix.
    pub(super) name: &'b str,
    /// The text directly inside it, entities resolved; empty where there are children.
    pub(super) text: Cow<'b, str>,
    /// The elements inside it.
    pub(super) children: Vec<Self>,
}

impl<'b> Element<'b> {
    /// Reads a whole document and returns its root.
    pub(super) fn parse(body: &'b [u8]) -> Result<Self, XmlError> {
        let text = std::str::from_utf8(body).map_err(|_| not_xml("not UTF-8"))?;
        let mut reader = Reader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
        let mut tree = Tree { body: text, open: Vec::new(), root: None, count: 0 };
        loop {
            let event = reader
                .read_event()
                .map_err(|_| not_xml(&format!("broken at byte {}", reader.error_position())))?;
            if matches!(event, Event::Eof) {
                return tree.finish();
            }
            tree.take(event)?;
        }
    }
}

/// A document in the making: the elements that are open, outermost first, and the root once it
/// is closed.
struct Tree<'b> {
    body: &'b str,
    open: Vec<Element<'b>>,
    root: Option<Element<'b>>,
    count: usize,
}

impl<'b> Tree<'b> {
    fn take(&mut self, event: Event<'b>) -> Result<(), XmlError> {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::Empty(tag) => {
                self.start(&tag)?;
                self.end()
            }
            Event::End(_) => self.end(),
            Event::Text(text) => self.text(text.xml10_content()),
            Event::CData(text) => self.text(text.xml10_content()),
            Event::GeneralRef(entity) => self.text(resolve(&entity)?.to_string().into()),
            Event::Decl(text) if text.contains('<') => Err(not_xml("a tag within a tag")),
            Event::DocType(_) | Event::PI(_) => Err(XmlError::DocType),
            Event::Comment(_) | Event::Decl(_) | Event::Eof => Ok(()),
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), XmlError> {
        // Elements that stand in the value of an attribute would be passed over.
        if tag.contains('<') {
            return Err(not_xml("a tag within a tag"));
        }
        if self.root.is_some() {
            return Err(XmlError::Trailing);
        }
        if self.open.len() == MAX_DEPTH {
            return Err(XmlError::TooDeep);
        }
        self.count += 1;
        if self.count > MAX_VALUES {
            return Err(XmlError::TooLarge);
        }
        let name = within(self.body, tag.local_name().into_inner())
            .ok_or_else(|| not_xml("a name that does not stand in it"))?;
        self.open.push(Element { name, ..Element::default() });
        Ok(())
    }

    fn end(&mut self) -> Result<(), XmlError> {
        let mut closed =
            self.open.pop().ok_or_else(|| not_xml("an end tag without a start tag"))?;
        check_children(&closed)?;
        if !closed.children.is_empty() {
            closed.text = Cow::default();
        }
        closed.children.shrink_to_fit();
        match self.open.last_mut() {
            Some(parent) => parent.children.push(closed),
            None => self.root = Some(closed),
        }
        Ok(())
    }

    fn text(&mut self, text: Cow<'b, str>) -> Result<(), XmlError> {
        match self.open.last_mut() {
            Some(element) => element.text += text,
            None if text.trim().is_empty() => {}
            None if self.root.is_some() => return Err(XmlError::Trailing),
            None => return Err(not_xml("text before the first element")),
        }
        Ok(())
    }

    fn finish(self) -> Result<Element<'b>, XmlError> {
        match self.root {
            Some(root) => Ok(root),
            None if self.open.is_empty() => Err(not_xml("no element")),
            None => Err(XmlError::Cut),
        }
    }
}

/// `part` as it stands in `whole`, if it does: the parser lends names for shorter than texts.
fn within<'b>(whole: &'b str, part: &str) -> Option<&'b str> {
    let at = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    whole.get(at..at.checked_add(part.len())?).filter(|found| *found == part)
}

/// Refuses what is neither text nor record nor list: of two lists of one name, the first may be
/// empty.
fn check_children(element: &Element<'_>) -> Result<(), XmlError> {
    let [first, others @ ..] = element.children.as_slice() else { return Ok(()) };
    if !element.text.trim().is_empty() {
        return Err(XmlError::Mixed);
    }
    if others.iter().all(|other| other.name == first.name) {
        return Ok(());
    }
    if element.children.len() > MAX_FIELDS {
        return Err(XmlError::TooLarge);
    }
    let names = || element.children.iter().map(|child| child.name);
    let repeated = names().enumerate().any(|(ix, name)| names().skip(ix + 1).any(|n| n == name));
    if repeated { Err(XmlError::Repeated) } else { Ok(()) }
}

/// A character reference, or one of the five entities that XML itself defines.
fn resolve(entity: &BytesRef<'_>) -> Result<char, XmlError> {
    match entity.as_ref() {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => entity
            .resolve_char_ref()
            .ok()
            .flatten()
            .ok_or_else(|| not_xml("an entity that XML does not define")),
    }
}

fn not_xml(why: &str) -> XmlError {
    XmlError::NotXml(why.to_owned())
}
