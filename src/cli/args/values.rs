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
    let share: Option<f64> = text.strip_suffix('%').unwrap_or(text).parse().ok();
    share
        .filter(|share| *share > 0.0 && *share <= 100.0)
        .ok_or_else(|| "expected a percentage above 0 and at most 100".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_above_0_and_at_most_100_with_one_sign_or_none() {
        for (text, share) in [("5", 5.0), ("5%", 5.0), ("0.5%", 0.5), ("100", 100.0)] {
            assert_eq!(parse_percent(text), Ok(share));
        }
        for text in ["", "%", "5%%", "5 %", "0", "-5", "101", "NaN", "inf", "five"] {
            assert!(parse_percent(text).is_err(), "{text}");
        }
    }
}
