//! `accounts`: check every account that is configured, or that manifests name.

mod policy;
mod selection;

use std::collections::BTreeMap;
use std::io::Write;

use futures_util::future::join_all;

use crate::cli::args::AccountsArgs;
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure};
use crate::cli::session::{directory, tell_surroundings};
use crate::cli::{embedded_clouds, process_limits};
use crate::cloud::{
    AccountSettings, AccountSource, Action, Cloud, CloudError, Directory, ErrorClass, Http,
};
use crate::config::{Config, Overrides};
use crate::exchange::Slots;
use crate::model::{AccountId, Direction, Identity, Provider, RegionId};
use crate::report::{Access, AccountCheck, Format, write_accounts};

pub(super) async fn run(context: &Context, args: &AccountsArgs) -> Result<Exit, Failure> {
    if args.policy && !args.manifests.is_empty() {
        return Err(Failure::usage(no_policy_of(args)));
    }
    if args.policy {
        context.output.write(policy::text().as_bytes())?;
        return Ok(Exit::Done);
    }
    let mut config = context.config(&Overrides::default())?;
    let named = selection::named(&args.manifests, &config)?;
    let sandbox = embedded_clouds::begin(&context.common, &mut config).await?;
    let accounts = match named {
        Some(named) => named,
        None => selection::configured(&mut config)?,
    };
    let http = Http::within(&config.clouds.surroundings)?;
    let in_full = sandbox.is_none() && context.output.format == Format::Table;
    if !in_full {
        tell_surroundings(&config, sandbox.is_some());
    }
    let directory = directory(&http, &config, "accounts")?;
    let most = process_limits::calls_at_once(context.common.sandbox);
    let slots = Slots::new(AT_ONCE.min(most), MOST_AT_ONCE.min(most));
    let asking = join_all(accounts.iter().map(|settings| async {
        if !config.guard.allows(settings) {
            return AccountCheck { state: NOT_ALLOWED.to_owned(), ..unasked(settings) };
        }
        let _slot = slots.take().await;
        check(&*directory, settings).await
    }));
    context.waits.work();
    let checks = tokio::select! {
        biased;
        () = context.waits.stop.cancelled() => {
            return Err(Failure::new(Exit::Interrupted, "interrupted: nothing was changed"));
        }
        checks = asking => checks,
    };
    context.waits.tell();
    let mut sink = context.output.open()?;
    write_accounts(&checks, context.output.format, context.output.style(), &mut sink)?;
    if in_full {
        write_surroundings(&config, &mut sink)?;
    }
    sink.finish()?;
    if let Some(sandbox) = sandbox {
        sandbox.stop().await;
    }
    let reached = checks.iter().any(|check| check.identity.is_some());
    let is_called = |check: &AccountCheck| check.state != NOT_OURS && check.state != NOT_ALLOWED;
    let ours = checks.iter().any(is_called);
    let all = checks.iter().all(|check| check.state == "ok" || !is_called(check));
    Ok(match (ours && !reached, all) {
        (true, _) => Exit::NoAccount,
        (false, true) => Exit::Done,
        (false, false) => Exit::Unfinished,
    })
}

/// What is said of a policy for what follows `--policy`.
fn no_policy_of(args: &AccountsArgs) -> String {
    match args.manifests.as_slice() {
        [purpose] if purpose.as_os_str() == "restore" => {
            "--policy restore is not available in this version; nothing was sent".to_owned()
        }
        _ => "--policy is the same for every account: leave the manifests out".to_owned(),
    }
}

/// Every override of an endpoint, and what the surroundings say of the way to the clouds.
fn write_surroundings(config: &Config, out: &mut dyn Write) -> std::io::Result<()> {
    for notice in &config.notices {
        writeln!(out, "{notice}")?;
    }
    for told in config.clouds.surroundings.told_in_full() {
        writeln!(out, "{told}")?;
    }
    Ok(())
}

/// Accounts that are checked at once while they answer, and at the most.
const AT_ONCE: usize = 64;
const MOST_AT_ONCE: usize = 4_096;
const NOT_OURS: &str = "not ours";
const NOT_ALLOWED: &str = "not in only_accounts";

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

async fn check(directory: &dyn Directory, settings: &AccountSettings) -> AccountCheck {
    let mut check = unasked(settings);
    let account = check.account.clone();
    if matches!(settings.source, AccountSource::None) {
        return check;
    }
    match identify(directory, settings.cloud, &account).await {
        Ok((client, identity)) => {
            (check.state, check.remedy) = judge(settings, &identity);
            if selection::is_default(settings) {
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
) -> Result<(std::sync::Arc<dyn Cloud>, Identity), CloudError> {
    let client = directory.client(cloud, account, None).await?;
    let identity = client.identify(&home(cloud)).await?.value;
    Ok((client, identity))
}

/// A region that every account of the cloud has.
fn home(cloud: Provider) -> RegionId {
    RegionId::new(match cloud {
        Provider::Alibaba => "cn-hangzhou",
        Provider::Aws => "us-east-1",
    })
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
