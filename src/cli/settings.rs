//! What an invocation is configured with, kept in its run: what changed since is told.

use std::collections::BTreeMap;

use super::exit::Failure;
use super::session::Session;
use crate::cloud::{AccountSettings, AccountSource, Found};
use crate::config::{Config, FailureLimit, Guard};
use crate::journal::{JournalError, RunRecord};
use crate::model::Hasher;
use crate::run::Driver;

/// Settings by key, as they are told. None of them is a secret.
type SettingsByKey = BTreeMap<String, String>;

/// What a key is told to be that is not set.
const OFF: &str = "not set";

/// Keeps the settings of this invocation in `run`, and tells what changed since the last one.
pub(super) async fn take_over(
    session: &Session,
    driver: &Driver<'_>,
    run: &RunRecord,
) -> Result<(), Failure> {
    let now = told(&session.config, session.is_sandbox());
    let before: Option<SettingsByKey> = match &run.settings {
        None => None,
        Some(text) => Some(serde_json::from_str(text).map_err(|error| {
            JournalError::Damaged(format!("the settings of run {}: {error}", run.new.id))
        })?),
    };
    if before.as_ref() == Some(&now) {
        return Ok(());
    }
    for change in before.iter().flat_map(|before| changes(before, &now)) {
        tracing::warn!("changed since the last invocation of run {}: {change}", run.new.id);
    }
    let text = serde_json::to_string(&now).map_err(|error| Failure::internal_error(&error))?;
    driver.keep_settings(text).await?;
    Ok(())
}

/// Every key whose value differs, in words.
fn changes(before: &SettingsByKey, now: &SettingsByKey) -> Vec<String> {
    let mut keys: Vec<&String> = before.keys().chain(now.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let of = |told: &SettingsByKey, key: &String| {
        told.get(key).cloned().unwrap_or_else(|| OFF.to_owned())
    };
    keys.into_iter()
        .map(|key| (key, of(before, key), of(now, key)))
        .filter(|(_, was, is)| was != is)
        .map(|(key, was, is)| format!("{key} was {was}, is now {is}"))
        .collect()
}

/// The accounts, endpoints and guards of a configuration. Those of the embedded clouds are new
/// with each invocation.
fn told(config: &Config, is_sandbox: bool) -> SettingsByKey {
    let mut told = guards(&config.guard);
    if !is_sandbox {
        told.extend(clouds(config));
        let found = &config.clouds.found;
        told.extend(config.clouds.accounts.iter().map(|it| account(it, found)));
    }
    told.into_iter().collect()
}

fn guards(guard: &Guard) -> Vec<(String, String)> {
    let list = |items: Vec<String>| (!items.is_empty()).then(|| items.join(", "));
    let only = guard.only_accounts.iter().map(ToString::to_string).collect();
    let protect = guard.protect.iter().map(ToString::to_string).collect();
    let failures = guard.max_failures.map(|limit| match limit {
        FailureLimit::Count(count) => count.to_string(),
        FailureLimit::Percent(share) => format!("{share}%"),
    });
    let fresh = guard.fresh.map_or_else(|| "off".to_owned(), |fresh| format!("{fresh:?}"));
    present([
        ("guard.max_rules", guard.max_rules.map(|max| max.to_string())),
        ("guard.max_percent", guard.max_percent.map(|max| max.to_string())),
        ("guard.max_failures", failures),
        ("guard.only_accounts", list(only)),
        ("guard.protect", list(protect)),
        ("guard.fresh", Some(fresh)),
    ])
}

fn clouds(config: &Config) -> Vec<(String, String)> {
    let (alibaba, aws) = (&config.clouds.alibaba, &config.clouds.aws);
    let regions: Vec<String> = alibaba.extra_regions.iter().map(ToString::to_string).collect();
    let regions = (!regions.is_empty()).then(|| regions.join(", "));
    // An external id is no secret, and nobody else's business either.
    let external_id = aws.external_id.as_ref().map(|id| {
        let mut hasher = Hasher::new("unpair external id 1");
        hasher.field(id);
        format!("one with the fingerprint {}", &hasher.finish().to_string()[..8])
    });
    present([
        ("alibaba.ecs_endpoint", alibaba.ecs_endpoint.clone()),
        ("alibaba.sts_endpoint", alibaba.sts_endpoint.clone()),
        ("alibaba.config_file", alibaba.config_file.as_ref().map(|f| f.display().to_string())),
        ("alibaba.profile", alibaba.profile.clone()),
        ("alibaba.role_arn", alibaba.role_arn.clone()),
        ("alibaba.extra_regions", regions),
        ("alibaba.allow_external", alibaba.allow_external.then(|| "true".to_owned())),
        ("alibaba.metadata_endpoint", alibaba.metadata_endpoint.clone()),
        ("aws.ec2_endpoint", aws.ec2_endpoint.clone()),
        ("aws.sts_endpoint", aws.sts_endpoint.clone()),
        ("aws.profile", aws.profile.clone()),
        ("aws.role_arn", aws.role_arn.clone()),
        ("aws.sts_region", aws.sts_region.as_ref().map(ToString::to_string)),
        ("aws.external_id", external_id),
    ])
}

fn present<const N: usize>(keys: [(&str, Option<String>); N]) -> Vec<(String, String)> {
    keys.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

/// An id that this invocation found by itself is none that is configured.
fn account(account: &AccountSettings, found: &[Found]) -> (String, String) {
    let is_it = |found: &Found| {
        found.cloud == account.cloud && Some(found.name.as_str()) == account.name.as_deref()
    };
    let id = account.id.as_ref().filter(|_| !found.iter().any(is_it)).map(ToString::to_string);
    let named = [id, account.name.clone()].into_iter().flatten().collect::<Vec<_>>().join(" ");
    (format!("account {} {named}", account.cloud), source_told(&account.source))
}

/// How an account is called.
pub(super) fn source_told(source: &AccountSource) -> String {
    match source {
        AccountSource::Inherit => "called with the credentials of its cloud".to_owned(),
        AccountSource::Profile(profile) => format!("called with profile {profile}"),
        AccountSource::Role(role) => format!("called with role {role}"),
        AccountSource::None => "not ours to call".to_owned(),
        AccountSource::Static(key) => format!("called with key {}", key.id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_that_changed_came_or_went_is_told() {
        let told = |keys: &[(&str, &str)]| -> SettingsByKey {
            keys.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let before = told(&[("a", "1"), ("b", "2"), ("c", "3")]);
        let now = told(&[("a", "1"), ("b", "4"), ("d", "5")]);
        assert_eq!(
            changes(&before, &now),
            ["b was 2, is now 4", "c was 3, is now not set", "d was not set, is now 5"]
        );
    }
}
