//! Times and durations as people read them.

use core::fmt;
use core::time::Duration;

use crate::value::time::{SECONDS_PER_DAY, UnixSeconds, days_since_epoch};

/// RFC 3339 in UTC, such as `2026-11-21T04:32:43Z`; the number of seconds for a year that RFC 3339 cannot write.
impl fmt::Display for UnixSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (day, second) = (self.0.div_euclid(SECONDS_PER_DAY), self.0.rem_euclid(SECONDS_PER_DAY));
        let Some((year, month, day)) = date(day) else { return write!(f, "{} s since 1970", self.0) };
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// The year, month and day of the Gregorian calendar, for the years 0 to 9999.
fn date(day: i64) -> Option<(i64, i64, i64)> {
    if !(days_since_epoch(0, 1, 1)..days_since_epoch(10_000, 1, 1)).contains(&day) {
        return None;
    }
    // A year has 365.2425 days on average, so the estimate is wrong by at most one year.
    let estimate = 1970 + (day * 10_000).div_euclid(3_652_425);
    let year = (estimate - 1..=estimate + 1).rev().find(|year| days_since_epoch(*year, 1, 1) <= day)?;
    let month = (1..=12).rev().find(|month| days_since_epoch(year, *month, 1) <= day)?;
    Some((year, month, day - days_since_epoch(year, month, 1) + 1))
}

impl UnixSeconds {
    /// Where this time is, seen from `now`. `Display` writes it as `in 5 days`, `3 hours ago` or `now`.
    ///
    /// # Examples
    ///
    /// ```
    /// use apptoken_core::UnixSeconds;
    ///
    /// let now = UnixSeconds(1_795_230_763);
    /// let expiry = UnixSeconds(now.0 + 5 * 86_400);
    /// assert_eq!(format!("{expiry}, {}", expiry.relative_to(now)), "2026-11-26T03:12:43Z, in 5 days");
    /// ```
    #[must_use]
    pub fn relative_to(self, now: Self) -> RelativeTime {
        RelativeTime { seconds: self.seconds_since(now) }
    }
}

/// A time seen from another one, such as `in 5 days`; see [`UnixSeconds::relative_to`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelativeTime {
    seconds: i64,
}

impl fmt::Display for RelativeTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let distance = ApproximateDuration(Duration::from_secs(self.seconds.unsigned_abs()));
        match self.seconds {
            0 => f.write_str("now"),
            1.. => write!(f, "in {distance}"),
            _ => write!(f, "{distance} ago"),
        }
    }
}

/// Shows a duration in the unit that people use: `5 days`, `36 hours`, `90 minutes`, `1 second`.
///
/// The unit is the largest one of which there are at least two, or a whole number. The rest is dropped.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use apptoken_core::value::ApproximateDuration;
///
/// assert_eq!(ApproximateDuration(Duration::from_secs(86_400)).to_string(), "1 day");
/// assert_eq!(ApproximateDuration(Duration::from_secs(100_000)).to_string(), "27 hours");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApproximateDuration(pub Duration);

impl fmt::Display for ApproximateDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 3] = [(86_400, "day"), (3600, "hour"), (60, "minute")];
        let seconds = self.0.as_secs();
        let fits = |unit: u64| seconds >= 2 * unit || (seconds > 0 && seconds.is_multiple_of(unit));
        let (unit, name) = UNITS.into_iter().find(|(unit, _)| fits(*unit)).unwrap_or((1, "second"));
        let count = seconds / unit;
        write!(f, "{count} {name}{}", if count == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::time::http_date;
    use alloc::format;
    use alloc::string::ToString as _;
    use proptest::prelude::*;

    #[test]
    fn a_time_is_written_as_rfc_3339() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (31_536_000, "1971-01-01T00:00:00Z"),
            (784_111_777, "1994-11-06T08:49:37Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (-62_167_219_200, "0000-01-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (253_402_300_800, "253402300800 s since 1970"),
            (i64::MIN, "-9223372036854775808 s since 1970"),
        ] {
            assert_eq!(UnixSeconds(seconds).to_string(), expected);
        }
    }

    #[test]
    fn the_first_and_the_last_second_of_each_year_are_written() {
        for year in 0..10_000 {
            let start = days_since_epoch(year, 1, 1) * SECONDS_PER_DAY;
            let end = days_since_epoch(year + 1, 1, 1) * SECONDS_PER_DAY - 1;
            assert_eq!(UnixSeconds(start).to_string(), format!("{year:04}-01-01T00:00:00Z"));
            assert_eq!(UnixSeconds(end).to_string(), format!("{year:04}-12-31T23:59:59Z"));
        }
    }

    #[test]
    fn a_distance_is_written_in_the_unit_that_people_use() {
        let now = UnixSeconds(1_795_230_763);
        for (seconds, expected) in [
            (0, "now"),
            (1, "in 1 second"),
            (-59, "59 seconds ago"),
            (60, "in 1 minute"),
            (5400, "in 90 minutes"),
            (-3600, "1 hour ago"),
            (86_399, "in 23 hours"),
            (86_400, "in 1 day"),
            (130_000, "in 36 hours"),
            (5 * 86_400 + 7, "in 5 days"),
            (-400 * 86_400, "400 days ago"),
        ] {
            assert_eq!(UnixSeconds(now.0 + seconds).relative_to(now).to_string(), expected, "{seconds}");
        }
        assert_eq!(UnixSeconds(i64::MIN).relative_to(UnixSeconds(i64::MAX)).to_string(), "106751991167300 days ago");
        assert_eq!(ApproximateDuration(Duration::from_millis(900)).to_string(), "0 seconds");
    }

    proptest! {
        /// The names of the months are those of an independent reader.
        #[test]
        fn a_written_time_is_read_as_the_same_time(seconds in -62_167_219_200_i64..253_402_300_800) {
            let text = UnixSeconds(seconds).to_string();
            let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
            let month = months[text[5..7].parse::<usize>().unwrap() - 1];
            let date = format!("Xxx, {} {month} {} {} GMT", &text[8..10], &text[..4], &text[11..19]);
            prop_assert_eq!(http_date(&date), Some(UnixSeconds(seconds)));
        }
    }
}
