//! `accounts`: check every account that is configured, or that manifests name.

mod check;
mod policy;
mod selection;

use std::io::Write;

use futures_util::future::join_all;

use self::check::{check, is_called, not_allowed};
use crate::cli::args::AccountsArgs;
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure};
use crate::cli::session::{directory, tell_surroundings};
use crate::cli::{embedded_clouds, process_limits};
use crate::cloud::{AccountSettings, Http};
use crate::config::{Config, Overrides};
use crate::exchange::Slots;
use crate::report::{AccountCheck, Format, write_accounts};

/// Accounts that are checked at once while they answer, and at the most.
const AT_ONCE: usize = 64;
const MOST_AT_ONCE: usize = 4_096;

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
    let checks = check_all(context, &http, &config, &accounts).await?;
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
    Ok(exit(&checks))
}

/// Checks accounts, many at once, until a signal comes.
async fn check_all(
    context: &Context,
    http: &Http,
    config: &Config,
    accounts: &[AccountSettings],
) -> Result<Vec<AccountCheck>, Failure> {
    let directory = directory(http, config, "accounts")?;
    let most = process_limits::calls_at_once(context.common.sandbox);
    let slots = Slots::new(AT_ONCE.min(most), MOST_AT_ONCE.min(most));
    let asking = join_all(accounts.iter().map(|settings| async {
        if !config.guard.allows(settings) {
            return not_allowed(settings);
        }
        let _slot = slots.take().await;
        check(&*directory, settings).await
    }));
    context.waits.work();
    tokio::select! {
        biased;
        () = context.waits.stop.cancelled() => {
            Err(Failure::new(Exit::Interrupted, "interrupted: nothing was changed"))
        }
        checks = asking => Ok(checks),
    }
}

/// Done if every account that is called is well; a partner's is not called.
fn exit(checks: &[AccountCheck]) -> Exit {
    let mut called = checks.iter().filter(|check| is_called(check)).peekable();
    let nobody = called.peek().is_some() && checks.iter().all(|check| check.identity.is_none());
    if nobody {
        Exit::NoAccount
    } else if called.all(|check| check.state == "ok") {
        Exit::Done
    } else {
        Exit::Unfinished
    }
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
