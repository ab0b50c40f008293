//! What configuration says of clouds and accounts; `config` fills these in.

use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;

use super::{CloudError, Surroundings};
use crate::model::{AccountId, Provider, RegionId};

/// Everything needed to act as the accounts of a plan.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Alibaba Cloud.
    pub alibaba: AlibabaSettings,
    /// AWS.
    pub aws: AwsSettings,
    /// Accounts with something of their own.
    pub accounts: Vec<AccountSettings>,
    /// What was found of accounts that are configured by name alone.
    pub found: Vec<Found>,
    /// The way to the clouds, for every request of the process.
    pub surroundings: Surroundings,
    /// Ends in the names of assumed-role sessions, so that the provider's logs tell the run.
    pub session: String,
}

impl Settings {
    /// The settings of an account's own, by its id or its name.
    pub fn own(&self, cloud: Provider, account: &AccountId) -> Option<&AccountSettings> {
        self.accounts.iter().find(|settings| {
            settings.cloud == cloud
                && (settings.id.as_ref() == Some(account)
                    || settings.name.as_deref() == Some(account.as_str()))
        })
    }

    /// Whether the section of a cloud says where the source credentials come from.
    pub const fn names_credentials(&self, cloud: Provider) -> bool {
        match cloud {
            Provider::Alibaba => {
                self.alibaba.profile.is_some() || self.alibaba.config_file.is_some()
            }
            Provider::Aws => self.aws.profile.is_some(),
        }
    }
}

/// `[alibaba]`.
#[derive(Clone, Debug, Default)]
pub struct AlibabaSettings {
    /// Overrides the table of regions; `{region}` is filled in.
    pub ecs_endpoint: Option<String>,
    /// Overrides `https://sts.aliyuncs.com`.
    pub sts_endpoint: Option<String>,
    /// Where profiles come from; default `~/.aliyun/config.json`.
    pub config_file: Option<PathBuf>,
    /// The profile of the source credentials; default: the provider's own chain.
    pub profile: Option<String>,
    /// Assumed for every account without settings of its own; `{account}` is filled in.
    pub role_arn: Option<String>,
    /// Regions newer than the built-in table.
    pub extra_regions: Vec<ExtraRegion>,
    /// Whether profiles may run commands and ask addresses for credentials.
    pub allow_external: bool,
    /// Overrides the address of the metadata service of ECS instances.
    pub metadata_endpoint: Option<String>,
}

/// A region of ECS that the built-in table does not hold, or a host of its own for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraRegion {
    /// The region.
    pub id: RegionId,
    /// The host that serves it, without scheme and port; `None` for one by the usual pattern.
    pub host: Option<String>,
}

/// `id` or `id=host`, as configuration has it.
impl fmt::Display for ExtraRegion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Some(host) => write!(f, "{}={host}", self.id),
            None => self.id.fmt(f),
        }
    }
}

/// `[aws]`.
#[derive(Clone, Debug, Default)]
pub struct AwsSettings {
    /// Overrides the partition's endpoint; `{region}` is filled in.
    pub ec2_endpoint: Option<String>,
    /// Overrides the partition's endpoint; `{region}` is filled in.
    pub sts_endpoint: Option<String>,
    /// The profile of the source credentials; default: the provider's own chain.
    pub profile: Option<String>,
    /// Assumed for every account without settings of its own; `{account}` is filled in.
    pub role_arn: Option<String>,
    /// Where STS is asked; default: the region of the environment, of the profile, or of the work.
    pub sts_region: Option<RegionId>,
    /// The external id that the roles ask for.
    pub external_id: Option<String>,
}

/// Whose the credentials of an account are that is configured by name alone.
#[derive(Clone, Debug)]
pub struct Found {
    /// The cloud.
    pub cloud: Provider,
    /// The name.
    pub name: String,
    /// Its id, or why that cannot be told: nothing more is asked for it then.
    pub id: Result<AccountId, CloudError>,
}

/// `[[account]]`.
#[derive(Clone, Debug)]
pub struct AccountSettings {
    /// The cloud.
    pub cloud: Provider,
    /// The id; absent if only the name is known, which `GetCallerIdentity` then resolves.
    pub id: Option<AccountId>,
    /// What manifests may call it.
    pub name: Option<String>,
    /// Where its credentials come from.
    pub source: AccountSource,
}

/// Where the credentials of an account come from.
#[derive(Clone, Debug, Default)]
pub enum AccountSource {
    /// The cloud's own settings: its role template, or its source credentials.
    #[default]
    Inherit,
    /// A profile.
    Profile(String),
    /// A role to assume with the source credentials.
    Role(String),
    /// The partner's side, not ours to call.
    None,
    /// A key in memory: the sandbox's accounts.
    Static(StaticKey),
}

/// An access key.
#[derive(Clone, Debug)]
pub struct StaticKey {
    /// The key's id.
    pub id: String,
    /// The secret.
    pub secret: SecretString,
    /// The session token of temporary credentials.
    pub token: Option<SecretString>,
}
