//! IP protocols, as manifests and clouds spell them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::BadValue;

/// An IP protocol in canonical form: `tcp`, `udp`, `icmp`, `icmpv6`, `gre`, `all`, or another
/// IANA number in decimal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Protocol(Arc<str>);

impl Protocol {
    const NAMES: [(&'static str, &'static str); 6] = [
        ("tcp", "6"),
        ("udp", "17"),
        ("icmp", "1"),
        ("icmpv6", "58"),
        ("gre", "47"),
        ("all", "-1"),
    ];

    /// Every protocol.
    pub fn all() -> Self {
        Self(Arc::from("all"))
    }

    /// The canonical word.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A protocol as a cloud tells it: a word newer than this program stays as it came.
    pub fn told(text: &str) -> Self {
        text.parse().unwrap_or_else(|_| Self(Arc::from(text)))
    }

    /// Whether it is one whose meaning is known.
    pub fn is_known(&self) -> bool {
        Self::NAMES.iter().any(|(name, _)| *name == &*self.0) || self.0.parse::<u8>().is_ok()
    }

    /// Whether rules of this protocol carry ports.
    pub fn has_ports(&self) -> bool {
        matches!(&*self.0, "tcp" | "udp")
    }

    /// The value that the EC2 API takes: `-1` for all, a number for GRE.
    pub fn aws(&self) -> &str {
        match &*self.0 {
            "all" => "-1",
            "gre" => "47",
            other => other,
        }
    }
}

impl FromStr for Protocol {
    type Err = BadValue;

    /// Reads a name in any case, `-1`, or a number from 0 to 255; `6` and `TCP` are equal.
    fn from_str(text: &str) -> Result<Self, BadValue> {
        let lower = text.to_ascii_lowercase();
        if let Some((name, _)) = Self::NAMES.iter().find(|(n, num)| lower == *n || lower == *num) {
            return Ok(Self(Arc::from(*name)));
        }
        match lower.parse::<u8>() {
            Ok(number) => Ok(Self(Arc::from(number.to_string()))),
            Err(_) => Err(BadValue::new(
                text,
                "a protocol: tcp, udp, icmp, icmpv6, gre, all or a number from 0 to 255",
            )),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
