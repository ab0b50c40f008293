//! The official clients against the sandbox, unmodified, the hosts that they call, and the commands
//! that `unpair` prints against both.

#[path = "support/canaries.rs"]
mod canaries;
#[path = "peers/endpoints.rs"]
mod endpoints;
#[path = "peers/odd_profiles.rs"]
mod odd_profiles;
#[path = "peers/official_clients.rs"]
mod official_clients;
#[path = "peers/printed_commands.rs"]
mod printed_commands;
#[path = "peers/sandbox_server.rs"]
mod sandbox_server;
#[path = "peers/schema.rs"]
mod schema;
#[path = "peers/support.rs"]
mod support;
