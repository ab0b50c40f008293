//! Answers as trees, written as JSON or XML.

use std::fmt::Write as _;

/// A value of an answer.
#[derive(Clone, Debug)]
pub(super) enum Tree {
    Text(String),
    /// A number or a truth value: without quotes in JSON.
    Bare(String),
    /// `null` in JSON, an empty element in XML.
    Null,
    Fields(Vec<(String, Tree)>),
    /// Members that all have this name.
    List(&'static str, Vec<Tree>),
}

impl Tree {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn fields<const N: usize>(fields: [(&str, Self); N]) -> Self {
        Self::Fields(fields.into_iter().map(|(name, tree)| (name.to_owned(), tree)).collect())
    }

    pub(super) fn json(&self) -> String {
        let members = |fields: &[(String, Self)]| {
            let members = fields.iter().map(|(name, tree)| format!("{name:?}:{}", tree.json()));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        };
        match self {
            Self::Text(text) => serde_json::Value::from(text.as_str()).to_string(),
            Self::Bare(text) => text.clone(),
            Self::Null => "null".to_owned(),
            Self::Fields(fields) => members(fields),
            Self::List(name, items) => {
                let items: Vec<String> = items.iter().map(Self::json).collect();
                format!("{{{name:?}:[{}]}}", items.join(","))
            }
        }
    }

    /// The document `root`.
    pub(super) fn xml(&self, root: &str) -> String {
        let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
        self.element(root, &mut out);
        out
    }

    fn element(&self, name: &str, out: &mut String) {
        let _ = write!(out, "<{name}>");
        match self {
            Self::Text(text) | Self::Bare(text) => {
                out.push_str(&text.replace('&', "&amp;").replace('<', "&lt;"));
            }
            Self::Null => {}
            Self::Fields(fields) => fields.iter().for_each(|(name, tree)| tree.element(name, out)),
            Self::List(name, items) => items.iter().for_each(|item| item.element(name, out)),
        }
        let _ = write!(out, "</{name}>");
    }
}
