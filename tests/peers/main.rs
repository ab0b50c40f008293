//! The official clients against the sandbox, unmodified, the hosts that they call, and the commands
//! that `unpair` prints against both; and `unpair` against moto, an independent implementation of EC2
//! and STS.
//!
//! Moto proves the wire format, STS and the credential chain. It does not behave as EC2 in what a
//! revocation answers: it lists no revoked rules and knows no foreign groups (see
//! `peers/moto_world.py`). The sandbox is what stands for EC2's behaviour.

mod endpoints;
mod moto_client;
mod moto_commands;
mod moto_world;
mod odd_profiles;
mod official_clients;
mod printed_commands;
mod sandbox_server;
mod schema;
mod support;
