//! Values of options that need a look.

use std::net::SocketAddr;

use crate::report::Format;

pub(super) fn parse_format(text: &str) -> Result<Format, String> {
    text.parse().map_err(|_| "expected table, json, csv or html".to_owned())
}

pub(super) fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "expected an address and a port such as 127.0.0.1:0".to_owned())
}

pub(super) fn parse_percent(text: &str) -> Result<f64, String> {
    let share: Option<f64> = text.trim_end_matches('%').parse().ok();
    share
        .filter(|share| *share > 0.0 && *share <= 100.0)
        .ok_or_else(|| "expected a percentage above 0 and at most 100".to_owned())
}
