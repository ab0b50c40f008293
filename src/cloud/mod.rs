//! The provider port: what `unpair` asks of a cloud, whichever cloud it is.
//!
//! No implementation retries, waits for quota or journals: each method is one HTTP exchange.

pub mod alibaba;
pub mod aws;
mod child;
mod directory;
mod error;
mod files;
mod hide;
mod http;
mod key_object;
mod key_text;
mod listed;
mod listed_profile;
mod named;
mod proof;
mod references;
mod scarce;
mod settings;
mod surroundings;
mod xml;

use std::time::SystemTime;

use async_trait::async_trait;

pub use child::kill_commands;
pub use directory::Accounts;
pub use error::CloudError;
pub use files::credential_files;
pub use http::{Deadlines, Http, HttpReply, MAX_READ_BODY, MAX_WRITE_BODY, Stamp, check_endpoint};
pub use listed::{Listed, listed};
pub use listed_profile::ListedProfile;
pub use named::NamedGroups;
pub use references::{Reference, References};
pub use settings::{
    AccountSettings, AccountSource, AlibabaSettings, AwsSettings, ExtraRegion, Found, Settings,
    StaticKey,
};
pub use surroundings::{Surroundings, Told};

use crate::model::{
    AccountId, CallForm, ClientToken, Direction, GroupId, Identity, Provider, RegionId, RequestId,
    Rule,
};
pub use crate::model::{Batch, ErrorClass};

/// A client that acts as one account.
///
/// Whose a set of credentials is, is proven before anything but `GetCallerIdentity` is sent with
/// it: by [`identify`](Cloud::identify), and by the client itself for a set that was renewed.
///
/// Reads are idempotent. `revoke` is idempotent in effect only: a second identical call may be
/// answered with [`ErrorClass::RuleMissing`], so after a lost answer the group is read back.
/// Dropping a future of `revoke` leaves it unknown whether the call was carried out.
#[async_trait]
pub trait Cloud: Send + Sync {
    /// Which cloud.
    fn provider(&self) -> Provider;

    /// How many things one call may name.
    fn batch(&self) -> Batch;

    /// The provider's time in `region`, as far as the `Date` headers of its answers tell; `None`
    /// before the first.
    fn time(&self, _region: &RegionId) -> Option<SystemTime> {
        None
    }

    /// Has credentials at hand that are good for a while and proven to be the account's, so that a
    /// call need not wait for them once it was decided to send it. Drop it at any time.
    async fn ready(&self, _region: &RegionId) -> Result<(), CloudError> {
        Ok(())
    }

    /// Who the credentials are (STS `GetCallerIdentity`). Needs no permission.
    async fn identify(&self, region: &RegionId) -> Result<Answer<Identity>, CloudError>;

    /// Drops cached credentials so that the next call gets fresh ones.
    async fn refresh(&self) -> Result<(), CloudError>;

    /// One page of the groups in `region`: those named (at most [`Batch::groups`]), or all. A
    /// named group that does not exist is left out, or the call fails with
    /// [`ErrorClass::GroupMissing`].
    async fn groups(
        &self,
        region: &RegionId,
        named: Option<&[GroupId]>,
        page: Option<&str>,
    ) -> Result<Answer<GroupsPage>, CloudError>;

    /// One page of the rules of `groups` (1 to [`Batch::rules`] of them).
    async fn rules(
        &self,
        region: &RegionId,
        groups: &[GroupId],
        page: Option<&str>,
    ) -> Result<Answer<RulesPage>, CloudError>;

    /// Which groups, also of other accounts, name `groups` (1 to [`Batch::references`]) in their
    /// rules. `Ok(None)` where the provider does not tell groups and accounts (AWS tells VPCs).
    async fn references(
        &self,
        region: &RegionId,
        groups: &[GroupId],
    ) -> Result<Option<Answer<References>>, CloudError>;

    /// The regions that the account may use.
    async fn regions(&self) -> Result<Answer<Vec<RegionId>>, CloudError>;

    /// The request's parameters as sent, without the client token, in a fixed order: what its
    /// hash and its token are made from. Fails where the provider has no such form.
    fn revoke_parameters(
        &self,
        order: &RevokeOrder<'_>,
    ) -> Result<Vec<(String, String)>, CloudError>;

    /// Sends one revocation call. Success proves nothing by itself.
    async fn revoke(&self, order: &RevokeOrder<'_>) -> Result<Answer<RevokeReply>, CloudError>;
}

/// Finds the client of an account.
#[async_trait]
pub trait Directory: Send + Sync {
    /// The client that acts as `account`; `region` is where its roles are assumed, if that
    /// matters. [`ErrorClass::NotOurs`] where configuration says
    /// `credentials = "none"` or maps the account to nothing.
    async fn client(
        &self,
        cloud: Provider,
        account: &AccountId,
        region: Option<&RegionId>,
    ) -> Result<std::sync::Arc<dyn Cloud>, CloudError>;
}

/// The API action behind a method, by its provider's name: the key of rate limits and counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// [`Cloud::identify`].
    Identify,
    /// [`Cloud::groups`].
    Groups,
    /// [`Cloud::rules`].
    Rules,
    /// [`Cloud::references`].
    References,
    /// [`Cloud::regions`].
    Regions,
    /// [`Cloud::revoke`].
    Revoke(Direction),
}

impl Action {
    /// The provider's name of the action, as configuration and reports use it.
    pub const fn name(self, cloud: Provider) -> &'static str {
        match (self, cloud) {
            (Self::Identify, _) => "GetCallerIdentity",
            (Self::Groups, _) => "DescribeSecurityGroups",
            (Self::Rules, Provider::Alibaba) => "DescribeSecurityGroupAttribute",
            (Self::Rules, Provider::Aws) => "DescribeSecurityGroupRules",
            (Self::References, _) => "DescribeSecurityGroupReferences",
            (Self::Regions, _) => "DescribeRegions",
            (Self::Revoke(Direction::Ingress), Provider::Alibaba) => "RevokeSecurityGroup",
            (Self::Revoke(Direction::Ingress), Provider::Aws) => "RevokeSecurityGroupIngress",
            (Self::Revoke(Direction::Egress), _) => "RevokeSecurityGroupEgress",
        }
    }
}

/// A provider's answer to one exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<T> {
    /// What it said.
    pub value: T,
    /// What it calls the exchange.
    pub request_id: RequestId,
    /// The HTTP status.
    pub http: u16,
}

/// One page of groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupsPage {
    /// The groups.
    pub groups: Vec<GroupInfo>,
    /// Pass this to get the next page.
    pub next: Option<String>,
}

/// A group without its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupInfo {
    /// Its id.
    pub id: GroupId,
    /// Its owner, where the provider says (AWS).
    pub owner: Option<AccountId>,
    /// Its name; empty if none.
    pub name: String,
    /// Its VPC; empty for a classic network.
    pub vpc: String,
    /// Managed by a service of the provider: nobody else may change it.
    pub service_managed: bool,
    /// The groups that its rules name, where this listing shows them, too (AWS).
    pub names: Option<NamedGroups>,
}

/// One page of rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RulesPage {
    /// `(group, rule)`; the group is always one that was asked for.
    pub rules: Vec<(GroupId, Rule)>,
    /// Groups whose existence this very answer shows, even with no rule (Alibaba Cloud).
    pub seen: Vec<GroupId>,
    /// Pass this to get the next page.
    pub next: Option<String>,
}

/// One revocation call: the rules are all of one group and direction.
#[derive(Clone, Copy, Debug)]
pub struct RevokeOrder<'a> {
    /// Where.
    pub region: &'a RegionId,
    /// Whose rules.
    pub group: &'a GroupId,
    /// Which way.
    pub direction: Direction,
    /// How the rules are named.
    pub form: CallForm,
    /// 1 up to the batch limit of the form; exactly 1 with [`CallForm::Flat`].
    pub rules: &'a [Rule],
    /// Sent where the provider takes one (Alibaba Cloud).
    pub token: Option<&'a ClientToken>,
}

/// What a provider says of a revocation that it accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevokeReply {
    /// How many of the ordered rules did not match (AWS `unknownIpPermissionSet`); `None` where
    /// the provider does not tell.
    pub unmatched: Option<usize>,
    /// The ids that the answer lists as revoked (AWS `revokedSecurityGroupRuleSet`).
    pub revoked: Vec<crate::model::RuleId>,
    /// AWS's `return`; true where there is none.
    pub returned: bool,
}
