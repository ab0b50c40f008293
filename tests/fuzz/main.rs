//! Answers that no provider gives, through the real clients: cut at every byte, hostile, and
//! mutated at random; manifests that nobody means to write; and worlds that are told in every
//! manner, of which nothing false may be said.
//!
//! `UNPAIR_SEED` repeats a run of the mutations, `UNPAIR_LONG=1` makes it a long one. A body that
//! once told something false stands in `regressions/` and is always tried.

mod asking;
mod cuts;
mod hostile;
mod manifests;
mod memory;
mod mutate;
mod mutations;
mod peer;
mod verdicts;
