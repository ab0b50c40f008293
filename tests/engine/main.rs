//! The engine against a scripted cloud: given this world and these answers, what is sent, and
//! what does the journal say?

mod fake;
mod reads;
mod revokes;
mod scenario;
mod skewed;
