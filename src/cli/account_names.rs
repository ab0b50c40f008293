//! Login names whose id only their own credentials can tell.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::exit::{Exit, Failure};
use super::process_limits;
use super::session::{Session, directory};
use crate::cloud::{AccountSource, CloudError, Directory, Found};
use crate::exchange::Slots;
use crate::model::{AccountId, ErrorClass, LaneKey, PairSet, Provider, RegionId};

/// Names that are asked for at once while they are answered, and at the most.
const AT_ONCE: usize = 256;
const MOST_AT_ONCE: usize = 4_096;
/// How long a name may take: with what an account that hangs costs the others later on, less than
/// one exchange may take.
const LONGEST: Duration = Duration::from_secs(15);

/// A name, its cloud, and a region to ask in.
type Unresolved = (Provider, AccountId, RegionId);

/// Replaces every name in `pairs` that is configured with credentials but without an id by the
/// account that `GetCallerIdentity` gives for it. All names are asked for at once. A name that
/// cannot be resolved stays a name, and is asked for no more: its side will be told as unreadable,
/// with the reason.
pub(super) async fn resolve_names(
    session: &mut Session,
    pairs: PairSet,
) -> Result<PairSet, Failure> {
    let unknown = unresolved(session, &pairs);
    if unknown.is_empty() {
        return Ok(pairs);
    }
    let began = Instant::now();
    let directory = directory(&session.http, &session.config, "names")?;
    let most = process_limits::calls_at_once(session.is_sandbox());
    let slots = Slots::new(AT_ONCE.min(most), MOST_AT_ONCE.min(most));
    let asking = join_all(unknown.iter().map(|name| ask(&*directory, &slots, name)));
    let answers = tokio::select! {
        biased;
        () = session.waits.stop.cancelled() => {
            return Err(Failure::new(
                Exit::Interrupted,
                "interrupted while accounts that are known by name alone were looked up: no run \
                 was begun and nothing was changed; give the same command again",
            ));
        }
        answers = asking => answers,
    };
    session.asked_names = began.elapsed();
    let mut ids: BTreeMap<(Provider, AccountId), AccountId> = BTreeMap::new();
    for ((cloud, name, _), id) in unknown.into_iter().zip(answers) {
        match &id {
            Ok(id) => drop(ids.insert((cloud, name.clone()), id.clone())),
            Err(error) => tracing::warn!("{cloud} {name}: its id cannot be told: {error}"),
        }
        adopt(session, Found { cloud, name: name.to_string(), id });
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

/// From now on the account is found by its id too, by the guards as well, or not called at all.
fn adopt(session: &mut Session, found: Found) {
    let clouds = &mut session.config.clouds;
    for account in &mut clouds.accounts {
        if account.cloud == found.cloud && account.name.as_deref() == Some(found.name.as_str()) {
            account.id = found.id.as_ref().ok().cloned();
        }
    }
    clouds.found.push(found);
}

/// Whose the credentials of a name are.
async fn ask(
    directory: &dyn Directory,
    slots: &Slots,
    (cloud, name, region): &Unresolved,
) -> Result<AccountId, CloudError> {
    let _slot = slots.take().await;
    let asking = async {
        let client = directory.client(*cloud, name, Some(region)).await?;
        Ok(client.identify(region).await?.value.account)
    };
    tokio::time::timeout(LONGEST, asking).await.unwrap_or_else(|_| {
        let message = format!(
            "no answer within {} s: see that its credentials and its endpoint work, or add its id \
             to its [[account]]",
            LONGEST.as_secs()
        );
        Err(CloudError::local(ErrorClass::Unreached, "timeout", message))
    })
}

/// The names in `pairs` that have credentials and no id.
fn unresolved(session: &Session, pairs: &PairSet) -> Vec<Unresolved> {
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
