//! XML answers as the tree that JSON answers are read into.

use super::{Node, Unreadable};
use crate::cloud::xml::Element;

/// Reads one document; the root's name is dropped.
pub(super) fn parse(body: &[u8]) -> Result<Node, Unreadable> {
    Element::parse(body).map(|root| node(root).1).map_err(|why| Unreadable(why.to_string()))
}

fn node(element: Element<'_>) -> (String, Node) {
    let value = if element.children.is_empty() {
        Node::Text(element.text.into_owned())
    } else {
        Node::Fields(element.children.into_iter().map(node).collect())
    };
    (element.name.to_owned(), value)
}
