//! Values that are written in more than one way: numbers, `auto` or `off`, lists or comma-separated text.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A number, or a word in its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    /// No limit.
    Off,
    /// A rate that is learned.
    Auto,
    /// A number.
    Of(f64),
}

/// The largest whole number that a [`Number`] holds exactly.
const MAX_WHOLE: f64 = 9_007_199_254_740_992.0;

impl Number {
    /// A whole number of at least `least`; `None` for `off`.
    pub(super) fn whole(self, least: u32) -> Result<Option<u64>, String> {
        let wanted = format!("expected a whole number of at least {least}, or \"off\"");
        match self {
            Self::Off => Ok(None),
            Self::Auto => Err(format!("\"auto\" is for a rate, {wanted}")),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "whole and within 0 to 2^53, both checked here"
            )]
            Self::Of(n) if n.fract() == 0.0 && (f64::from(least)..=MAX_WHOLE).contains(&n) => {
                Ok(Some(n as u64))
            }
            Self::Of(n) => Err(format!("{n} is out of range, {wanted}")),
        }
    }

    /// A number above 0 and at most `most`; `None` for `off`.
    pub(super) fn positive(self, most: f64) -> Result<Option<f64>, String> {
        let wanted = format!("expected a number above 0 and at most {most}, or \"off\"");
        match self {
            Self::Off => Ok(None),
            Self::Auto => Err(format!("\"auto\" is for a rate, {wanted}")),
            Self::Of(n) if n > 0.0 && n <= most => Ok(Some(n)),
            Self::Of(n) => Err(format!("{n} is out of range, {wanted}")),
        }
    }

    /// A rate of at most `most`: a number above 0, or a word in its place.
    pub(super) fn rate(self, most: f64) -> Result<Self, String> {
        match self {
            Self::Off | Self::Auto => Ok(self),
            Self::Of(_) => self.positive(most).map(|_| self),
        }
    }
}

/// A line of a limits section: a number, or an action's own bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum RawLimit {
    /// A number, or a word in its place.
    Number(Number),
    /// `{ rate = …, burst = … }`.
    Bucket(RawBucket),
}

/// An action's own bucket; what is absent is the section's.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBucket {
    pub(super) rate: Option<Number>,
    pub(super) burst: Option<Number>,
}

/// A list of texts: an array, or text with commas as environment variables have it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct TextList(pub(super) Vec<String>);

const NUMBER: &str = "a number, \"auto\" or \"off\"";

fn number_from<E: Error>(text: &str) -> Result<Number, E> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("off") {
        return Ok(Number::Off);
    }
    if text.eq_ignore_ascii_case("auto") {
        return Ok(Number::Auto);
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Number::Of(number)),
        _ => Err(E::custom(format!("`{text}` is not a number, expected {NUMBER}"))),
    }
}

struct RawLimitVisitor;

impl<'de> Visitor<'de> for RawLimitVisitor {
    type Value = RawLimit;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{NUMBER}, or {{ rate = …, burst = … }} for an action")
    }

    #[expect(clippy::cast_precision_loss, reason = "limits that large are checked to be exact")]
    fn visit_i64<E: Error>(self, number: i64) -> Result<RawLimit, E> {
        Ok(RawLimit::Number(Number::Of(number as f64)))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<RawLimit, E> {
        if number.is_finite() {
            Ok(RawLimit::Number(Number::Of(number)))
        } else {
            Err(E::custom(format!("{number} is not a number, expected {NUMBER}")))
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<RawLimit, E> {
        number_from(text).map(RawLimit::Number)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawLimit, A::Error> {
        RawBucket::deserialize(MapAccessDeserializer::new(map)).map(RawLimit::Bucket)
    }
}

impl<'de> Deserialize<'de> for RawLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawLimitVisitor)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match RawLimit::deserialize(deserializer)? {
            RawLimit::Number(number) => Ok(number),
            RawLimit::Bucket(_) => Err(D::Error::custom(format!("a table, expected {NUMBER}"))),
        }
    }
}

/// A switch: true or false, or the same as text as environment variables have it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Switch(pub(super) bool);

struct SwitchVisitor;

impl Visitor<'_> for SwitchVisitor {
    type Value = Switch;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true or false")
    }

    fn visit_bool<E: Error>(self, is_on: bool) -> Result<Switch, E> {
        Ok(Switch(is_on))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Switch, E> {
        let is_on = text.trim().to_ascii_lowercase().parse();
        is_on.map(Switch).map_err(|_| E::custom(format!("is `{text}`, expected true or false")))
    }
}

impl<'de> Deserialize<'de> for Switch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SwitchVisitor)
    }
}

struct ListVisitor;

impl<'de> Visitor<'de> for ListVisitor {
    type Value = TextList;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of texts")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<TextList, E> {
        // An empty item stays, to be refused: it must not shorten a list in silence.
        Ok(TextList(text.split(',').map(|item| item.trim().to_owned()).collect()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<TextList, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(TextList(items))
    }
}

impl<'de> Deserialize<'de> for TextList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor)
    }
}
