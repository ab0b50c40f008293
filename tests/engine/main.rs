//! The engine against a scripted cloud: given this world and these answers, what is sent, and
//! what does the journal say?

#[path = "../support/cloud.rs"]
mod cloud;
mod fake;
#[path = "../support/fixture.rs"]
mod fixture;
mod reads;
mod revokes;
mod scenario;
mod skewed;
