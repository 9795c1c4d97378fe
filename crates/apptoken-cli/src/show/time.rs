//! Times for people.

use std::time::{SystemTime, UNIX_EPOCH};

use apptoken::UnixSeconds;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::console::Console;

pub(crate) fn now() -> UnixSeconds {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixSeconds(since_1970.as_secs().try_into().unwrap_or(i64::MAX))
}

/// `2026-11-27 09:12:44 UTC`, in local time, for people.
pub(crate) fn local(time: UnixSeconds) -> String {
    Timestamp::from_second(time.0).map_or_else(
        |_| time.0.to_string(),
        |time| time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string(),
    )
}

/// `in 21 h 4 min` or `5 days ago`.
pub(crate) fn relative(time: UnixSeconds, now: UnixSeconds) -> String {
    let left = time.seconds_since(now);
    let length = length(left.unsigned_abs());
    if left >= 0 { format!("in {length}") } else { format!("{length} ago") }
}

/// A length of time in its two largest units.
pub(crate) fn length(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (2.., ..) => format!("{days} days"),
        (1, 0, _) => "1 day".to_owned(),
        (1, ..) => format!("1 day {hours} h"),
        (_, 1.., 0) => format!("{hours} h"),
        (_, 1.., _) => format!("{hours} h {minutes} min"),
        (_, _, 1..) => format!("{minutes} min"),
        _ => format!("{seconds} s"),
    }
}

/// `[#################----] 88 %`: the life that is left.
pub(crate) fn bar(left: u64, whole: u64, console: &Console) -> String {
    const WIDTH: u64 = 20;
    let percent = left.saturating_mul(100).checked_div(whole).unwrap_or_default().min(100);
    let full = (percent * WIDTH).div_ceil(100) as usize;
    let (full_cell, empty_cell) = if console.unicode() { ("█", "░") } else { ("#", "-") };
    format!("[{}{}] {percent} %", full_cell.repeat(full), empty_cell.repeat(WIDTH as usize - full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_their_two_largest_units() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (61, "1 min"),
            (3600, "1 h"),
            (75_840, "21 h 4 min"),
            (86_400, "1 day"),
            (90_000, "1 day 1 h"),
            (432_000, "5 days"),
        ] {
            assert_eq!(length(seconds), text);
        }
        assert_eq!(relative(UnixSeconds(10), UnixSeconds(70)), "1 min ago");
    }

    #[test]
    fn a_time_that_no_calendar_holds_is_shown_as_a_number() {
        assert_eq!(local(UnixSeconds(i64::MAX)), i64::MAX.to_string());
    }
}
