//! Why a sandbox does not start.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a sandbox does not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The world file is wrong.
    #[error("world: {0}")]
    World(String),
    /// The address is not on loopback; the sandbox's keys are no secret.
    #[error("listen address {0}: expected a loopback address such as 127.0.0.1:0")]
    NotLoopback(SocketAddr),
    /// The address cannot be had.
    #[error("listen address {address}: {source}; choose another port")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The kept state or the call log cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process serves this very world.
    #[error("{0}: another process serves this sandbox; wait for it to end")]
    Busy(PathBuf),
    /// The kept state is not a sandbox's.
    #[error("{path}: not the state of a sandbox: {reason}; remove it to begin anew")]
    State {
        /// The file.
        path: PathBuf,
        /// What was wrong with it.
        reason: String,
    },
}
