//! Checks what a transport returns for a reply.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use apptoken_core::{HttpResponse, UnixSeconds};

use crate::expect::{BuildTransport, Outcome, expect_failure, expect_reply};
use crate::probe::Probe;
use crate::server::{ReceivedRequest, ServerAction, serve};

pub(crate) const PLAIN: &[u8] =
    br#"{"ks":"djJ8MTAyfA==","partnerId":102,"objectType":"KalturaStartWidgetSessionResponse"}"#;

/// [`PLAIN`], compressed with gzip.
pub(crate) const COMPRESSED: &[u8] = &[
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xab, 0x56, 0xca, 0x2e, 0x56, 0xb2, 0x52, 0x4a, 0xc9,
    0xf2, 0xb2, 0xf0, 0x0d, 0x71, 0xac, 0x4c, 0x73, 0xb4, 0xb5, 0x55, 0xd2, 0x51, 0x2a, 0x48, 0x2c, 0x2a, 0xc9, 0x4b,
    0x2d, 0xf2, 0x4c, 0x51, 0xb2, 0x32, 0x34, 0x30, 0xd2, 0x51, 0xca, 0x4f, 0xca, 0x4a, 0x4d, 0x2e, 0x09, 0xa9, 0x2c,
    0x48, 0x05, 0xaa, 0xf5, 0x4e, 0xcc, 0x29, 0x29, 0x2d, 0x4a, 0x0c, 0x2e, 0x01, 0x2a, 0x0a, 0xcf, 0x4c, 0x49, 0x4f,
    0x2d, 0x09, 0x4e, 0x2d, 0x2e, 0xce, 0xcc, 0xcf, 0x0b, 0x4a, 0x2d, 0x2e, 0xc8, 0xcf, 0x2b, 0x4e, 0x55, 0xaa, 0x05,
    0x00, 0x20, 0xf5, 0x15, 0x47, 0x56, 0x00, 0x00, 0x00,
];

/// The chunks of a reply of 32 MiB. A transport must stop reading at its limit, which is 8 MiB in this workspace.
const FLOOD_CHUNKS: usize = (32 << 20) / (64 << 10);

pub(crate) fn returns_any_status(build: &BuildTransport<'_>) -> Outcome {
    for status in [200, 201, 302, 400, 401, 403, 404, 429, 500, 502, 503] {
        let body = format!("<html>{status}</html>");
        let reply = format!("HTTP/1.1 {status} Some Reason\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        expect_one(build, reply.as_bytes(), status, body.as_bytes())?;
    }
    Ok(())
}

pub(crate) fn does_not_follow_redirects(build: &BuildTransport<'_>) -> Outcome {
    for status in [301, 302, 303, 307, 308] {
        let script = |n, _: &ReceivedRequest| {
            ServerAction::Reply(match n {
                0 => {
                    format!("HTTP/1.1 {status} Moved\r\nLocation: /elsewhere\r\nContent-Length: 5\r\n\r\nmoved").into()
                }
                _ => b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nfollowed".into(),
            })
        };
        let (result, received) = serve(script, |server| {
            let probe = Probe::new(server.endpoint(), "")?;
            expect_reply(build(server.endpoint()).send(probe.request()), status, b"moved")
        })?;
        let reply = result?;
        if received.len() != 1 {
            return Err(format!("the transport followed a redirect of status {status}"));
        }
        if reply.header("location") != Some("/elsewhere") {
            return Err("the transport lost the header Location".into());
        }
    }
    Ok(())
}

pub(crate) fn reads_a_body_of_given_length(build: &BuildTransport<'_>) -> Outcome {
    let body = long_body();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    expect_one(build, &[head.as_bytes(), &body].concat(), 200, &body)
}

pub(crate) fn reads_a_body_in_chunks(build: &BuildTransport<'_>) -> Outcome {
    let body = long_body();
    let mut reply = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for (chunk, extension) in body.chunks(70_001).zip(["", ";name=value"].iter().cycle()) {
        reply.extend(format!("{:x}{extension}\r\n", chunk.len()).bytes());
        reply.extend(chunk);
        reply.extend(b"\r\n");
    }
    reply.extend(b"0\r\n\r\n");
    expect_one(build, &reply, 200, &body)
}

pub(crate) fn reads_a_body_up_to_the_close(build: &BuildTransport<'_>) -> Outcome {
    let body = long_body();
    let reply = [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".as_slice(), &body].concat();
    expect(build, |_, _| ServerAction::ReplyAndClose(reply.clone()), 200, &body).map(drop)
}

pub(crate) fn reads_an_empty_body(build: &BuildTransport<'_>) -> Outcome {
    expect_one(build, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, b"")
}

pub(crate) fn decompresses_what_it_asked_for(build: &BuildTransport<'_>) -> Outcome {
    expect(build, |_, received| ServerAction::Reply(compressed_if_asked(received, COMPRESSED)), 200, PLAIN).map(drop)
}

pub(crate) fn passes_headers_on(build: &BuildTransport<'_>) -> Outcome {
    let reply =
        b"HTTP/1.1 200 OK\r\nx-kaltura-SESSION: 2043510343, 1795230763\r\nX-ME:api-7\r\nContent-Length: 2\r\n\r\n{}";
    let reply = expect(build, |_, _| ServerAction::Reply(reply.into()), 200, b"{}")?;
    if reply.server_time() != Some(UnixSeconds(1_795_230_763)) || reply.header("X-Me") != Some("api-7") {
        return Err("the transport lost or changed headers of the reply".into());
    }
    Ok(())
}

pub(crate) fn bounds_the_size(build: &BuildTransport<'_>) -> Outcome {
    let taken = Arc::new(AtomicBool::new(false));
    let (result, _) = serve(
        |_, _| ServerAction::Flood(FLOOD_CHUNKS, Arc::clone(&taken)),
        |server| {
            let probe = Probe::new(server.endpoint(), "")?;
            expect_failure(build(server.endpoint()).send(probe.request()))
        },
    )?;
    result.map_err(|what| format!("for a body of 32 MiB, {what}"))?;
    if taken.load(Ordering::SeqCst) {
        return Err("the transport read a body of 32 MiB to its end: no flow accepts more than 8 MiB".into());
    }
    Ok(())
}

/// A compressed reply for clients that accept gzip, or else [`PLAIN`].
pub(crate) fn compressed_if_asked(received: &ReceivedRequest, compressed: &[u8]) -> Vec<u8> {
    let asked = received.headers("Accept-Encoding").iter().any(|encodings| encodings.contains("gzip"));
    let (encoding, body) = if asked { ("Content-Encoding: gzip\r\n", compressed) } else { ("", PLAIN) };
    [format!("HTTP/1.1 200 OK\r\n{encoding}Content-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()
}

fn expect_one(build: &BuildTransport<'_>, reply: &[u8], status: u16, body: &[u8]) -> Outcome {
    expect(build, |_, _| ServerAction::Reply(reply.into()), status, body).map(drop)
}

fn expect(
    build: &BuildTransport<'_>,
    script: impl Fn(usize, &ReceivedRequest) -> ServerAction + Sync,
    status: u16,
    body: &[u8],
) -> Result<HttpResponse, String> {
    let (result, _) = serve(script, |server| {
        let probe = Probe::new(server.endpoint(), "")?;
        expect_reply(build(server.endpoint()).send(probe.request()), status, body)
    })?;
    result
}

/// Larger than common buffers, and without repetition at their size, so that lost or swapped parts are noticed.
fn long_body() -> Vec<u8> {
    (0..300_000u32).map(|n| b'!' + (n % 89) as u8).collect()
}
