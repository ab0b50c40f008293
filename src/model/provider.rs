//! The clouds, and the facts about each of them that the program has to know outside its client.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

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

/// What is known of a cloud.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct ProviderFacts {
    /// The word used in manifests, configuration and reports.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// How many things one call may name.
    pub batch: Batch,
    /// Whether a change goes with a client token. Without one, rule ids make a repeated call
    /// harmless.
    pub takes_token: bool,
    /// Whether the limits that nobody publishes count calls by the minute.
    pub counts_by_the_minute: bool,
    /// Whether rules have a policy, a priority, a NIC type and source ports of their own.
    pub has_policies: bool,
    /// How it writes every protocol.
    pub all_protocols: &'static str,
    /// The lowest port of tcp and udp.
    pub lowest_port: i32,
    /// Whether the ports of an ICMP rule are a type and a code.
    pub has_icmp_types: bool,
    /// How the ids of accounts look.
    pub account_ids: AccountIdForm,
    /// How group ids look.
    pub group_ids: GroupIdForm,
    /// Whether the flat parameters of a revocation can name the owner of the other group.
    pub flat_names_owners: bool,
    /// A region that every account has.
    pub home_region: &'static str,
}

/// How the ids of a cloud's accounts look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountIdForm {
    /// Numbers of 64 bits that do not begin with 0, as a rule of so many digits.
    Number(usize),
    /// So many digits.
    Digits(usize),
}

/// How the group ids of a cloud look.
#[derive(Clone, Copy, Debug)]
pub enum GroupIdForm {
    /// `sg-` and letters, digits or `-`, or the odd form of an old manual.
    Any,
    /// `sg-` and lower-case hexadecimal digits, one of these numbers of them.
    Hexadecimal([usize; 2]),
}

/// How many things one call may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Rules in a `revoke` by rule id.
    pub revoke_ids: usize,
    /// Rules in a `revoke` by permissions.
    pub revoke_permissions: usize,
    /// Groups in a `groups` call.
    pub groups: usize,
    /// Groups in a `rules` call.
    pub rules: usize,
    /// Groups in a `references` call; 0 where the provider does not tell groups.
    pub references: usize,
}

const FACTS: &PerCloud<ProviderFacts> = &PerCloud {
    alibaba: ProviderFacts {
        name: "alibaba",
        title: "Alibaba Cloud",
        // Permissions take 100 too, but stay small as each has a dozen parameters.
        batch: Batch {
            revoke_ids: 100,
            revoke_permissions: 20,
            groups: 100,
            rules: 1,
            references: 10,
        },
        takes_token: true,
        counts_by_the_minute: true,
        has_policies: true,
        all_protocols: "all",
        lowest_port: 1,
        has_icmp_types: false,
        account_ids: AccountIdForm::Number(16),
        group_ids: GroupIdForm::Any,
        flat_names_owners: true,
        home_region: "cn-hangzhou",
    },
    aws: ProviderFacts {
        name: "aws",
        title: "AWS",
        // A filter takes 200 values; a revocation of 100 rules covers the default quota of a group
        // and direction (60) with one call.
        batch: Batch {
            revoke_ids: 100,
            revoke_permissions: 100,
            groups: 200,
            rules: 200,
            references: 0,
        },
        takes_token: false,
        counts_by_the_minute: false,
        has_policies: false,
        all_protocols: "-1",
        // EC2 writes all ports of a protocol as 0-65535.
        lowest_port: 0,
        has_icmp_types: true,
        account_ids: AccountIdForm::Digits(12),
        // AWS made ids of 8 digits first, and makes ids of 17 digits now.
        group_ids: GroupIdForm::Hexadecimal([8, 17]),
        flat_names_owners: false,
        home_region: "us-east-1",
    },
};

impl Provider {
    /// Both clouds, in manifest order.
    pub const ALL: [Self; 2] = [Self::Alibaba, Self::Aws];

    /// What is known of it.
    pub const fn facts(self) -> &'static ProviderFacts {
        FACTS.of(self)
    }

    /// The word used in manifests, configuration and reports.
    pub const fn as_str(self) -> &'static str {
        self.facts().name
    }

    /// Whether an account's id has the shape of this cloud's, and no other's.
    pub fn could_own(self, id: &str) -> bool {
        let digits = AccountIdForm::Digits(id.len());
        match self.facts().account_ids {
            AccountIdForm::Number(_) => {
                Self::ALL.iter().all(|cloud| cloud.facts().account_ids != digits)
            }
            form @ AccountIdForm::Digits(_) => form == digits,
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

/// Something that there is one of for each cloud.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerCloud<T> {
    /// That of Alibaba Cloud.
    pub alibaba: T,
    /// That of AWS.
    pub aws: T,
}

impl<T> PerCloud<T> {
    /// That of a cloud.
    pub const fn of(&self, cloud: Provider) -> &T {
        match cloud {
            Provider::Alibaba => &self.alibaba,
            Provider::Aws => &self.aws,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_a_cloud_is_what_is_stored_of_it_and_what_is_read() {
        for cloud in Provider::ALL {
            let word = serde_json::to_string(&cloud).expect("JSON");
            assert_eq!(word, format!("\"{cloud}\""));
            assert_eq!(cloud.as_str().to_uppercase().parse::<Provider>().ok(), Some(cloud));
        }
    }

    #[test]
    fn the_digits_of_one_clouds_accounts_are_no_account_of_the_other() {
        for (id, owner) in
            [("111122223333", Provider::Aws), ("1234567890123456", Provider::Alibaba)]
        {
            for cloud in Provider::ALL {
                assert_eq!(cloud.could_own(id), cloud == owner, "{cloud} {id}");
            }
        }
    }
}
