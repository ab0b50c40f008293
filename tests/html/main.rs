//! The HTML report in a real browser: `UNPAIR_CHROMIUM` names a Chromium.

mod browser;
mod page;
mod reported_run;
