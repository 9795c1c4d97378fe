//! Times and clocks. The core never reads a clock; the caller passes the time.

use core::time::Duration;

use serde::Serialize;

/// A Unix time, as Kaltura uses it: seconds since 1970-01-01T00:00:00Z. `Display` writes the date and time in UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct UnixSeconds(pub i64);

impl UnixSeconds {
    /// The time `duration` later; fractions of a second are dropped.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add_unsigned(duration.as_secs()))
    }

    /// The seconds from `earlier` to `self`; negative if `earlier` is later than `self`.
    #[must_use]
    pub fn seconds_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// One reading of the caller's wall clock and monotonic clock.
///
/// An expiry is an absolute time, so it is compared with `wall`. Waits and deadlines must not change when someone sets the
/// wall clock, so they use `elapsed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The time of the wall clock.
    pub wall: UnixSeconds,
    /// The time of the monotonic clock, since any fixed origin such as the start of the process.
    pub elapsed: Duration,
}

impl Moment {
    /// The moment `duration` later, if the wall clock is not set in between.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self { wall: self.wall.plus(duration), elapsed: self.elapsed.saturating_add(duration) }
    }
}

/// The clock for [`drive`](crate::drive): a real one, or a virtual one in a test.
///
/// The wall clock may jump in either direction, and `sleep` may return early. A clock may panic, and may call a provider that
/// uses it, but not without an end: the provider reads the clock for each call.
pub trait Clock {
    /// Reads both clocks.
    fn now(&self) -> Moment;

    /// Sleeps for `duration`. A virtual clock advances instead.
    fn sleep(&self, duration: Duration);
}

impl<C: Clock + ?Sized> Clock for &C {
    fn now(&self) -> Moment {
        (**self).now()
    }

    fn sleep(&self, duration: Duration) {
        (**self).sleep(duration);
    }
}

impl<C: Clock + ?Sized> Clock for alloc::boxed::Box<C> {
    fn now(&self) -> Moment {
        (**self).now()
    }

    fn sleep(&self, duration: Duration) {
        (**self).sleep(duration);
    }
}

impl<C: Clock + ?Sized> Clock for alloc::sync::Arc<C> {
    fn now(&self) -> Moment {
        (**self).now()
    }

    fn sleep(&self, duration: Duration) {
        (**self).sleep(duration);
    }
}

/// Parses an HTTP `Date` header (`Sun, 06 Nov 1994 08:49:37 GMT`), but not its obsolete formats.
pub(crate) fn http_date(text: &str) -> Option<UnixSeconds> {
    let mut words = text.split_once(", ")?.1.split(' ');
    let day: i64 = digits(words.next()?, 2)?;
    let month = MONTHS.iter().position(|name| Some(*name) == month_word(text))? as i64 + 1;
    let _ = words.next()?;
    let year: i64 = digits(words.next()?, 4)?;
    let mut clock = words.next()?.split(':');
    let hour: i64 = digits(clock.next()?, 2)?;
    let minute: i64 = digits(clock.next()?, 2)?;
    let second: i64 = digits(clock.next()?, 2)?;
    let is_complete = clock.next().is_none() && words.next() == Some("GMT") && words.next().is_none();
    let in_range = (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    (is_complete && in_range)
        .then(|| UnixSeconds(days_since_epoch(year, month, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second))
}

pub(super) const SECONDS_PER_DAY: i64 = 86_400;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn month_word(date: &str) -> Option<&str> {
    date.split(' ').nth(2)
}

fn digits(text: &str, width: usize) -> Option<i64> {
    (text.len() == width && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// The days from 1970-01-01 to a date in the Gregorian calendar. Years start in March here, so that the leap day is last.
pub(super) fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    365 * year + leap_days + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_clock_reads_and_sleeps_like_the_clock_itself() {
        #[derive(Default)]
        struct Slept(core::sync::atomic::AtomicU64);

        impl Clock for Slept {
            fn now(&self) -> Moment {
                let slept = self.0.load(core::sync::atomic::Ordering::Relaxed);
                Moment { wall: UnixSeconds(7), elapsed: Duration::from_secs(slept) }
            }

            fn sleep(&self, duration: Duration) {
                self.0.fetch_add(duration.as_secs(), core::sync::atomic::Ordering::Relaxed);
            }
        }

        fn sleep(clock: impl Clock) -> Moment {
            clock.sleep(Duration::from_secs(1));
            clock.now()
        }

        let clock = alloc::sync::Arc::new(Slept::default());
        let moments = [sleep(&*clock), sleep(clock.clone()), sleep(alloc::boxed::Box::new(clock.clone()))];
        assert_eq!(
            moments,
            [1, 2, 3].map(|slept| Moment { wall: UnixSeconds(7), elapsed: Duration::from_secs(slept) })
        );
    }

    #[test]
    fn http_dates_are_parsed() {
        for (text, expected) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199),
            ("Sat, 21 Nov 2026 04:47:00 GMT", 1_795_236_420),
        ] {
            assert_eq!(http_date(text), Some(UnixSeconds(expected)), "{text}");
        }
    }

    #[test]
    fn text_that_is_not_an_http_date_is_refused() {
        for text in [
            "",
            "Sun",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Now 1994 08:49:37 GMT",
            "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT x",
            "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 06 Nov 1994 08:49:61 GMT",
            "Sun, 06 Nov 1994 08:49:37:00 GMT",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(http_date(text), None, "{text}");
        }
    }
}
