//! The `unpair` program.

fn main() {}
