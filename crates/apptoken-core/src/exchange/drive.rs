//! The blocking loop.

use crate::exchange::flow::{Exchange, Flow, Step, Stopped};
use crate::value::time::Clock;
use crate::wire::transport::Transport;

/// Drives a flow to its end: sends, receives and waits.
///
/// The one blocking loop of the project; it uses nothing that a caller could not use. An async program writes the same
/// loop with `.await`.
///
/// # Errors
///
/// [`Stopped`] if the flow cannot go on; it converts into [`Error`](crate::Error) with `?`.
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
) -> Result<F::Output, Stopped<F>> {
    drive_counted(exchange, transport, clock).0
}

/// Like [`drive`], and counts the requests that were sent, repetitions included, however the flow ends.
pub fn drive_counted<F: Flow>(
    mut exchange: Exchange<F>,
    transport: impl Transport,
    clock: impl Clock,
) -> (Result<F::Output, Stopped<F>>, u32) {
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
