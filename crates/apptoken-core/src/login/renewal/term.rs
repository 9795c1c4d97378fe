use core::time::Duration;

use crate::login::session::Session;
use crate::value::time::{Moment, UnixSeconds};

/// The time for which a session is good, in a form that no difference between the clocks of caller and server can falsify:
/// how long it lasts, and how old it was when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// From its start to its end, by the server's clock.
    pub lifetime: Duration,
    /// How old it was at [`known_at`](Self::known_at), at the most.
    pub age: Duration,
    /// When its age was known.
    pub known_at: Moment,
    /// The server's clock at that age, if it is known.
    pub server_time: Option<UnixSeconds>,
}

/// The longest time that a session is used for which no lifetime was asked: 30 days. A longer one is renewed earlier than
/// it must be, which costs a request; an expiry that cannot be true would otherwise keep a session for ever.
pub const LONGEST_DEFAULT_LIFETIME: Duration = Duration::from_secs(30 * 86_400);

impl Term {
    /// The term of a session that was just obtained.
    ///
    /// Its age counts from when its request was sent, because it cannot have begun earlier. Its lifetime is at most the
    /// one that was asked, or [`LONGEST_DEFAULT_LIFETIME`] if none was.
    #[must_use]
    pub fn of(session: &Session) -> Self {
        let longest = session.requested_lifetime().unwrap_or(LONGEST_DEFAULT_LIFETIME);
        Self {
            lifetime: session.lifetime().min(longest),
            age: Duration::ZERO,
            known_at: session.sent_at(),
            server_time: session.server_time(),
        }
    }

    /// For how long it is good at least.
    #[must_use]
    pub fn left(&self, now: Moment) -> Duration {
        self.lifetime.saturating_sub(self.age_at(now, true))
    }

    /// The age at most at `now`.
    ///
    /// The monotonic clock can miss what a suspended machine slept, and the wall clock misses what somebody set back: the
    /// larger counts.
    pub(super) fn age_at(&self, now: Moment, trust_wall: bool) -> Duration {
        let by_elapsed = now.elapsed.saturating_sub(self.known_at.elapsed);
        let by_wall = if trust_wall { self.since_by_wall(now) } else { Duration::ZERO };
        self.age.saturating_add(by_elapsed.max(by_wall))
    }

    /// What has passed by the wall clock, at least: it counts in whole seconds.
    fn since_by_wall(&self, now: Moment) -> Duration {
        let seconds = now.wall.seconds_since(self.known_at.wall).saturating_sub(1);
        Duration::from_secs(seconds.try_into().unwrap_or_default())
    }

    /// When both clocks are still before the given age; the reverse of [`age_at`](Self::age_at).
    pub(super) fn moment_of(&self, age: Duration, trust_wall: bool) -> Moment {
        let left = age.saturating_sub(self.age);
        let wall = if trust_wall { self.known_at.wall.plus(left).0.saturating_add(1) } else { i64::MAX };
        Moment { wall: UnixSeconds(wall), elapsed: self.known_at.elapsed.saturating_add(left) }
    }

    /// Whether the caller's wall clock went forward by more than the server's between the two terms: somebody set it.
    pub(super) fn wall_ran_ahead_until(&self, later: &Self) -> bool {
        let (Some(before), Some(after)) = (self.server_time, later.server_time) else {
            return false;
        };
        let by_server = after.seconds_since(before);
        let by_wall = later.known_at.wall.seconds_since(self.known_at.wall);
        by_wall.saturating_sub(by_server) > TOLERANCE_SECONDS
    }
}

/// Requests take some time, and both clocks count in whole seconds.
const TOLERANCE_SECONDS: i64 = 10;
