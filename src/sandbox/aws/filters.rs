//! `Filter.N`: what a listing is narrowed to.

use super::response::refuse;
use crate::sandbox::call::{Call, Refusal};

/// One filter: any of its values will do.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) name: String,
    pub(super) values: Vec<String>,
}

impl Filter {
    /// Whether any of `candidates` is one of the values; `*` and `?` in a value are wildcards.
    pub(super) fn admits<T: AsRef<str>>(&self, candidates: impl IntoIterator<Item = T>) -> bool {
        let is_wanted =
            |text: &str| self.values.iter().any(|value| like(value.as_bytes(), text.as_bytes()));
        candidates.into_iter().any(|candidate| is_wanted(candidate.as_ref()))
    }

    /// Whether a value stands for more than itself.
    pub(super) fn has_wildcards(&self) -> bool {
        self.values.iter().any(|value| value.contains(['*', '?']))
    }

    /// The answer to a filter that this listing does not know.
    pub(super) fn unknown(&self) -> Refusal {
        refuse("InvalidParameterValue", format!("The filter '{}' is invalid", self.name))
    }
}

/// The filters of a call.
pub(super) fn filters(call: &Call) -> Result<Vec<Filter>, Refusal> {
    let read = |n| {
        let name = call.param(&format!("Filter.{n}.Name")).unwrap_or_default().to_owned();
        let values = call.list(&format!("Filter.{n}.Value"));
        if name.is_empty() || values.is_empty() {
            return Err(refuse("InvalidParameterValue", "A filter needs a name and a value"));
        }
        Ok(Filter { name, values })
    };
    call.numbers("Filter").into_iter().map(read).collect()
}

fn like(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => (0..=text.len()).any(|skip| like(rest, &text[skip..])),
        (Some((b'?', pattern)), Some((_, text))) => like(pattern, text),
        (Some((wanted, pattern)), Some((found, text))) => wanted == found && like(pattern, text),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_may_hold_wildcards() {
        let filter = Filter { name: String::new(), values: vec!["sg-0?b*".to_owned()] };
        assert!(filter.admits(["x", "sg-0abcd"]));
        assert!(!filter.admits(["sg-0aacd"]));
    }
}
