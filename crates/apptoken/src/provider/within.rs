//! A session within a time limit.

use std::convert::Infallible;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use apptoken_core::{Error, Session, TransportFailure};

use super::identity::Step;
use super::single_flight::{Next, Role};
use super::{Provider, reentrant};

/// Starts a thread, or returns why the system cannot.
pub(super) type StartThread = fn(Box<dyn FnOnce() + Send>) -> io::Result<()>;

pub(super) fn start_thread(work: Box<dyn FnOnce() + Send>) -> io::Result<()> {
    thread::Builder::new().name("apptoken-login".into()).spawn(work).map(drop)
}

impl Provider {
    /// Returns a valid session if there is one within `limit`, else `None`; a login that is under way then continues.
    ///
    /// Unlike [`session`](Self::session) it never logs in on the caller's thread, because a login cannot be interrupted. If
    /// no other caller logs in, it starts a thread that ends with the login. After a failed login it waits for the next
    /// attempt, if the limit allows.
    ///
    /// After [`stop`](Self::stop) it returns within a second, like [`session`](Self::session).
    ///
    /// The limit is measured both in real time and on the provider's clock, and the first to reach it counts.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`](crate::ErrorKind), if there is no valid session and no new one can be started;
    /// [`NotSent`](crate::ErrorKind::NotSent) if the system cannot start a thread, and
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) if the caller's code panicked on that thread.
    pub fn session_within(&self, limit: Duration) -> Result<Option<Arc<Session>>, Error> {
        let Self { shared, identity } = self;
        let now = shared.link.now();
        if let Some(session) = identity.cached(now) {
            return Ok(Some(session));
        }
        let (begun, ends) = (Instant::now(), now.elapsed.saturating_add(limit));
        // A test's clock moves only when something moves it, so it alone would let a call wait without end; the real time
        // alone would ignore the test's clock.
        let left = || {
            let by_clock = ends.saturating_sub(shared.link.now().elapsed);
            Some(limit.saturating_sub(begun.elapsed()).min(by_clock)).filter(|left| !left.is_zero()).ok_or(None)
        };
        let longest_wait = || match shared.link.longest_wait() {
            Ok(longest) => left().map(|left| Some(longest.map_or(left, |longest| longest.min(left)))),
            Err(stopped) => Err(Some(stopped)),
        };
        let (mut login_thread, mut polled) = (None, false);
        loop {
            if shared.link.is_stopped() {
                return self.session_after_stop().map(Some);
            }
            let (mut again, mut gives_up) = (None, false);
            let role = identity.flight.join(
                || ((shared.credentials.changes(), shared.link.now()), longest_wait()),
                |state, situation, (changes, now)| match identity.decide(state, changes, now, &situation) {
                    Step::Return(answer) => Next::Answer(answer),
                    Step::RetryAt(error, at) => {
                        again = Some(at);
                        Next::Answer(Err(error))
                    }
                    Step::GiveUp(error) => {
                        gives_up = true;
                        Next::Answer(Err(error))
                    }
                    Step::Renew(session, _) => {
                        let started =
                            if situation.under_way { Ok(()) } else { self.renew_on_a_thread(&mut login_thread) };
                        match (session, started) {
                            (Some(session), _) => Next::Answer(Ok(session)),
                            (None, Err(error)) => Next::Answer(Err(error)),
                            (None, Ok(())) => Next::<_, Infallible>::Wait,
                        }
                    }
                },
            );
            let answer = match role {
                Err(None) => return Ok(None),
                Err(Some(stopped)) => return Err(stopped),
                Ok(Role::Answered(answer)) => answer,
                Ok(Role::Reentrant) => {
                    return identity.valid_session(shared.link.now()).map(Some).ok_or_else(reentrant);
                }
            };
            if gives_up && !polled {
                polled = true;
                shared.credentials.poll(shared.link.now().elapsed);
                continue;
            }
            match (answer, again) {
                (Err(error), Some(at)) => {
                    let pause = at.saturating_sub(shared.link.now().elapsed);
                    match left() {
                        Ok(left) if pause < left => shared.link.sleep(pause),
                        _ => return Err(error),
                    }
                }
                (answer, _) => return answer.map(Some),
            }
        }
    }

    /// Starts a thread that logs in, unless one is running. After a panic of the last one it returns an error: the next thread
    /// would run the same code.
    fn renew_on_a_thread(&self, login_thread: &mut Option<LoginThread>) -> Result<(), Error> {
        match login_thread.as_ref().map(LoginThread::state) {
            Some(LoginThread::RUNNING) => return Ok(()),
            Some(LoginThread::PANICKED) => {
                return Err(Error::invalid_input(
                    "the caller's code (a transport, an observer, a credential source, a store or a clock) panicked during \
                     the login: the panic's own message says where",
                ));
            }
            _ => {}
        }
        let state = Arc::new(AtomicU8::new(LoginThread::RUNNING));
        *login_thread = Some(LoginThread(Arc::clone(&state)));
        let provider = self.clone();
        let work = move || {
            let result = catch_unwind(AssertUnwindSafe(|| provider.session()));
            state.store(if result.is_ok() { LoginThread::ENDED } else { LoginThread::PANICKED }, Ordering::SeqCst);
            // The waiters were woken by the leader's end, before the state above was set.
            provider.identity.flight.change(|_| ());
        };
        (self.shared.start_thread)(Box::new(work)).map_err(|error| {
            let failure = TransportFailure::not_sent(error)
                .advise("let the process start more threads, or call `session`, which needs none");
            Error::from(failure)
        })
    }
}

/// The state of the thread that logs in for this call.
struct LoginThread(Arc<AtomicU8>);

impl LoginThread {
    const RUNNING: u8 = 0;
    const ENDED: u8 = 1;
    const PANICKED: u8 = 2;

    fn state(&self) -> u8 {
        self.0.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use apptoken_core::{AppTokenId, AppTokenSecret, Credential, ErrorKind, FnTransport, HashType, PartnerId, Region};

    use super::*;
    use crate::Builder;

    #[test]
    fn an_error_reports_that_no_thread_can_be_started() {
        let credential = Credential::new(
            PartnerId::new(101).unwrap(),
            AppTokenId::parse("0_abcd1234").unwrap(),
            AppTokenSecret::parse("00112233445566778899aabbccddeeff").unwrap(),
            HashType::Sha256,
        );
        let transport = FnTransport::new(|_| panic!("nothing may be sent on the caller's thread"));
        let mut builder = Builder::with_transport(Region::Ireland, transport).provider(credential);
        builder.start_thread = |_| Err(io::Error::other("no thread left"));
        let error = builder.build().session_within(Duration::from_secs(60)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotSent);
        assert!(format!("{error:#}").contains("no thread left") && error.advice().contains("threads"), "{error:#}");
    }
}
