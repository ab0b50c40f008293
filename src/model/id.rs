//! Identifiers: cheap to clone, compared as text, never mixed up.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Provider;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps text that was validated where it came in.
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(Arc::from(text.as_ref()))
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        // Equal text, equal hash: maps keyed by an id are asked without making one.
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::new(text)
            }
        }
    };
}

text_id! {
    /// An owner of security groups: a numeric Alibaba Cloud UID, a 12-digit AWS account, or a
    /// login name that configuration has not mapped to an id.
    AccountId
}
text_id! {
    /// A region such as `cn-beijing` or `us-east-1`.
    RegionId
}
text_id! {
    /// A security group id such as `sg-0123456789abcdef0`.
    GroupId
}
text_id! {
    /// A security group rule id, `sgr-…`. Never reused, so it names one rule for ever.
    RuleId
}
text_id! {
    /// A run: a time-ordered UUID (version 7) in its text form.
    RunId
}
text_id! {
    /// What a provider calls one HTTP exchange.
    RequestId
}
text_id! {
    /// An idempotency token: at most 64 ASCII characters.
    ClientToken
}

impl GroupId {
    /// The one of `asked` that is the same group, letter by letter if there is one.
    pub fn among<'a>(asked: &'a [Self], id: &Self) -> Option<&'a Self> {
        asked.iter().find(|one| *one == id).or_else(|| asked.iter().find(|one| one.is_same(id)))
    }

    /// Whether both name one group: neither cloud tells ids apart by the case of their letters.
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl AccountId {
    /// Whether both are certainly one account: the same text, or the same number however it is
    /// spelled. A login name and a number are not: only the cloud could say whose the name is.
    pub fn is_same(&self, other: &Self) -> bool {
        self == other || (self.digits().is_some_and(|digits| other.digits() == Some(digits)))
    }

    /// The number, without the dashes and blanks that people put into it, full-width digits as
    /// plain ones. None for what is not a number. Zeros in front count.
    fn digits(&self) -> Option<String> {
        let mut digits = String::with_capacity(self.0.len());
        for c in self.0.chars() {
            match c {
                '0'..='9' => digits.push(c),
                '０'..='９' => digits.extend(char::from_u32(u32::from(c) - 0xFF10 + 0x30)),
                c if c.is_whitespace() || "-‐‑‒–—－".contains(c) => {}
                _ => return None,
            }
        }
        (!digits.is_empty()).then_some(digits)
    }

    /// Whether this is an id (digits only) rather than a login name.
    pub fn is_numeric(&self) -> bool {
        !self.0.is_empty() && self.0.bytes().all(|b| b.is_ascii_digit())
    }
}

/// What shares credentials and API quota: cloud + account + region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LaneKey {
    /// The cloud.
    pub cloud: Provider,
    /// The account that is called.
    pub account: AccountId,
    /// The region that is called.
    pub region: RegionId,
}

impl fmt::Display for LaneKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.cloud, self.account, self.region)
    }
}

/// Who a set of credentials is, as the provider's `GetCallerIdentity` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The account.
    pub account: AccountId,
    /// The principal's ARN.
    pub arn: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_the_same_however_its_number_is_spelled_and_no_name_is_a_number() {
        let same = |one: &str, other: &str| AccountId::new(one).is_same(&AccountId::new(other));
        for spelled in
            ["111122223333", "1111-2222-3333", " 1111 2222 3333 ", "１１１１２２２２３３３３"]
        {
            assert!(same("111122223333", spelled) && same(spelled, "111122223333"), "{spelled}");
        }
        assert!(same("b@aliyun.com", "b@aliyun.com"));
        for other in ["11112222333", "0111122223333", "b@aliyun.com", "", "-", "1.11122E+11"] {
            assert!(!same("111122223333", other), "{other}");
        }
        assert!(!same("", "-"), "no number at all");
        assert!(GroupId::new("sg-Ab").is_same(&GroupId::new("SG-aB")));
    }
}
