//! Values of options that need a look.

use std::net::SocketAddr;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::model::{BadValue, CallForm};
use crate::report::{Format, Rows};

/// The words of `--format`.
pub(super) fn format_parser() -> impl TypedValueParser<Value = Format> {
    let words = Format::ALL.map(Format::word);
    PossibleValuesParser::new(words).try_map(|word| word.parse::<Format>() as Result<_, BadValue>)
}

/// The words of `--rows`.
pub(super) fn rows_parser() -> impl TypedValueParser<Value = Rows> {
    let words = Rows::ALL.map(Rows::word);
    PossibleValuesParser::new(words).try_map(|word| word.parse::<Rows>() as Result<_, BadValue>)
}

/// The words of `--by`.
pub(super) fn call_form_parser() -> impl TypedValueParser<Value = CallForm> {
    let words = [CallForm::RuleId, CallForm::Permissions, CallForm::Flat].map(CallForm::as_str);
    PossibleValuesParser::new(words).try_map(|word| word.parse::<CallForm>() as Result<_, BadValue>)
}

pub(super) fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "expected an address and a port such as 127.0.0.1:0".to_owned())
}

pub(super) fn parse_count(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "expected a whole number such as 500".to_owned())
}

pub(super) fn parse_burst(text: &str) -> Result<u32, String> {
    let burst: Option<u32> = text.parse().ok();
    burst.filter(|burst| *burst > 0).ok_or_else(|| "expected a whole number above 0".to_owned())
}

pub(super) fn parse_rate(text: &str) -> Result<f64, String> {
    let rate: Option<f64> = text.parse().ok();
    rate.filter(|rate| rate.is_finite() && *rate > 0.0)
        .ok_or_else(|| "expected calls a second above 0, such as 2.5".to_owned())
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

    #[test]
    fn a_rate_is_a_number_above_0() {
        assert_eq!(parse_rate("2.5"), Ok(2.5));
        for text in ["", "0", "-1", "NaN", "inf", "fast"] {
            assert!(parse_rate(text).is_err(), "{text}");
        }
    }
}
