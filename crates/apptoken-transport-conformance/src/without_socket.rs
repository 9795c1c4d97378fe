//! Checks for a transport without sockets.

use std::time::Duration;

use apptoken_core::api::session::StartWidgetSession;
use apptoken_core::{Call, Endpoint, HttpRequest, HttpResponse, Moment, PartnerId, Transport, UnixSeconds};

use crate::expect::{Outcome, cause};
use crate::probe::Probe;
use crate::report::Report;

pub(crate) fn run(transport: &impl Transport) -> Report {
    [
        ("answers_a_known_action", answers_a_known_action(transport)),
        ("answers_an_unknown_action", answers_an_unknown_action(transport)),
        ("answers_the_same_request_again", answers_the_same_request_again(transport)),
    ]
    .into_iter()
    .collect()
}

fn answers_a_known_action(transport: &impl Transport) -> Outcome {
    let reply = with_widget_request(|request| answer(transport, request))?;
    match reply.server_time() {
        Some(_) => Ok(()),
        None => Err("the reply has no server time: X-Kaltura-Session and Date are missing".into()),
    }
}

fn answers_an_unknown_action(transport: &impl Transport) -> Outcome {
    answer(transport, Probe::new(&endpoint()?, "")?.request()).map(drop)
}

fn answers_the_same_request_again(transport: &impl Transport) -> Outcome {
    with_widget_request(|request| {
        answer(transport, request)?;
        answer(transport, request).map(drop)
    })
}

fn answer(transport: &impl Transport, request: &HttpRequest) -> Result<HttpResponse, String> {
    let reply =
        transport.send(request).map_err(|failure| format!("the transport returned a failure: {}", cause(&failure)))?;
    if reply.status() != 200 || reply.body().is_empty() {
        return Err(format!("the reply has status {} and {} bytes", reply.status(), reply.body().len()));
    }
    Ok(reply)
}

fn with_widget_request<R>(send: impl FnOnce(&HttpRequest) -> Result<R, String>) -> Result<R, String> {
    let partner = PartnerId::new(101).map_err(|error| error.to_string())?;
    let now = Moment { wall: UnixSeconds(0), elapsed: Duration::ZERO };
    let exchange = Call::new(endpoint()?, StartWidgetSession::of(partner)).bypass_cache().start(now);
    send(exchange.map_err(|error| error.to_string())?.request())
}

/// An endpoint that does not exist, so that no request leaves this machine even if the transport opens a socket.
fn endpoint() -> Result<Endpoint, String> {
    Endpoint::parse("https://kaltura.invalid").map_err(|error| error.to_string())
}
