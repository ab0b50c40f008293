//! The fields of a rule, by the names that its provider gives them.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// Texts by name, sorted, each name once; of several values of one name the last one counts.
///
/// They stand in one text: listings hold them by the million, and next to nobody looks one up.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fields {
    /// Names and values in turn.
    text: String,
    /// Where each name and each value ends.
    ends: Vec<usize>,
}

impl Fields {
    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Names with values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut from = 0;
        self.ends.as_chunks().0.iter().map(move |[name, value]| {
            let field = (&self.text[from..*name], &self.text[*name..*value]);
            from = *value;
            field
        })
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    fn is_sorted(&self) -> bool {
        self.iter().is_sorted_by(|(one, _), (next, _)| one < next)
    }

    fn fitted(mut self) -> Self {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
        self
    }
}

impl<N: AsRef<str>, V: AsRef<str>> FromIterator<(N, V)> for Fields {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        let mut sorted: Vec<(N, V)> = fields.into_iter().collect();
        sorted.sort_by(|(one, _), (other, _)| one.as_ref().cmp(other.as_ref()));
        let length = sorted.iter().map(|(name, value)| name.as_ref().len() + value.as_ref().len());
        let text = String::with_capacity(length.sum());
        let mut own = Self { text, ends: Vec::with_capacity(2 * sorted.len()) };
        for (ix, (name, value)) in sorted.iter().enumerate() {
            if sorted.get(ix + 1).is_none_or(|(next, _)| next.as_ref() != name.as_ref()) {
                own.push(name.as_ref());
                own.push(value.as_ref());
            }
        }
        own.fitted()
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Whole)
    }
}

/// Reads a map.
struct Whole;

impl<'de> Visitor<'de> for Whole {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("texts by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::default();
        while map.next_key_seed(Next(&mut fields))?.is_some() {
            map.next_value_seed(Next(&mut fields))?;
        }
        Ok(if fields.is_sorted() { fields.fitted() } else { fields.iter().collect() })
    }
}

/// Reads a text to the end of fields.
struct Next<'a>(&'a mut Fields);

impl<'de> DeserializeSeed<'de> for Next<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Next<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.0.push(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn fields_are_what_a_map_of_them_is(list in prop::collection::vec(("[a-c安]{0,2}", ".{0,3}"), 0..9)) {
            let fields: Fields = list.iter().map(|(name, value)| (name, value)).collect();
            let map: BTreeMap<String, String> = list.iter().cloned().collect();
            prop_assert!(fields.iter().eq(map.iter().map(|(n, v)| (n.as_str(), v.as_str()))));
            for name in ["", "a", "b", "cc", "安"] {
                prop_assert_eq!(fields.get(name), map.get(name).map(String::as_str));
            }
            let text = serde_json::to_string(&fields).expect("JSON");
            prop_assert_eq!(&text, &serde_json::to_string(&map).expect("JSON"));
            prop_assert_eq!(&serde_json::from_str::<Fields>(&text).expect("fields"), &fields);
            prop_assert_eq!(format!("{fields:?}"), format!("{map:?}"));
        }
    }

    #[test]
    fn fields_are_sorted_in_whatever_order_they_are_read() {
        let fields: Fields =
            serde_json::from_str(r#"{"b":"1","a":"\"2\"","b":"3"}"#).expect("fields");
        assert_eq!(fields, [("a", "\"2\""), ("b", "3")].into_iter().collect());
        assert!(serde_json::from_str::<Fields>(r#"{"a":1}"#).is_err());
        assert!(serde_json::from_str::<Fields>("[]").is_err());
    }
}
