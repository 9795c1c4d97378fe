//! Checks what the server receives.

use apptoken_core::{Endpoint, HttpRequest};

use crate::expect::{BuildTransport, Outcome, expect_reply};
use crate::probe::{AWKWARD, Probe};
use crate::server::{OK, ReceivedRequest, ServerAction, serve};

pub(crate) fn sends_the_request_as_it_is(build: &BuildTransport<'_>) -> Outcome {
    arrives_unchanged(build, |endpoint| Probe::new(endpoint, AWKWARD))
}

pub(crate) fn sends_a_large_request_whole(build: &BuildTransport<'_>) -> Outcome {
    arrives_unchanged(build, |endpoint| Probe::new(endpoint, &AWKWARD.repeat(5_000)))
}

/// The body is not text, and its content type has a boundary.
pub(crate) fn sends_a_file_as_it_is(build: &BuildTransport<'_>) -> Outcome {
    arrives_unchanged(build, |endpoint| Probe::with_file(endpoint, (0..=u8::MAX).collect()))
}

fn arrives_unchanged(build: &BuildTransport<'_>, probe: impl Fn(&Endpoint) -> Result<Probe, String>) -> Outcome {
    let (sent, received) = serve(
        |_, _| ServerAction::Reply(OK.into()),
        |server| {
            let probe = probe(server.endpoint())?;
            expect_reply(build(server.endpoint()).send(probe.request()), 200, b"true")?;
            Ok::<_, String>(probe)
        },
    )?;
    match received.as_slice() {
        [received] => compare(sent?.request(), received),
        others => {
            Err(format!("the server received {} requests instead of one", others.len())
                + &sent.err().unwrap_or_default())
        }
    }
}

fn compare(sent: &HttpRequest, received: &ReceivedRequest) -> Outcome {
    let rest = sent.url().strip_prefix("http://").unwrap_or_default();
    let (host, target) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let first_line = format!("{} {target} HTTP/1.", sent.method());
    if !received.first_line().starts_with(&first_line) {
        return Err(format!("the request started with {:?} instead of {first_line:?}", received.first_line()));
    }
    let length = sent.body().len().to_string();
    for (name, value) in [("Host", host), ("Content-Length", &length)].into_iter().chain(sent.headers()) {
        let values = received.headers(name);
        if values != [value] {
            return Err(format!("the header {name} was {values:?} instead of {value:?}"));
        }
    }
    if received.body != sent.body() {
        return Err(format!(
            "a body of {} bytes arrived with {} bytes, or changed",
            sent.body().len(),
            received.body.len()
        ));
    }
    Ok(())
}
