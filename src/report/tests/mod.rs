//! Every renderer against the text that a user would see.

mod by_rows;
mod causes;
mod commands;
mod judging;
mod large;
mod lists;
mod pair_lines;
mod plans;
mod rendering;
