//! JSON answers, read straight into the tree: one object, each field once, no list in a list.

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{Node, Unreadable};
use crate::cloud::xml::{MAX_DEPTH, MAX_VALUES};

/// Below this a floating-point number keeps every digit: 2^53.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads one object and nothing after it.
pub(super) fn parse(body: &[u8]) -> Result<Node, Unreadable> {
    let count = Cell::new(0);
    let mut reader = serde_json::Deserializer::from_slice(body);
    let root = Place { depth: 1, count: &count, in_list: true }.deserialize(&mut reader);
    match root.and_then(|root| reader.end().map(|()| root)).map_err(|why| fault(&why))? {
        Value::One(node) => Ok(node),
        Value::List(_) => Err(Unreadable("a list outside an object".into())),
    }
}

/// Where JSON is broken, without quoting it: it may hold a secret.
fn fault(why: &serde_json::Error) -> Unreadable {
    let place = format!("at line {}, column {}", why.line(), why.column());
    Unreadable(if why.is_data() {
        format!("no answer of this form, nesting and size {place}")
    } else {
        format!("JSON broken {place}")
    })
}

/// What stands behind a field's name: the tree has lists as fields of one name.
enum Value {
    One(Node),
    List(Vec<Node>),
}

/// Where a value stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    depth: usize,
    /// Values read so far.
    count: &'a Cell<usize>,
    /// Whether a list must not begin here.
    in_list: bool,
}

impl Place<'_> {
    fn inside(self, in_list: bool) -> Self {
        Self { depth: self.depth + 1, in_list, ..self }
    }

    fn text<E: Error>(self, text: String) -> Result<Value, E> {
        self.counted()?;
        Ok(Value::One(Node::Text(text)))
    }

    fn counted<E: Error>(self) -> Result<(), E> {
        self.count.set(self.count.get() + 1);
        if self.count.get() > MAX_VALUES {
            return Err(E::custom("too many values"));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        if self.depth > MAX_DEPTH {
            return Err(D::Error::custom("nested too deep"));
        }
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    /// A field that is `null` is not there.
    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::List(Vec::new()))
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Value, E> {
        self.text(truth.to_string())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        self.text(number.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        self.text(number.to_string())
    }

    /// A fraction, or a whole number that is too long for its digits to be kept.
    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        if number.abs() >= EXACT {
            return Err(E::custom("a number that is too long"));
        }
        self.text(number.to_string())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        self.text(text.to_owned())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        if self.in_list {
            return Err(A::Error::custom("a list outside an object"));
        }
        let mut list = Vec::new();
        let place = Self { in_list: true, ..self };
        while let Some(item) = items.next_element_seed(place)? {
            match item {
                Value::One(node) => list.push(node),
                Value::List(_) => return Err(A::Error::custom("a list in a list")),
            }
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        self.counted()?;
        let mut names = HashSet::new();
        let mut fields = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            match map.next_value_seed(self.inside(false))? {
                Value::One(node) => fields.push((name.clone(), node)),
                Value::List(items) => {
                    fields.extend(items.into_iter().map(|item| (name.clone(), item)));
                }
            }
            if !names.insert(name) {
                return Err(A::Error::custom("a field stands twice"));
            }
        }
        Ok(Value::One(Node::Fields(fields)))
    }
}
