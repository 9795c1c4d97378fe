use core::time::Duration;

use crate::login::session::Session;
use crate::value::time::{Moment, UnixSeconds};

/// The time for which a session is good, told in a way that no difference between the clocks of caller and server can
/// falsify: how long it lasts, and how old it was when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// From its start to its end, by the server's clock.
    pub lifetime: Duration,
    /// How old it was at [`known_at`](Self::known_at), at the most.
    pub age: Duration,
    /// When its age was known.
    pub known_at: Moment,
    /// The server's clock at that age, if it told.
    pub server_time: Option<UnixSeconds>,
}

impl Term {
    /// The term of a session that was just obtained.
    ///
    /// Its age counts from when its request was sent, because it cannot have begun earlier.
    #[must_use]
    pub fn of(session: &Session) -> Self {
        let (lifetime, server_time) = (session.lifetime(), session.server_time());
        Self { lifetime, age: Duration::ZERO, known_at: session.sent_at(), server_time }
    }

    /// For how long it is good at least.
    #[must_use]
    pub fn left(&self, now: Moment) -> Duration {
        self.lifetime.saturating_sub(self.age_at(now, true))
    }

    /// The age at most at `now`.
    ///
    /// The running time misses what a suspended machine slept, and the date misses what somebody set back: the larger
    /// counts.
    pub(super) fn age_at(&self, now: Moment, believe_date: bool) -> Duration {
        let by_elapsed = now.elapsed.saturating_sub(self.known_at.elapsed);
        let by_date = if believe_date { self.since_by_date(now) } else { Duration::ZERO };
        self.age.saturating_add(by_elapsed.max(by_date))
    }

    /// What has passed by the date, at least: it counts in whole seconds.
    fn since_by_date(&self, now: Moment) -> Duration {
        let seconds = now.wall.seconds_since(self.known_at.wall).saturating_sub(1);
        Duration::from_secs(seconds.try_into().unwrap_or_default())
    }

    /// When both clocks are still before the given age; the reverse of [`age_at`](Self::age_at).
    pub(super) fn moment_of(&self, age: Duration, believe_date: bool) -> Moment {
        let left = age.saturating_sub(self.age);
        let wall = if believe_date { self.known_at.wall.plus(left).0.saturating_add(1) } else { i64::MAX };
        Moment { wall: UnixSeconds(wall), elapsed: self.known_at.elapsed.saturating_add(left) }
    }

    /// Whether the caller's date went forward by more than the server's between the two terms: somebody set it.
    pub(super) fn date_ran_ahead_until(&self, later: &Self) -> bool {
        let (Some(before), Some(after)) = (self.server_time, later.server_time) else {
            return false;
        };
        let by_server = after.seconds_since(before);
        let by_date = later.known_at.wall.seconds_since(self.known_at.wall);
        by_date.saturating_sub(by_server) > TOLERANCE_SECONDS
    }
}

/// Requests take some time, and both clocks count in whole seconds.
const TOLERANCE_SECONDS: i64 = 10;
