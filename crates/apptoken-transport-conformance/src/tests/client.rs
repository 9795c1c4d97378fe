//! A small HTTP client with one flaw, or none.

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result, Write};
use std::net::TcpStream;
use std::time::Duration;

use apptoken_core::{HttpRequest, HttpResponse, Transport, TransportFailure};

const LARGEST_BODY: usize = 8 << 20;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Flaw {
    AddsCharset,
    AlwaysSaysJson,
    AlwaysSaysNotSent,
    AlwaysSaysUnknown,
    ChangesLineEnds,
    ConnectsEachTime,
    CutsLongBodies,
    DoesNotDecompress,
    DropsAcceptHeader,
    DropsHeaders,
    FailsOnErrorStatus,
    FollowsRedirects,
    InventsReplies,
    KnowsNoChunks,
    NeedsABody,
    NeedsALength,
    ReadsOneBuffer,
    ReadsWithoutBound,
    RefusesLongBodiesLate,
    SaysNotSentWhileWriting,
    SendsAgain,
    SendsAgainOnUsedConnections,
    TakesAnyHead,
    TakesWhatThereIs,
    TrustsOldConnections,
}

pub(super) struct Client {
    flaw: Option<Flaw>,
    time_limit: Duration,
    idle: RefCell<Option<BufReader<TcpStream>>>,
}

/// Where a request failed.
enum Failed {
    Connecting(Error),
    Writing(Error),
    Reading(Error),
}

struct Head {
    status: u16,
    headers: Vec<(String, String)>,
}

impl Client {
    pub(super) fn new(flaw: Option<Flaw>) -> Self {
        Self { flaw, time_limit: Duration::from_secs(5), idle: RefCell::new(None) }
    }

    pub(super) fn time_limit(self, time_limit: Duration) -> Self {
        Self { time_limit, ..self }
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    fn exchange(&self, request: &HttpRequest, path: Option<&str>) -> std::result::Result<HttpResponse, Failed> {
        let (host, target) = request.url().strip_prefix("http://").unwrap().split_once('/').unwrap();
        let idle = self.idle.take().filter(|idle| self.has(Flaw::TrustsOldConnections) || is_alive(idle.get_ref()));
        let used = idle.is_some();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.connect(host).map_err(Failed::Connecting)?,
        };
        let target = path.map_or(format!("/{target}"), str::to_owned);
        self.write(request, host, &target, connection.get_mut()).map_err(Failed::Writing)?;
        let (head, body) = match self.read(&mut connection) {
            Err(error) if self.has(Flaw::SendsAgain) || used && self.has(Flaw::SendsAgainOnUsedConnections) => {
                let mut again = self.connect(host).map_err(Failed::Reading)?;
                self.write(request, host, &target, again.get_mut()).map_err(Failed::Writing)?;
                self.read(&mut again).map_err(|_| Failed::Reading(error))?
            }
            read => read.map_err(Failed::Reading)?,
        };
        if !self.has(Flaw::ConnectsEachTime) && head.header("Connection") != Some("close") {
            self.idle.replace(Some(connection));
        }
        if self.has(Flaw::FollowsRedirects) && (300..400).contains(&head.status) && head.header("Location").is_some() {
            return self.exchange(request, head.header("Location"));
        }
        if self.has(Flaw::FailsOnErrorStatus) && head.status >= 400 {
            return Err(Failed::Reading(ErrorKind::Other.into()));
        }
        let headers = if self.has(Flaw::DropsHeaders) { Vec::new() } else { head.headers };
        Ok(HttpResponse::new(head.status, headers, body))
    }

    fn connect(&self, host: &str) -> Result<BufReader<TcpStream>> {
        let host = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
        let stream = TcpStream::connect(host)?;
        stream.set_read_timeout(Some(self.time_limit))?;
        Ok(BufReader::new(stream))
    }

    fn write(&self, request: &HttpRequest, host: &str, target: &str, mut stream: &TcpStream) -> Result<()> {
        let mut body = request.body().to_vec();
        if self.has(Flaw::ChangesLineEnds) {
            body = String::from_utf8_lossy(&body).replace("\\r\\n", "\\n").into_bytes();
        }
        let mut head = format!("POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\n", body.len());
        if self.has(Flaw::DoesNotDecompress) {
            head += "Accept-Encoding: gzip\r\n";
        }
        for (name, value) in request.headers() {
            let is_type = name == "Content-Type";
            let value = if self.has(Flaw::AlwaysSaysJson) && is_type { "application/json" } else { value };
            let suffix = if self.has(Flaw::AddsCharset) && is_type { "; charset=utf-8" } else { "" };
            if !(self.has(Flaw::DropsAcceptHeader) && name == "Accept") {
                head += &format!("{name}: {value}{suffix}\r\n");
            }
        }
        stream.write_all(&[head.as_bytes(), b"\r\n", &body].concat())
    }

    fn read(&self, connection: &mut BufReader<TcpStream>) -> Result<(Head, Vec<u8>)> {
        let head = self.read_head(connection)?;
        let body = match head.header("Content-Length") {
            _ if head.header("Transfer-Encoding") == Some("chunked") => self.read_chunks(connection)?,
            Some(length) => self.read_exactly(connection, length.parse().unwrap())?,
            None if self.has(Flaw::NeedsALength) => Err(ErrorKind::InvalidData)?,
            None => self.read_to_end(connection)?,
        };
        if body.is_empty() && self.has(Flaw::NeedsABody) {
            return Err(ErrorKind::InvalidData.into());
        }
        Ok((head, body))
    }

    fn read_head(&self, connection: &mut impl BufRead) -> Result<Head> {
        let mut lines = Vec::new();
        loop {
            let mut line = Vec::new();
            connection.read_until(b'\n', &mut line)?;
            if line.is_empty() && lines.is_empty() {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if self.has(Flaw::TakesAnyHead) && !line.ends_with(b"\n") {
                break;
            }
            if !line.ends_with(b"\r\n") {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if line == b"\r\n" {
                break;
            }
            lines.push(String::from_utf8(line).map_err(Error::other)?);
        }
        let status = lines.first().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok());
        let status = if self.has(Flaw::TakesAnyHead) { status.or(Some(200)) } else { status };
        let fields = lines.iter().skip(1).filter_map(|line| line.split_once(':'));
        let headers = fields.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
        Ok(Head { status: status.ok_or(ErrorKind::InvalidData)?, headers })
    }

    fn read_exactly(&self, connection: &mut impl Read, length: usize) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        let length = if self.has(Flaw::ReadsOneBuffer) { length.min(0x10000) } else { length };
        connection.take(length as u64).read_to_end(&mut body)?;
        if body.len() < length && !self.has(Flaw::TakesWhatThereIs) {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(body)
    }

    fn read_chunks(&self, connection: &mut impl BufRead) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        if self.has(Flaw::KnowsNoChunks) {
            return Ok(body);
        }
        loop {
            let mut line = String::new();
            connection.read_line(&mut line)?;
            let length = usize::from_str_radix(line.trim().split(';').next().unwrap(), 16);
            if line.is_empty() && self.has(Flaw::TakesWhatThereIs) {
                return Ok(body);
            }
            let length = length.map_err(|_| ErrorKind::UnexpectedEof)?;
            body.extend(self.read_exactly(connection, length)?);
            if self.has(Flaw::ReadsOneBuffer) && body.len() >= 0x10000 {
                return Ok(body);
            }
            if body.len() > LARGEST_BODY && self.has(Flaw::CutsLongBodies) {
                return Ok(body);
            }
            let late = self.has(Flaw::ReadsWithoutBound) || self.has(Flaw::RefusesLongBodiesLate) && length > 0;
            if body.len() > LARGEST_BODY && !late {
                return Err(ErrorKind::InvalidData.into());
            }
            connection.read_line(&mut line)?;
            if length == 0 {
                return Ok(body);
            }
        }
    }

    fn read_to_end(&self, connection: &mut impl Read) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        let limit = if self.has(Flaw::ReadsOneBuffer) { 0x10000 } else { u64::MAX };
        connection.take(limit).read_to_end(&mut body)?;
        Ok(body)
    }
}

impl Transport for Client {
    fn send(&self, request: &HttpRequest) -> std::result::Result<HttpResponse, TransportFailure> {
        let failed = match self.exchange(request, None) {
            Ok(reply) => return Ok(reply),
            Err(_) if self.has(Flaw::InventsReplies) => {
                return Ok(HttpResponse::new(200, [("", ""); 0], b"{}".to_vec()));
            }
            Err(failed) => failed,
        };
        Err(match failed {
            Failed::Connecting(error) if self.has(Flaw::AlwaysSaysUnknown) => TransportFailure::unknown(error),
            Failed::Connecting(error) => TransportFailure::not_sent(error),
            Failed::Writing(error) if self.has(Flaw::SaysNotSentWhileWriting) => TransportFailure::not_sent(error),
            Failed::Writing(error) | Failed::Reading(error) if self.has(Flaw::AlwaysSaysNotSent) => {
                TransportFailure::not_sent(error)
            }
            Failed::Writing(error) | Failed::Reading(error) => TransportFailure::unknown(error),
        })
    }
}

impl Head {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }
}

fn is_alive(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let closed = stream.peek(&mut [0]).is_ok();
    stream.set_nonblocking(false).unwrap();
    !closed
}
