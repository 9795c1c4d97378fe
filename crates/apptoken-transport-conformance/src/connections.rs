//! Checks how connections are used, and that no request is sent twice.

use crate::expect::{BuildTransport, Outcome, expect_reply, expect_unknown};
use crate::probe::Probe;
use crate::server::{OK, ReceivedRequest, ServerAction, serve};

pub(crate) fn sends_no_request_twice(build: &BuildTransport<'_>) -> Outcome {
    let script = |n, _: &ReceivedRequest| match n {
        0 => ServerAction::ReplyAndClose(Vec::new()),
        _ => ServerAction::Reply(OK.into()),
    };
    let (result, received) = serve(script, |server| {
        let probe = Probe::new(server.endpoint(), "")?;
        expect_unknown(build(server.endpoint()).send(probe.request()))
    })?;
    arrived(1, &received)?;
    result
}

pub(crate) fn sends_no_request_twice_on_a_used_connection(build: &BuildTransport<'_>) -> Outcome {
    let script = |n, _: &ReceivedRequest| match n {
        1 => ServerAction::ReplyAndClose(Vec::new()),
        _ => ServerAction::Reply(OK.into()),
    };
    let (result, received) = serve(script, |server| {
        let transport = build(server.endpoint());
        let probe = Probe::new(server.endpoint(), "")?;
        expect_reply(transport.send(probe.request()), 200, b"true")?;
        expect_unknown(transport.send(probe.request()))
    })?;
    arrived(2, &received)?;
    result
}

pub(crate) fn keeps_the_connection(build: &BuildTransport<'_>) -> Outcome {
    let (result, received) = serve(
        |_, _| ServerAction::Reply(OK.into()),
        |server| {
            let transport = build(server.endpoint());
            let probe = Probe::new(server.endpoint(), "")?;
            (0..3).try_for_each(|_| expect_reply(transport.send(probe.request()), 200, b"true").map(drop))
        },
    )?;
    result?;
    match received.iter().all(|received| received.connection == 0) {
        true => Ok(()),
        false => Err("a second connection was opened while the first could be used".into()),
    }
}

pub(crate) fn replaces_a_connection_that_the_server_closed(build: &BuildTransport<'_>) -> Outcome {
    // The client may learn only a moment later that the connection is closed, so a few attempts are allowed.
    (0..5).map(|_| replaces_closed(build)).find(Result::is_ok).unwrap_or_else(|| replaces_closed(build))
}

fn replaces_closed(build: &BuildTransport<'_>) -> Outcome {
    let script = |n, _: &ReceivedRequest| match n {
        0 => ServerAction::ReplyAndClose(OK.into()),
        _ => ServerAction::Reply(OK.into()),
    };
    let (result, _) = serve(script, |server| {
        let transport = build(server.endpoint());
        let probe = Probe::new(server.endpoint(), "")?;
        expect_reply(transport.send(probe.request()), 200, b"true")?;
        server.wait_until_closed(1);
        expect_reply(transport.send(probe.request()), 200, b"true")
    })?;
    result.map(drop)
}

fn arrived(expected: usize, received: &[ReceivedRequest]) -> Outcome {
    if received.len() == expected {
        Ok(())
    } else {
        Err(format!("the server received {} requests instead of {expected}", received.len()))
    }
}
