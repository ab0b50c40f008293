//! Identifiers: cheap to clone, compared as text, never mixed up.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

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

impl AccountId {
    /// Whether this is an id (digits only) rather than a login name.
    pub fn is_numeric(&self) -> bool {
        !self.0.is_empty() && self.0.bytes().all(|b| b.is_ascii_digit())
    }
}

/// A cloud: the manifest's `cloud` column.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Alibaba Cloud ECS.
    #[default]
    Alibaba,
    /// AWS EC2.
    Aws,
}

impl Provider {
    /// Both clouds, in manifest order.
    pub const ALL: [Self; 2] = [Self::Alibaba, Self::Aws];

    /// The word used in manifests, configuration and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alibaba => "alibaba",
            Self::Aws => "aws",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A cloud word that is neither `alibaba` nor `aws`.
#[derive(Debug, thiserror::Error)]
#[error("unknown cloud `{0}`, expected `alibaba` or `aws`")]
pub struct UnknownProvider(pub String);

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|provider| provider.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownProvider(text.to_owned()))
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
