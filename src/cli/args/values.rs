//! Values of options that need a look.

use std::net::SocketAddr;
use std::time::Duration;

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

pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    let bad = || "expected a duration such as 90s, 15m, 2h or 30d".to_owned();
    let span: jiff::Span = text.parse().map_err(|_| bad())?;
    let duration =
        span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).map_err(|_| bad())?;
    Duration::try_from(duration).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_in_everyday_forms() {
        assert_eq!(parse_duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_duration("2h"), Ok(Duration::from_secs(7_200)));
        assert_eq!(parse_duration("30d"), Ok(Duration::from_secs(30 * 86_400)));
        assert!(parse_duration("-1s").is_err());
        assert!(parse_duration("soon").is_err());
    }
}
