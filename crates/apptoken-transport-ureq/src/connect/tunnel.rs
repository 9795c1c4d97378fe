//! The tunnel of an HTTP proxy: `CONNECT` (RFC 9110, section 9.3.6).

use std::fmt;
use std::io::{self, Read, Write as _};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ureq::http::Uri;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, NextTimeout, Transport, TransportAdapter};
use ureq::{Error, Proxy};

use super::Deadline;
use super::failure::{Cause, host_and_port};
use crate::OUR_NAME;

/// The maximum size of the reply of a proxy; real replies are much smaller.
const LARGEST_ANSWER: u64 = 64 << 10;

/// Requests a tunnel to the server of `details` from the proxy at the other end of `transport`.
pub(super) fn open(
    transport: Box<dyn Transport>,
    proxy: &Proxy,
    details: &ConnectionDetails<'_>,
) -> Result<Tunnel, Cause> {
    let mut stream = TransportAdapter::new(transport, details.current_time.clone());
    // The adapter reduces the timeout with each read and write.
    stream.set_timeout(Deadline::of(details).timeout()?);
    stream.write_all(request(proxy, details.uri).as_bytes())?;
    let status = read_status(&mut Read::take(&mut stream, LARGEST_ANSWER))?;
    if (200..=299).contains(&status) {
        Ok(Tunnel(stream.into_inner()))
    } else {
        Err(Cause::from(ProxyAnswer::Status(status)))
    }
}

fn request(proxy: &Proxy, target: &Uri) -> String {
    let target = host_and_port(target);
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nUser-Agent: {OUR_NAME}\r\n");
    if proxy.username().or(proxy.password()).is_some() {
        let (user, password) = (proxy.username().unwrap_or_default(), proxy.password().unwrap_or_default());
        let credentials = BASE64_STANDARD.encode(format!("{user}:{password}"));
        request.push_str("Proxy-Authorization: Basic ");
        request.push_str(&credentials);
        request.push_str("\r\n");
    }
    request + "\r\n"
}

/// Reads exactly up to the end of the headers, because the following bytes come from the server.
fn read_status(stream: &mut impl Read) -> Result<u16, Cause> {
    loop {
        let status = status_of(&read_line(stream)?).ok_or(ProxyAnswer::NotHttp)?;
        while !read_line(stream)?.is_empty() {}
        // Any number of interim replies can precede the final one.
        if !(100..=199).contains(&status) {
            return Ok(status);
        }
    }
}

fn read_line(stream: &mut impl Read) -> Result<Vec<u8>, Cause> {
    let mut line = Vec::new();
    loop {
        let mut byte = [0];
        stream.read_exact(&mut byte).map_err(name_early_end)?;
        match byte {
            [b'\n'] => break,
            [byte] => line.push(byte),
        }
    }
    line.pop_if(|last| *last == b'\r');
    Ok(line)
}

fn name_early_end(error: io::Error) -> io::Error {
    match error.kind() {
        kind @ io::ErrorKind::UnexpectedEof => {
            io::Error::new(kind, "the connection was closed before the end of the answer")
        }
        _ => error,
    }
}

fn status_of(line: &[u8]) -> Option<u16> {
    let (version, rest) = line.split_at_checked(8)?;
    let code = rest.strip_prefix(b" ")?.get(..3)?;
    version.starts_with(b"HTTP/1.").then_some(())?;
    std::str::from_utf8(code).ok()?.parse().ok()
}

/// Why a proxy did not open a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProxyAnswer {
    Status(u16),
    NotHttp,
}

impl fmt::Display for ProxyAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "it answered CONNECT with status {status}"),
            Self::NotHttp => f.write_str("its answer to CONNECT is not HTTP"),
        }
    }
}

impl std::error::Error for ProxyAnswer {}

/// A connection through a proxy. It is not yet encrypted for the server, even if the connection to the proxy uses TLS.
#[derive(Debug)]
pub(super) struct Tunnel(Box<dyn Transport>);

impl Transport for Tunnel {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.0.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.0.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.0.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.0.is_open()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_that_of_the_final_answer() {
        let answers: [(&[u8], u16); 5] = [
            (b"HTTP/1.1 200 Connection established\r\n\r\n", 200),
            (b"HTTP/1.0 200\r\n\r\n", 200),
            (b"HTTP/1.1 204 \nVia: x\n\n", 204),
            (b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 102 P\r\n\r\nHTTP/1.1 407 No\r\nA: b\r\n\r\n", 407),
            (b"HTTP/1.1 502 Bad Gateway\r\nX: caf\xe9\r\n folded\r\n\r\n<html>", 502),
        ];
        for (answer, expected) in answers {
            assert_eq!(read_status(&mut &*answer).unwrap(), expected);
        }
    }

    #[test]
    fn what_follows_the_head_is_left_for_the_server() {
        let mut answer: &[u8] = b"HTTP/1.1 200 OK\r\n\r\n\x16\x03\x03";
        read_status(&mut answer).unwrap();
        assert_eq!(answer, b"\x16\x03\x03");
    }

    #[test]
    fn an_answer_that_is_not_http_has_no_status() {
        for answer in ["SSH-2.0-x\r\n", "\x05\u{ff}\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "\r\n\r\n"] {
            let cause = read_status(&mut answer.as_bytes()).unwrap_err();
            assert_eq!(cause.downcast_ref(), Some(&ProxyAnswer::NotHttp), "{answer:?}");
        }
    }

    #[test]
    fn an_answer_cut_short_is_an_early_end() {
        for answer in ["", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nVia: x\r\n"] {
            let cause = read_status(&mut answer.as_bytes()).unwrap_err();
            assert_eq!(
                cause.downcast_ref().map(std::io::Error::kind),
                Some(std::io::ErrorKind::UnexpectedEof),
                "{answer:?}"
            );
        }
    }
}
