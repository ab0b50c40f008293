//! Elements of EC2's answers.

use crate::sandbox::http::xml_text;

/// `<name>text</name>`.
pub(super) fn leaf(name: &str, text: impl AsRef<str>) -> String {
    format!("<{name}>{}</{name}>", xml_text(text.as_ref()))
}

/// `<name>inner</name>`, where `inner` is XML.
pub(super) fn node(name: &str, inner: impl AsRef<str>) -> String {
    format!("<{name}>{}</{name}>", inner.as_ref())
}

/// `<name><item>…</item>…</name>`, or `<name/>` for none.
pub(super) fn set(name: &str, items: impl IntoIterator<Item = String>) -> String {
    let items: String = items.into_iter().map(|item| node("item", item)).collect();
    if items.is_empty() { format!("<{name}/>") } else { node(name, items) }
}

/// A leaf, unless the text is empty.
pub(super) fn leaf_if(name: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { leaf(name, text) }
}
