//! Which accounts are checked: those that manifests name, else those that are configured, else those
//! of the credentials that are there.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::cli::exit::Failure;
use crate::cli::inputs;
use crate::cloud::alibaba::process_env;
use crate::cloud::{AccountSettings, AccountSource, listed};
use crate::config::Config;
use crate::model::{AccountId, PerCloud, Provider};

/// What the account is called whose id only its credentials tell.
const DEFAULT: &str = "default credentials";

/// Variables that say where credentials come from, without a file of profiles.
const SOURCES: PerCloud<&[&str]> = PerCloud {
    alibaba: &[
        "ALIBABA_CLOUD_ACCESS_KEY_ID",
        "ALIBABA_CLOUD_OIDC_TOKEN_FILE",
        "ALIBABA_CLOUD_ECS_METADATA",
        "ALIBABA_CLOUD_CREDENTIALS_URI",
    ],
    aws: &[
        "AWS_ACCESS_KEY_ID",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ],
};

/// The accounts that manifests name, each as it is configured.
pub(super) fn named(
    manifests: &[PathBuf],
    config: &Config,
) -> Result<Option<Vec<AccountSettings>>, Failure> {
    if manifests.is_empty() {
        return Ok(None);
    }
    let pairs = inputs::manifests(manifests, config, false)?.pairs;
    let lanes = pairs.groups.lanes();
    let named: BTreeSet<(Provider, AccountId)> =
        lanes.map(|(lane, _)| (lane.cloud, lane.account.clone())).collect();
    let settings =
        |(cloud, account): (Provider, AccountId)| match config.clouds.own(cloud, &account) {
            Some(settings) => settings.clone(),
            None => unconfigured(cloud, account),
        };
    Ok(Some(named.into_iter().map(settings).collect()))
}

/// An account without settings of its own.
fn unconfigured(cloud: Provider, account: AccountId) -> AccountSettings {
    let (id, name) = if account.is_numeric() {
        (Some(account), None)
    } else {
        (None, Some(account.to_string()))
    };
    AccountSettings { cloud, id, name, source: AccountSource::Inherit }
}

/// The accounts of the configuration; where it has none, those of the credentials that are there.
pub(super) fn configured(config: &mut Config) -> Result<Vec<AccountSettings>, Failure> {
    if config.clouds.accounts.is_empty() {
        let has = |cloud: &Provider| {
            config.clouds.names_credentials(*cloud) || has_credentials(*cloud, SOURCES.of(*cloud))
        };
        let accounts = Provider::ALL.into_iter().filter(has).map(default_of).collect();
        config.clouds.accounts = accounts;
    }
    if config.clouds.accounts.is_empty() {
        return Err(Failure::usage(
            "no [[account]] is configured, and `aliyun` and `aws` have no profile here: name the \
             accounts by a manifest (`unpair accounts pairs.csv`), or run `aliyun configure` or \
             `aws configure`, then `unpair init`",
        ));
    }
    Ok(config.clouds.accounts.clone())
}

fn has_credentials(cloud: Provider, variables: &[&str]) -> bool {
    let env = process_env();
    let is_set = |name: &&str| env(name).is_some_and(|value| !value.is_empty());
    variables.iter().any(is_set) || !listed(cloud, &env).files.is_empty()
}

fn default_of(cloud: Provider) -> AccountSettings {
    let name = Some(DEFAULT.to_owned());
    AccountSettings { cloud, id: None, name, source: AccountSource::Inherit }
}

/// Whether it stands for the account of the credentials that are there.
pub(super) fn is_default(settings: &AccountSettings) -> bool {
    settings.id.is_none() && settings.name.as_deref() == Some(DEFAULT)
}
