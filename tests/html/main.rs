//! The HTML report in a real browser: `UNPAIR_CHROMIUM` names a Chromium.

mod browser;
#[path = "../support/canaries.rs"]
mod canaries;
#[expect(dead_code, reason = "a page is judged by what it shows, not by the calls behind it")]
#[path = "../support/ground.rs"]
mod ground;
mod page;
#[expect(dead_code, reason = "no command is interrupted here")]
#[path = "../support/process.rs"]
mod process;
mod stage;
#[expect(dead_code, reason = "a page needs few of the worlds")]
#[path = "../cli/world.rs"]
mod world;
