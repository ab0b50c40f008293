//! Durations as people write them: `90s`, `15m`, `2h`, `30d`.

use std::time::Duration;

/// Reads a duration; a day has 24 hours.
///
/// # Errors
/// What was expected, if the text is no duration or a negative one.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
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
