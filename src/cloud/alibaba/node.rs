//! The tree of an answer, be it JSON or XML.

mod json;
mod xml;

/// A body that is not a complete, well-formed answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unreadable answer: {0}")]
pub(super) struct Unreadable(pub String);

/// A value. A list stands in its parent as fields of the same name, as XML has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// Text, a number or a truth value; an element without children.
    Text(String),
    /// Named values in the order of the answer.
    Fields(Vec<(String, Node)>),
}

impl Node {
    /// Reads a whole body: one JSON object or one XML document, nothing after it.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Unreadable> {
        match body.trim_ascii_start().first() {
            Some(b'{') => json::parse(body),
            Some(b'<') => xml::parse(body),
            Some(_) => Err(Unreadable("neither JSON nor XML".into())),
            None => Err(Unreadable("empty".into())),
        }
    }

    /// The field of that name; none if there are several, of which any may be the true one.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        let mut named = self.all(name);
        named.next().filter(|_| named.next().is_none())
    }

    /// Every field of that name.
    fn all(&self, name: &str) -> impl Iterator<Item = &Self> {
        let fields: &[(String, Self)] = match self {
            Self::Fields(fields) => fields,
            Self::Text(_) => &[],
        };
        fields.iter().filter(move |(field, _)| field == name).map(|(_, node)| node)
    }

    /// The text of a field; empty where it is absent.
    pub(super) fn text(&self, name: &str) -> &str {
        match self.get(name) {
            Some(Self::Text(text)) => text,
            _ => "",
        }
    }

    /// The text of a field, empty where it is absent. What is there and is no text, or is there
    /// several times, is not absent.
    pub(super) fn told(&self, name: &str) -> Result<&str, Unreadable> {
        let mut named = self.all(name);
        match (named.next(), named.next()) {
            (None, _) => Ok(""),
            (Some(Self::Text(text)), None) => Ok(text),
            _ => Err(Unreadable(format!("`{name}` is not one text"))),
        }
    }

    /// The names of the fields that hold something.
    pub(super) fn filled(&self) -> impl Iterator<Item = &str> {
        let fields: &[(String, Self)] = match self {
            Self::Fields(fields) => fields,
            Self::Text(_) => &[],
        };
        let empty = |node: &Self| matches!(node, Self::Text(text) if text.is_empty());
        fields.iter().filter(move |(_, node)| !empty(node)).map(|(name, _)| name.as_str())
    }

    /// The text of a field that must be there and not empty.
    pub(super) fn required(&self, name: &str) -> Result<&str, Unreadable> {
        match self.text(name) {
            "" => Err(Unreadable(format!("`{name}` is missing"))),
            text => Ok(text),
        }
    }

    /// The members of the list `outer { inner… }`, which may be empty but must be there, once,
    /// and hold nothing else: a list that is misread looks like an empty one.
    pub(super) fn list(&self, outer: &str, inner: &str) -> Result<Vec<&Self>, Unreadable> {
        let once = || Unreadable(format!("`{outer}` is missing or appears more than once"));
        match self.get(outer).ok_or_else(once)? {
            Self::Text(text) if text.trim().is_empty() => Ok(Vec::new()),
            Self::Fields(fields) if fields.iter().all(|(name, _)| name == inner) => {
                Ok(fields.iter().map(|(_, node)| node).collect())
            }
            _ => Err(Unreadable(format!("`{outer}` is not a list of `{inner}`"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::xml::{MAX_DEPTH, MAX_VALUES};

    const JSON: &str =
        r#"{"RequestId":"R","N":7,"Groups":{"Group":[{"Id":"a"},{"Id":"b & c"}]},"None":{"X":[]}}"#;
    const XML: &str = "<?xml version='1.0' encoding='UTF-8'?><Answer><RequestId>R</RequestId><N>7</N>\
        <Groups><Group><Id>a</Id></Group> <Group><Id>b &amp; <![CDATA[c]]></Id></Group></Groups><None/></Answer>\n";

    fn ids(node: &Node) -> Vec<String> {
        let list = node.list("Groups", "Group").expect("a list");
        list.iter().map(|group| group.text("Id").to_owned()).collect()
    }

    #[test]
    fn json_and_xml_read_alike() {
        for text in [JSON, XML] {
            let node = Node::parse(text.as_bytes()).expect("whole");
            assert_eq!(node.required("RequestId"), Ok("R"));
            assert_eq!(node.text("N"), "7");
            assert_eq!(ids(&node), ["a", "b & c"]);
            assert_eq!(node.list("None", "X"), Ok(vec![]));
            assert!(node.list("Gone", "X").is_err());
            assert!(node.list("N", "X").is_err());
            assert!(node.list("Groups", "Grup").is_err());
        }
    }

    #[test]
    fn a_list_of_another_shape_is_not_an_empty_list() {
        for bad in [
            r#"{"Groups":[{"Id":"a"}]}"#,
            r#"{"Groups":[{"Group":[]},{"Group":[]}]}"#,
            r#"{"Groups":[]}"#,
            r#"{"Groups":null}"#,
        ] {
            let node = Node::parse(bad.as_bytes()).expect("whole");
            assert!(node.list("Groups", "Group").is_err(), "{bad}");
        }
    }

    #[test]
    fn a_body_cut_at_any_byte_is_never_whole() {
        for text in [JSON, XML.trim_end()] {
            for cut in 0..text.len() {
                assert!(Node::parse(&text.as_bytes()[..cut]).is_err(), "cut at {cut}");
            }
        }
    }

    #[test]
    fn hostile_bodies_are_refused() {
        let deep = MAX_DEPTH + 1;
        for bad in [
            String::new(),
            "[]".into(),
            "null".into(),
            "<html>".into(),
            "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>".into(),
            "<a>&b;</a>".into(),
            "<a>&#0;</a>".into(),
            "<a>text<b/></a>".into(),
            "<a/><b/>".into(),
            "<a/>trailing".into(),
            "text<a/>".into(),
            "<a></b>".into(),
            "</a>".into(),
            r#"{"a":1} {"b":2}"#.into(),
            r#"{"a":[[1]]}"#.into(),
            r#"{"a":{"b":[1]},"a":{"b":[]}}"#.into(),
            r#"{"a":100000000000000000000}"#.into(),
            format!(r#"{{"a":[{}0]}}"#, "0,".repeat(MAX_VALUES)),
            "<r><a><b/></a><c/><a/></r>".into(),
            format!("{}{}", "<a>".repeat(deep), "</a>".repeat(deep)),
            format!("{}1{}", r#"{"a":"#.repeat(deep), "}".repeat(deep)),
        ] {
            assert!(Node::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(Node::parse(b"<a>\xff</a>").is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(
            bytes in proptest::collection::vec(0_u8.., 0..200),
            markup in "[<>/&;!?a{}:\"\\[\\], -]{0,60}",
        ) {
            let _ = Node::parse(&bytes);
            let _ = Node::parse(format!("<{markup}").as_bytes());
            let _ = Node::parse(format!("{{{markup}").as_bytes());
        }
    }

    #[test]
    fn what_is_broken_is_never_quoted() {
        let error = Node::parse(br#"{"AccessKeySecret":"s3cret" oops}"#).expect_err("broken");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}
