//! Checks what the server receives.

use apptoken_core::HttpRequest;

use crate::expect::{BuildTransport, Outcome, expect_reply};
use crate::probe::{AWKWARD, Probe};
use crate::server::{OK, ReceivedRequest, ServerAction, serve};

pub(crate) fn sends_the_request_as_it_is(build: &BuildTransport<'_>) -> Outcome {
    arrives_unchanged(build, AWKWARD)
}

pub(crate) fn sends_a_large_request_whole(build: &BuildTransport<'_>) -> Outcome {
    arrives_unchanged(build, &AWKWARD.repeat(5_000))
}

fn arrives_unchanged(build: &BuildTransport<'_>, text: &str) -> Outcome {
    let (sent, received) = serve(
        |_, _| ServerAction::Reply(OK.into()),
        |server| {
            let probe = Probe::new(server.endpoint(), text)?;
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
