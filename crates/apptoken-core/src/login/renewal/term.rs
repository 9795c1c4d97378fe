use core::time::Duration;

use crate::login::session::Session;
use crate::value::time::{Moment, UnixSeconds};

/// The term of a session: its lifetime, and its age at a known time. Unlike the time of its expiry, neither depends on the
/// skew between the clocks of caller and server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// The time from its start to its expiry, by the server's clock.
    pub lifetime: Duration,
    /// Its greatest possible age at [`known_at`](Self::known_at).
    pub age: Duration,
    /// When it had that age, on the caller's clocks.
    pub known_at: Moment,
    /// The server's clock at that time, if it is known.
    pub server_time: Option<UnixSeconds>,
}

/// The longest time for which a session is used if no lifetime was requested: 30 days. A session with a longer lifetime is
/// renewed earlier than necessary, which costs a request; without this limit a wrong expiry would keep a session without end.
pub const LONGEST_DEFAULT_LIFETIME: Duration = Duration::from_secs(30 * 86_400);

impl Term {
    /// The term of a session that was just started.
    ///
    /// Its age counts from the time when its request was sent, because it cannot have started earlier. Its lifetime is at most
    /// the requested one, or [`LONGEST_DEFAULT_LIFETIME`] if none was requested.
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

    /// The shortest time until it expires.
    #[must_use]
    pub fn left(&self, now: Moment) -> Duration {
        self.lifetime.saturating_sub(self.age_at(now, true))
    }

    /// The greatest possible age at `now`.
    ///
    /// The monotonic clock may stop while the machine is suspended, and the wall clock can be set back, so the larger of the two
    /// ages counts.
    pub(super) fn age_at(&self, now: Moment, trust_wall: bool) -> Duration {
        let by_elapsed = now.elapsed.saturating_sub(self.known_at.elapsed);
        let by_wall = if trust_wall { self.since_by_wall(now) } else { Duration::ZERO };
        self.age.saturating_add(by_elapsed.max(by_wall))
    }

    /// The shortest time that can have passed by the wall clock, which counts in whole seconds.
    fn since_by_wall(&self, now: Moment) -> Duration {
        let seconds = now.wall.seconds_since(self.known_at.wall).saturating_sub(1);
        Duration::from_secs(seconds.try_into().unwrap_or_default())
    }

    /// The time until which the session is younger than `age`, on both clocks; the inverse of [`age_at`](Self::age_at).
    pub(super) fn moment_of(&self, age: Duration, trust_wall: bool) -> Moment {
        let left = age.saturating_sub(self.age);
        let wall = if trust_wall { self.known_at.wall.plus(left).0.saturating_add(1) } else { i64::MAX };
        Moment { wall: UnixSeconds(wall), elapsed: self.known_at.elapsed.saturating_add(left) }
    }

    /// Whether the wall clock moved forward by more than the server's clock between the two terms: then it was set.
    pub(super) fn wall_ran_ahead_until(&self, later: &Self) -> bool {
        let (Some(before), Some(after)) = (self.server_time, later.server_time) else {
            return false;
        };
        let by_server = after.seconds_since(before);
        let by_wall = later.known_at.wall.seconds_since(self.known_at.wall);
        by_wall.saturating_sub(by_server) > TOLERANCE_SECONDS
    }
}

/// Requests take time, and both clocks count in whole seconds.
const TOLERANCE_SECONDS: i64 = 10;
