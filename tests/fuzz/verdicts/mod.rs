//! An invariant: whatever a cloud answers, no pair is called clean while a grant between its groups
//! stands, and nothing is planned that no row names.
//!
//! A world is drawn from a seed and served to the real clients in manners that are drawn as well:
//! owners in any spelling, listings that repeat, shrink, loop or contradict each other, references
//! that are cut, absent fields, both kinds of peer filled in, words never seen, ids in another case,
//! answers that come again. The real audit reads it, the real planner plans, the real report
//! judges. The judge knows the world, not what the program reads of it.

mod alibaba;
mod aws;
mod generated_worlds;
mod judge;
mod manners;
mod server;
mod tree;
mod truth;
