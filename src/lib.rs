//! `unpair`: audits and revokes security group authorizations between cloud accounts.
//!
//! The program is a thin shell over this library: [`manifest`] turns CSV rows into pairs of
//! groups, [`audit`] reads both groups, [`planner`] makes calls of what lets one reach the other,
//! [`run`] carries them out and reads back, [`journal`] keeps every step, [`report`] tells it.
//! [`cloud`] and [`journal`] are the two ports; [`sandbox`] stands in for both clouds.
//!
//! Modules stand bottom layer first; ARCHITECTURE.md says who may import whom, and
//! `tests/layers/` holds them to it.

pub mod files;
pub mod model;

#[doc(hidden)]
pub mod failpoint;

pub mod cloud;
pub mod journal;
pub mod manifest;
pub mod pace;
pub mod planner;

pub mod exchange;

pub mod audit;
pub mod report;
pub mod run;
pub mod sandbox;

pub mod config;

pub mod cli;
