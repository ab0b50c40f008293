//! Every renderer against the text that a user would see.

mod commands;
mod judging;
mod lists;
mod plans;
mod rendering;
