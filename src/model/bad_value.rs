//! A value that cannot be read.

/// A value that cannot be read: what it was and what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is not {expected}")]
pub struct BadValue {
    /// The text as given.
    pub value: String,
    /// What was expected, to follow "is not".
    pub expected: &'static str,
}

impl BadValue {
    /// An error for `value`.
    pub fn new(value: &str, expected: &'static str) -> Self {
        Self { value: value.to_owned(), expected }
    }
}
