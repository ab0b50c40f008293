//! The tree of an answer, be it JSON or XML.

use super::xml;

/// Deepest nesting of an answer; the deepest real one has five levels.
pub(super) const MAX_DEPTH: usize = 32;

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
        let text = std::str::from_utf8(body).map_err(|_| Unreadable("not UTF-8".into()))?;
        match text.trim_start().as_bytes().first() {
            Some(b'{') => from_json(text),
            Some(b'<') => xml::parse(text),
            Some(_) => Err(Unreadable("neither JSON nor XML".into())),
            None => Err(Unreadable("empty".into())),
        }
    }

    /// The first field of that name.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        self.all(name).next()
    }

    /// Every field of that name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &Self> {
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
        let mut found = self.all(outer);
        let (Some(node), None) = (found.next(), found.next()) else {
            return Err(Unreadable(format!("`{outer}` is not there once")));
        };
        match node {
            Self::Text(text) if text.trim().is_empty() => Ok(Vec::new()),
            Self::Fields(fields) if fields.iter().all(|(name, _)| name == inner) => {
                Ok(fields.iter().map(|(_, node)| node).collect())
            }
            _ => Err(Unreadable(format!("`{outer}` is not a list of `{inner}`"))),
        }
    }
}

fn from_json(text: &str) -> Result<Node, Unreadable> {
    let value = serde_json::from_str(text).map_err(|why| Unreadable(json_fault(&why)))?;
    convert(value, 1)
}

/// Where JSON is broken, without quoting it: it may hold a secret.
fn json_fault(why: &serde_json::Error) -> String {
    format!("JSON broken at line {}, column {}", why.line(), why.column())
}

fn convert(value: serde_json::Value, depth: usize) -> Result<Node, Unreadable> {
    use serde_json::Value;
    if depth > MAX_DEPTH {
        return Err(Unreadable(format!("nested deeper than {MAX_DEPTH}")));
    }
    Ok(match value {
        Value::Null => Node::Text(String::new()),
        Value::Bool(truth) => Node::Text(truth.to_string()),
        Value::Number(number) => Node::Text(number.to_string()),
        Value::String(text) => Node::Text(text),
        Value::Array(_) => return Err(Unreadable("a list outside an object".into())),
        Value::Object(map) => {
            let mut fields = Vec::with_capacity(map.len());
            for (name, value) in map {
                match value {
                    Value::Array(items) => {
                        for item in items {
                            fields.push((name.clone(), convert(item, depth + 1)?));
                        }
                    }
                    Value::Null => {}
                    one => fields.push((name, convert(one, depth + 1)?)),
                }
            }
            Node::Fields(fields)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
