//! The blocking loop that runs a flow.

use crate::exchange::flow::{Exchange, Flow, Step, StoppedFlow};
use crate::value::time::Clock;
use crate::wire::transport::Transport;

/// Runs a flow to its end: sends its requests, passes on the replies and waits.
///
/// It uses only the public API. An async program can write the same loop with `.await`.
///
/// # Errors
///
/// [`StoppedFlow`] if the flow fails; it converts into [`Error`](crate::Error) with `?`.
///
/// # Examples
///
/// ```
/// use apptoken_core::{Clock, Error, Login, Session, Transport, drive};
///
/// fn log_in(login: Login, transport: &dyn Transport, clock: &dyn Clock) -> Result<Session, Error> {
///     Ok(drive(login.start(clock.now())?, transport, clock)?)
/// }
/// ```
pub fn drive<F: Flow>(
    exchange: Exchange<F>,
    transport: impl Transport,
    clock: impl Clock,
) -> Result<F::Output, StoppedFlow<F>> {
    drive_counted(exchange, transport, clock).0
}

/// Like [`drive`], and also returns the number of requests that were sent, including repetitions, if the flow fails too.
pub fn drive_counted<F: Flow>(
    mut exchange: Exchange<F>,
    transport: impl Transport,
    clock: impl Clock,
) -> (Result<F::Output, StoppedFlow<F>>, u32) {
    loop {
        let requests = exchange.requests();
        let step = match transport.send(exchange.request()) {
            Ok(reply) => exchange.receive(&reply, clock.now()),
            Err(failure) => exchange.failed(failure, clock.now()),
        };
        exchange = match step {
            Ok(Step::Send(next)) => next,
            Ok(Step::Wait(duration, next)) => {
                clock.sleep(duration);
                next
            }
            Ok(Step::Done(output)) => return (Ok(output), requests),
            Err(stopped) => return (Err(stopped), requests),
        };
    }
}
