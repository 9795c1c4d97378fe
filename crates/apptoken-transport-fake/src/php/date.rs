use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Formats a UTC time, as `gmdate` does. The format is that of `strftime`.
pub(crate) fn gmdate(format: &str, time: i64) -> String {
    let time = Timestamp::from_second(time).unwrap_or_default().to_zoned(TimeZone::UTC);
    time.strftime(format).to_string()
}
