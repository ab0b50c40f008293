//! The embedded clouds of `--sandbox`: started in process, their world kept beside the journal.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::args::Common;
use super::exit::{Exit, Failure};
use crate::cloud::{AccountSettings, AccountSource, Settings, StaticKey, Surroundings};
use crate::config::Config;
use crate::files::read_named;
use crate::journal::file_of;
use crate::sandbox::{Sandbox, SandboxError, SandboxOptions, World, start};

/// The world that a configuration names, or the built-in sample.
pub(super) fn load_world(world: Option<&Path>) -> Result<World, Failure> {
    let Some(path) = world else { return Ok(World::sample()) };
    let text = read_named(path).map_err(|why| {
        Failure::usage(format!("world {}: cannot be read: {why}", path.display()))
    })?;
    World::from_toml(&text)
        .map_err(|error| Failure::usage(format!("world {}: {error}", path.display())))
}

/// With `--sandbox`, the accounts are the world's: manifests may call them by their names. No
/// request leaves this machine, so it does not matter what surrounds it.
pub(super) fn adopt_accounts(common: &Common, config: &mut Config) -> Result<(), Failure> {
    if common.sandbox {
        let world = load_world(config.world.as_deref())?;
        config.clouds.accounts = accounts_of(world);
        config.clouds.surroundings = Surroundings::default();
    }
    Ok(())
}

/// With `--sandbox`, starts the sandbox whose world lives beside the journal and points `config`
/// at it.
pub(super) async fn begin(
    common: &Common,
    config: &mut Config,
) -> Result<Option<Sandbox>, Failure> {
    if !common.sandbox {
        return Ok(None);
    }
    let world = load_world(config.world.as_deref())?;
    let options =
        SandboxOptions { state: Some(state_file(&common.journal)?), ..SandboxOptions::new(world) };
    let sandbox = start(options).await?;
    point_at(&mut config.clouds, &sandbox);
    Ok(Some(sandbox))
}

fn point_at(settings: &mut Settings, sandbox: &Sandbox) {
    let (ecs, ec2) = (sandbox.alibaba_url(), sandbox.aws_url());
    settings.alibaba.ecs_endpoint = Some(ecs.clone());
    settings.alibaba.sts_endpoint = Some(ecs);
    settings.aws.ec2_endpoint = Some(ec2.clone());
    settings.aws.sts_endpoint = Some(ec2);
    settings.accounts = accounts_of(sandbox.world());
}

fn accounts_of(world: World) -> Vec<AccountSettings> {
    world
        .accounts
        .into_iter()
        .map(|account| AccountSettings {
            cloud: account.cloud,
            id: Some(account.id),
            name: account.name,
            // An account without a key is a partner's.
            source: match (account.access_key_id, account.access_key_secret) {
                (Some(id), Some(secret)) => AccountSource::Static(StaticKey {
                    id,
                    secret: SecretString::from(secret),
                    token: None,
                }),
                _ => AccountSource::None,
            },
        })
        .collect()
}

/// `unpair.db` keeps its world in `unpair.db.sandbox.json`.
fn state_file(journal: &str) -> Result<PathBuf, Failure> {
    let mut path = file_of(journal)?.into_os_string();
    path.push(".sandbox.json");
    Ok(path.into())
}

impl From<SandboxError> for Failure {
    fn from(error: SandboxError) -> Self {
        let exit = match &error {
            SandboxError::World(_) | SandboxError::NotLoopback(_) => Exit::Usage,
            SandboxError::Busy(_) => Exit::Locked,
            SandboxError::Listen { .. }
            | SandboxError::File { .. }
            | SandboxError::State { .. } => Exit::CouldNotWork,
        };
        Self::new(exit, format!("sandbox: {error}"))
    }
}
