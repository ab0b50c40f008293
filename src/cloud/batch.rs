//! How many things one call to a cloud may name.

use crate::model::Provider;

/// Limits of the ECS API; permissions take 100 too, but stay small as each has a dozen parameters.
const ALIBABA: Batch =
    Batch { revoke_ids: 100, revoke_permissions: 20, groups: 100, rules: 1, references: 10 };

/// What one call to EC2 may name. A filter takes 200 values; a revocation of 100 rules covers the
/// default quota of a group and direction (60) with one call.
const AWS: Batch =
    Batch { revoke_ids: 100, revoke_permissions: 100, groups: 200, rules: 200, references: 0 };

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

impl Batch {
    /// What one call to `cloud` may name.
    pub const fn of(cloud: Provider) -> Self {
        match cloud {
            Provider::Alibaba => ALIBABA,
            Provider::Aws => AWS,
        }
    }
}
