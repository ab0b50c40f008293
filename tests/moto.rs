//! `unpair` against moto, an independent implementation of EC2 and STS.
//!
//! Moto proves the wire format, STS and the credential chain. It does not behave as EC2 in what a
//! revocation answers: it lists no revoked rules and knows no foreign groups (see
//! `peers/moto_world.py`). The sandbox is what stands for EC2's behaviour.

#[path = "support/canaries.rs"]
mod canaries;
#[path = "peers/moto_client.rs"]
mod client;
#[path = "peers/moto_commands.rs"]
mod commands;
#[path = "peers/moto_world.rs"]
mod moto_world;
#[path = "peers/support.rs"]
mod support;
