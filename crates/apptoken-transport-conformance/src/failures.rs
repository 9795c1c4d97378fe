//! Checks what a transport returns if the reply is missing or incomplete.

use std::net::{Ipv4Addr, TcpListener, TcpStream};

use apptoken_core::{Endpoint, HttpResponse, TransportFailure};

use crate::expect::{BuildTransport, Outcome, expect_failure, expect_unknown};
use crate::probe::Probe;
use crate::replies::{COMPRESSED, compressed_if_asked};
use crate::server::{ReceivedRequest, ServerAction, serve, serve_resetting_early};

pub(crate) fn body_shorter_than_its_length_is_a_failure(build: &BuildTransport<'_>) -> Outcome {
    unknown_after(build, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ntrue")?;
    unknown_after(build, b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
}

pub(crate) fn body_without_its_last_chunk_is_a_failure(build: &BuildTransport<'_>) -> Outcome {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    ["", "4\r\ntr", "4\r\ntrue", "4\r\ntrue\r\n"]
        .iter()
        .try_for_each(|body| unknown_after(build, format!("{head}{body}").as_bytes()))
}

pub(crate) fn compressed_body_cut_short_is_a_failure(build: &BuildTransport<'_>) -> Outcome {
    let (most, _) = COMPRESSED.split_at(COMPRESSED.len() - 20);
    let (result, received) = once(build, "", |_, received| ServerAction::Reply(compressed_if_asked(received, most)))?;
    // A client that does not accept gzip got a complete reply.
    let asked = received.iter().any(|received| compressed_if_asked(received, most).ends_with(most));
    if asked { expect_unknown(result) } else { Ok(()) }
}

pub(crate) fn head_cut_short_is_a_failure(build: &BuildTransport<'_>) -> Outcome {
    let replies: [&[u8]; 3] = [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 2"];
    replies.iter().try_for_each(|reply| unknown_after(build, reply))
}

pub(crate) fn no_reply_is_a_failure(build: &BuildTransport<'_>) -> Outcome {
    unknown_after(build, b"")
}

pub(crate) fn garbage_is_a_failure(build: &BuildTransport<'_>) -> Outcome {
    let replies: [&[u8]; 3] =
        [b"\x15\x03\x01\x00\x02\x02\x46", b"<html>true</html>\r\n\r\n", b"SSH-2.0-OpenSSH_9.9\r\n\r\n"];
    replies.iter().try_for_each(|reply| unknown_after(build, reply))
}

pub(crate) fn reset_after_the_request_is_unknown(build: &BuildTransport<'_>) -> Outcome {
    let (result, _) = once(build, "", |_, _| ServerAction::Reset)?;
    expect_unknown(result)
}

pub(crate) fn reset_amid_the_request_is_unknown(build: &BuildTransport<'_>) -> Outcome {
    // Larger than the buffers of the system, so that the transport is still writing.
    let text = "a".repeat(4 << 20);
    let result = serve_resetting_early(|server| {
        let probe = Probe::new(server.endpoint(), &text)?;
        Ok::<_, String>(build(server.endpoint()).send(probe.request()))
    })?;
    expect_unknown(result?)
}

pub(crate) fn silence_is_unknown(build: &BuildTransport<'_>) -> Outcome {
    let (result, _) = once(build, "", |_, _| ServerAction::Silence)?;
    expect_unknown(result)
}

pub(crate) fn refused_connection_is_a_failure(build: &BuildTransport<'_>) -> Outcome {
    refused(build).map(drop)
}

pub(crate) fn refused_connection_is_not_sent(build: &BuildTransport<'_>) -> Outcome {
    if refused(build)?.is_not_sent() {
        Ok(())
    } else {
        Err("the failure says unknown, but nothing can have been sent".into())
    }
}

pub(crate) fn unknown_host_is_a_failure(build: &BuildTransport<'_>) -> Outcome {
    // A label has at most 63 characters, so the resolver rejects this name without asking the network.
    let url = format!("http://{}.invalid", "a".repeat(64));
    let endpoint = Endpoint::parse_allowing_unencrypted_http(&url).map_err(|error| error.to_string())?;
    let probe = Probe::new(&endpoint, "")?;
    expect_failure(build(&endpoint).send(probe.request())).map(drop)
}

fn refused(build: &BuildTransport<'_>) -> Result<TransportFailure, String> {
    // The local port of a client socket is in use, so no other program can listen on it, but it refuses connections.
    let connect = || {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let client = TcpStream::connect(listener.local_addr()?)?;
        let address = client.local_addr()?;
        Ok::<_, std::io::Error>((client, listener, address))
    };
    let (_client, _listener, address) = connect().map_err(|error| format!("cannot open a socket: {error}"))?;
    let endpoint = Endpoint::parse(&format!("http://{address}")).map_err(|error| error.to_string())?;
    let probe = Probe::new(&endpoint, "")?;
    expect_failure(build(&endpoint).send(probe.request()))
}

/// Expects an unknown failure where the server writes these bytes and closes the connection.
fn unknown_after(build: &BuildTransport<'_>, reply: &[u8]) -> Outcome {
    let (result, _) = once(build, "", |_, _| ServerAction::ReplyAndClose(reply.into()))?;
    expect_unknown(result).map_err(|wrong| format!("after \"{}\", {wrong}", reply.escape_ascii()))
}

type Exchange = (Result<HttpResponse, TransportFailure>, Vec<ReceivedRequest>);

fn once(
    build: &BuildTransport<'_>,
    text: &str,
    script: impl Fn(usize, &ReceivedRequest) -> ServerAction + Sync,
) -> Result<Exchange, String> {
    let (result, received) = serve(script, |server| {
        let probe = Probe::new(server.endpoint(), text)?;
        Ok::<_, String>(build(server.endpoint()).send(probe.request()))
    })?;
    Ok((result?, received))
}
