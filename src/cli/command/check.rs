//! `check`: manifests validated without network and journal.

use std::collections::BTreeMap;

use crate::cli::allowed_groups::{BadRows, allowed_pairs};
use crate::cli::args::CheckArgs;
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure};
use crate::cli::inputs;
use crate::cli::settings::source_told;
use crate::cli::summary::options;
use crate::cloud::AccountSource;
use crate::config::{Config, NameLookup, Overrides};
use crate::model::{AccountId, PairSet, Provider};
use crate::report::{Checked, CheckedAccount, Repeated, write_checked};

pub(super) fn run(context: &Context, args: &CheckArgs) -> Result<Exit, Failure> {
    let config = context.config(&Overrides::default())?;
    let manifests = inputs::manifests(&args.manifests, &config, args.keep_going)?;
    let bad_rows = BadRows::of(args.keep_going);
    let (pairs, refused) = allowed_pairs(manifests.pairs, &config, bad_rows, NameLookup::Pending)?;
    let left_out = (manifests.left_out + refused) as u64;
    let checked =
        Checked { options: options(&context.common), ..checked(&pairs, left_out, &config) };
    let mut sink = context.output.open()?;
    write_checked(&checked, context.output.format, context.output.style(), &mut sink)?;
    sink.finish()?;
    Ok(if left_out > 0 { Exit::Unfinished } else { Exit::Done })
}

fn checked(pairs: &PairSet, left_out: u64, config: &Config) -> Checked {
    let repeated = pairs.duplicates.iter().map(|(dropped, kept)| Repeated {
        row: pairs.locate(*dropped),
        same_as: pairs.locate(*kept),
    });
    let guard = &config.guard;
    let later =
        [("max_rules", guard.max_rules.is_some()), ("max_percent", guard.max_percent.is_some())];
    Checked {
        pairs: pairs.pair_count() as u64,
        rows: pairs.rows.len() as u64,
        groups: pairs.groups.len() as u64,
        left_out,
        repeated: repeated.collect(),
        accounts: accounts(pairs, config),
        judged_later: later.into_iter().filter(|(_, is_set)| *is_set).map(|(key, _)| key).collect(),
        manifests: pairs.sources.iter().map(|source| source.name.clone()).collect(),
        options: String::new(),
    }
}

/// Every account with its regions and how many groups it has.
fn accounts(pairs: &PairSet, config: &Config) -> Vec<CheckedAccount> {
    let mut accounts: BTreeMap<(Provider, AccountId), CheckedAccount> = BTreeMap::new();
    for (lane, groups) in pairs.groups.lanes() {
        let key = (lane.cloud, lane.account.clone());
        let account = accounts.entry(key).or_insert_with(|| CheckedAccount {
            cloud: lane.cloud,
            account: lane.account.clone(),
            credentials: credentials(lane.cloud, &lane.account, config),
            regions: Vec::new(),
            groups: 0,
        });
        account.regions.push(lane.region.clone());
        account.groups += groups.len() as u64;
    }
    accounts.into_values().collect()
}

/// How an account would be called.
fn credentials(cloud: Provider, account: &AccountId, config: &Config) -> String {
    match config.clouds.own(cloud, account) {
        Some(settings) => source_told(&settings.source),
        None if account.is_numeric() => source_told(&AccountSource::Inherit),
        None => "none: no [[account]] maps this name to an id".to_owned(),
    }
}
