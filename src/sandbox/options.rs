//! What a sandbox is started with.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::faults::InjectedFault;
use super::limits::Limit;
use super::world::World;
use crate::model::{AccountId, Provider};

/// What to serve, where, and how unkindly.
#[derive(Clone, Debug)]
pub struct SandboxOptions {
    /// Where the Alibaba dialect listens, on loopback; the AWS dialect takes the next port, or
    /// any free one if this port is 0 or the next is taken.
    pub listen: SocketAddr,
    /// The world to begin with, unless `state` holds one.
    pub world: World,
    /// Where the live world is kept; taken up again if it is there.
    pub state: Option<PathBuf>,
    /// Faults in the order in which they are tried.
    pub faults: Vec<InjectedFault>,
    /// Calls above this are throttled.
    pub limit: Option<Limit>,
    /// Where every call is appended, as JSON lines.
    pub call_log: Option<PathBuf>,
    /// Makes the faults of two equal runs equal.
    pub seed: u64,
    /// For how long reads still show what a revocation removed.
    pub visibility_delay: Duration,
}

impl SandboxOptions {
    /// A well-behaved sandbox of `world` on any free port, kept in memory.
    pub fn new(world: World) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            world,
            state: None,
            faults: Vec::new(),
            limit: None,
            call_log: None,
            seed: 0,
            visibility_delay: Duration::ZERO,
        }
    }
}

/// An account of the sandbox with its key. Partners have none and are not listed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SandboxAccount {
    /// The cloud.
    pub cloud: Provider,
    /// The numeric id.
    pub id: AccountId,
    /// The login name or a label.
    pub name: Option<String>,
    /// The key.
    pub access_key_id: String,
    /// Its secret; sandbox keys protect nothing.
    pub access_key_secret: String,
}
