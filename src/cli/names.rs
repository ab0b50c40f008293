//! Login names whose id only their own credentials can tell.

use std::collections::BTreeMap;

use super::exit::Failure;
use super::session::Session;
use crate::cloud::AccountSource;
use crate::model::{AccountId, LaneKey, PairSet, Provider, RegionId};

/// Replaces every name in `pairs` that is configured with credentials but without an id by the
/// account that `GetCallerIdentity` gives for it. A name that cannot be resolved stays a name:
/// its side will be told as unreadable, with the reason.
pub(super) async fn resolve(session: &mut Session, pairs: PairSet) -> Result<PairSet, Failure> {
    let mut ids: BTreeMap<(Provider, AccountId), AccountId> = BTreeMap::new();
    for (cloud, name, region) in unresolved(session, &pairs) {
        let directory = super::session::directory(&session.config, "names")?;
        let identity = match directory.client(cloud, &name, Some(&region)).await {
            Ok(client) => client.identify(&region).await,
            Err(error) => Err(error),
        };
        match identity {
            Ok(answer) => {
                adopt(session, cloud, &name, &answer.value.account);
                ids.insert((cloud, name), answer.value.account);
            }
            Err(error) => tracing::warn!("{cloud} {name}: its id cannot be told: {error}"),
        }
    }
    if ids.is_empty() {
        return Ok(pairs);
    }
    let named = |lane: &LaneKey| {
        let account = ids.get(&(lane.cloud, lane.account.clone()))?.clone();
        Some(LaneKey { account, ..lane.clone() })
    };
    Ok(pairs.revised(|_| true, named))
}

/// From now on the account is found by its id too.
fn adopt(session: &mut Session, cloud: Provider, name: &AccountId, id: &AccountId) {
    for account in &mut session.config.clouds.accounts {
        if account.cloud == cloud && account.name.as_deref() == Some(name.as_str()) {
            account.id = Some(id.clone());
        }
    }
}

/// The names in `pairs` that have credentials and no id, each with a region to ask in.
fn unresolved(session: &Session, pairs: &PairSet) -> Vec<(Provider, AccountId, RegionId)> {
    let accounts = session.config.clouds.accounts.iter();
    accounts
        .filter(|account| account.id.is_none() && !matches!(account.source, AccountSource::None))
        .filter_map(|account| {
            let name = AccountId::new(account.name.as_deref()?);
            let mut lanes = pairs.groups.lanes().map(|(lane, _)| lane);
            let lane = lanes.find(|lane| lane.cloud == account.cloud && lane.account == name)?;
            Some((account.cloud, name, lane.region.clone()))
        })
        .collect()
}
