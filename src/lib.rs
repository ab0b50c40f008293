//! `unpair`: audits and revokes security group authorizations between cloud accounts.
//!
//! Modules, bottom layer first; ARCHITECTURE.md says who may import whom.

pub mod model;

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
