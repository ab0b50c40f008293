//! One account, checked: whose its credentials are, and what they may do.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::selection::is_default;
use crate::cloud::{
    AccountSettings, AccountSource, Action, Cloud, CloudError, Directory, ErrorClass,
};
use crate::model::{AccountId, Direction, Identity, Provider, RegionId};
use crate::report::{Access, AccountCheck};

/// What is said of accounts that are not called.
const NOT_OURS: &str = "not ours";
const NOT_ALLOWED: &str = "not in only_accounts";

/// Whether an account was called.
pub(super) fn is_called(check: &AccountCheck) -> bool {
    check.state != NOT_OURS && check.state != NOT_ALLOWED
}

/// An account that a guard keeps from being called.
pub(super) fn not_allowed(settings: &AccountSettings) -> AccountCheck {
    AccountCheck { state: NOT_ALLOWED.to_owned(), ..unasked(settings) }
}

/// What is known of an account without a call.
fn unasked(settings: &AccountSettings) -> AccountCheck {
    let named = settings.name.as_deref().unwrap_or_default();
    AccountCheck {
        cloud: settings.cloud,
        account: settings.id.clone().unwrap_or_else(|| AccountId::new(named)),
        name: settings.name.clone(),
        identity: None,
        state: NOT_OURS.to_owned(),
        regions: 0,
        allowed: BTreeMap::new(),
        remedy: None,
    }
}

pub(super) async fn check(directory: &dyn Directory, settings: &AccountSettings) -> AccountCheck {
    let mut check = unasked(settings);
    let account = check.account.clone();
    if matches!(settings.source, AccountSource::None) {
        return check;
    }
    match identify(directory, settings.cloud, &account).await {
        Ok((client, identity)) => {
            (check.state, check.remedy) = judge(settings, &identity);
            if is_default(settings) {
                (check.account, check.name) = (identity.account.clone(), None);
            }
            check.identity = Some(identity);
            if check.state == "ok" {
                ask(&*client, &mut check).await;
            }
        }
        Err(error) => {
            check.state.clone_from(&error.code);
            check.remedy = Some(remedy(&error));
        }
    }
    check
}

async fn identify(
    directory: &dyn Directory,
    cloud: Provider,
    account: &AccountId,
) -> Result<(Arc<dyn Cloud>, Identity), CloudError> {
    let client = directory.client(cloud, account, None).await?;
    let identity = client.identify(&home(cloud)).await?.value;
    Ok((client, identity))
}

/// A region that every account of the cloud has.
fn home(cloud: Provider) -> RegionId {
    RegionId::new(cloud.facts().home_region)
}

fn judge(settings: &AccountSettings, identity: &Identity) -> (String, Option<String>) {
    match &settings.id {
        Some(id) if *id != identity.account => (
            "wrong account".to_owned(),
            Some(format!(
                "these are the credentials of {}: check profile or role_arn",
                identity.account
            )),
        ),
        _ => ("ok".to_owned(), None),
    }
}

/// Asks what can be asked without changing anything.
async fn ask(client: &dyn Cloud, check: &mut AccountCheck) {
    let cloud = check.cloud;
    let mut note = |action: Action, access: Access| {
        check.allowed.insert(action.name(cloud).to_owned(), access);
    };
    let regions = client.regions().await;
    note(Action::Regions, access(regions.as_ref().err()));
    let groups = client.groups(&home(cloud), None, None).await;
    note(Action::Groups, access(groups.as_ref().err()));
    if let Some(group) = groups.as_ref().ok().and_then(|answer| answer.value.groups.first()) {
        let ids = [group.id.clone()];
        let rules = client.rules(&home(cloud), &ids, None).await;
        note(Action::Rules, access(rules.as_ref().err()));
    }
    for direction in [Direction::Ingress, Direction::Egress] {
        note(Action::Revoke(direction), Access::Unknown);
    }
    let count = regions.map_or(0, |answer| answer.value.len());
    check.regions = u32::try_from(count).unwrap_or(u32::MAX);
}

fn access(error: Option<&CloudError>) -> Access {
    match error.map(|error| error.class) {
        None => Access::Allowed,
        Some(ErrorClass::Denied | ErrorClass::Credential) => Access::Denied,
        Some(_) => Access::Unknown,
    }
}

fn remedy(error: &CloudError) -> String {
    let what_to_do = match error.class {
        // What is wrong with files, variables and commands is told with its own remedy.
        ErrorClass::Config if error.code == "credentials" => return error.message.clone(),
        _ if error.code == "credential_process" => return error.message.clone(),
        ErrorClass::Config => "check the configuration",
        ErrorClass::Credential | ErrorClass::Expired => "check profile, role_arn and keys",
        ErrorClass::Denied => "allow it: `unpair accounts --policy` prints the least policy",
        ErrorClass::ClockSkew => "set this machine's clock",
        ErrorClass::Unreached | ErrorClass::Lost | ErrorClass::Transient => {
            "check the network and the endpoint"
        }
        ErrorClass::Scarce => return error.message.clone(),
        _ => "see the provider's documentation of the code",
    };
    format!("{}; {what_to_do}", error.message)
}
