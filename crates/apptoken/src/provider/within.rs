//! A session within a limit of time.

use std::convert::Infallible;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use apptoken_core::{Clock as _, Error, Session, TransportFailure};

use super::identity::Todo;
use super::single_flight::{Next, Role};
use super::{Provider, reentrant};

/// Starts a thread, or says why the system has none left.
pub(super) type StartThread = fn(Box<dyn FnOnce() + Send>) -> io::Result<()>;

pub(super) fn start_thread(work: Box<dyn FnOnce() + Send>) -> io::Result<()> {
    thread::Builder::new().name("apptoken-login".into()).spawn(work).map(drop)
}

impl Provider {
    /// The session, if it can be had within `limit`; else `None`, and a login that is under way goes on.
    ///
    /// Unlike [`session`](Self::session) it never logs in on the caller's thread, because a login cannot be left: if nobody
    /// else logs in, it starts a thread that ends with the login. After a login that failed it waits for the next one, if
    /// the limit allows.
    ///
    /// The limit counts both in real time and on the provider's clock, and whichever ends first counts: a virtual clock
    /// moves only when the login moves it.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`](crate::ErrorKind), if there is no session and none can be had;
    /// [`NotSent`](crate::ErrorKind::NotSent) if the system can start no thread, and
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) if code of the caller's panicked on that thread.
    pub fn session_within(&self, limit: Duration) -> Result<Option<Arc<Session>>, Error> {
        let Self { shared, identity } = self;
        let now = shared.link.now();
        if let Some(session) = identity.cached(now) {
            return Ok(Some(session));
        }
        let (begun, ends) = (Instant::now(), now.elapsed.saturating_add(limit));
        let left = || {
            let by_clock = ends.saturating_sub(shared.link.now().elapsed);
            Some(limit.saturating_sub(begun.elapsed()).min(by_clock)).filter(|left| !left.is_zero()).ok_or(Late)
        };
        let (mut helper, mut polled) = (None, false);
        loop {
            let (mut again, mut gives_up) = (None, false);
            let role = identity.flight.join(
                || left().map(Some),
                |state, situation| match identity.decide(
                    state,
                    shared.credentials.changes(),
                    shared.link.now(),
                    &situation,
                ) {
                    Todo::Take(answer) => Next::Answer(answer),
                    Todo::TryAgain(error, at) => {
                        again = Some(at);
                        Next::Answer(Err(error))
                    }
                    Todo::GiveUp(error) => {
                        gives_up = true;
                        Next::Answer(Err(error))
                    }
                    Todo::Renew(session, _) => {
                        let started = if situation.under_way { Ok(()) } else { self.renew_on_a_thread(&mut helper) };
                        match (session, started) {
                            (Some(session), _) => Next::Answer(Ok(session)),
                            (None, Err(error)) => Next::Answer(Err(error)),
                            (None, Ok(())) => Next::<_, Infallible>::Wait,
                        }
                    }
                },
            );
            let answer = match role {
                Err(Late) => return Ok(None),
                Ok(Role::Answered(answer)) => answer,
                Ok(Role::Reentrant) => {
                    return identity.good_session(shared.link.now()).map(Some).ok_or_else(reentrant);
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
                        Ok(left) if pause < left => shared.link.clock.sleep(pause),
                        _ => return Err(error),
                    }
                }
                (answer, _) => return answer.map(Some),
            }
        }
    }

    /// Makes sure that a thread is logging in, unless the last one was ended by a panic: another would meet the same.
    fn renew_on_a_thread(&self, helper: &mut Option<Helper>) -> Result<(), Error> {
        match helper.as_ref().map(Helper::state) {
            Some(Helper::RUNNING) => return Ok(()),
            Some(Helper::PANICKED) => {
                return Err(Error::invalid_input(
                    "the login was ended by a panic in code of the caller's (a transport, an observer, a credential \
                     source, a store or a clock): the panic's own message says where",
                ));
            }
            _ => {}
        }
        let state = Arc::new(AtomicU8::new(Helper::RUNNING));
        *helper = Some(Helper(Arc::clone(&state)));
        let provider = self.clone();
        let work = move || {
            let result = catch_unwind(AssertUnwindSafe(|| provider.session()));
            state.store(if result.is_ok() { Helper::ENDED } else { Helper::PANICKED }, Ordering::SeqCst);
            // Who waits was woken before this was known.
            provider.identity.flight.change(|_| ());
        };
        (self.shared.start_thread)(Box::new(work)).map_err(|error| {
            let failure = TransportFailure::not_sent(error)
                .advise("let the process start more threads, or call `session`, which needs none");
            Error::from(failure)
        })
    }
}

/// The time was up.
struct Late;

/// The thread that logs in for this call.
struct Helper(Arc<AtomicU8>);

impl Helper {
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

    #[test]
    fn without_threads_the_error_says_so() {
        let credential = Credential::new(
            PartnerId::new(101).unwrap(),
            AppTokenId::parse("0_abcd1234").unwrap(),
            AppTokenSecret::parse("00112233445566778899aabbccddeeff").unwrap(),
            HashType::Sha256,
        );
        let transport = FnTransport::new(|_| panic!("nothing may be sent on the caller's thread"));
        let mut builder = Provider::builder(Region::Ireland, credential, transport);
        builder.start_thread = |_| Err(io::Error::other("no thread left"));
        let error = builder.build().session_within(Duration::from_secs(60)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotSent);
        assert!(format!("{error:#}").contains("no thread left") && error.advice().contains("threads"), "{error:#}");
    }
}
