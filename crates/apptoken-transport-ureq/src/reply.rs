//! Reads a whole reply.

use std::io::{self, Read};

use apptoken_core::{HttpResponse, TransportFailure};
use flate2::read::MultiGzDecoder;
use ureq::http::header::CONTENT_ENCODING;
use ureq::http::{HeaderMap, Response, StatusCode};

use crate::failure::classify;

/// Reads a reply whose body has at most `largest` bytes after decompression.
pub(crate) fn read(response: Response<ureq::Body>, largest: usize) -> Result<HttpResponse, TransportFailure> {
    let (head, body) = response.into_parts();
    let body = body.into_reader();
    let whole = match Coding::of(&head.headers)? {
        // There is no body, but if the headers announce a compressed one, ureq would try to read its start.
        _ if matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) => Ok(Vec::new()),
        Coding::None => read_up_to(largest, body),
        Coding::Gzip => read_up_to(largest, MultiGzDecoder::new(body)),
    };
    let whole = whole.map_err(|error| classify(error.into()))?;
    if whole.len() > largest {
        return Err(TransportFailure::unknown(format!("the reply is larger than {largest} bytes")));
    }
    let headers = head.headers.iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())));
    Ok(HttpResponse::new(head.status.as_u16(), headers, whole))
}

/// Reads up to one byte more than the limit, which shows that the body is too large. ureq's own limit counts compressed bytes.
fn read_up_to(largest: usize, body: impl Read) -> io::Result<Vec<u8>> {
    let mut whole = Vec::new();
    let limit = u64::try_from(largest).unwrap_or(u64::MAX).saturating_add(1);
    body.take(limit).read_to_end(&mut whole)?;
    Ok(whole)
}

enum Coding {
    None,
    Gzip,
}

impl Coding {
    /// The coding that is left to decode. ureq decodes `gzip` in exactly this spelling, and then removes the header. The names
    /// are case-insensitive, and `x-gzip` is the same coding (RFC 9110, sections 8.4.1 and 8.4.1.3).
    fn of(headers: &HeaderMap) -> Result<Self, TransportFailure> {
        let lines = headers.get_all(CONTENT_ENCODING).iter().map(|line| line.to_str().unwrap_or("unreadable"));
        let mut names = lines.flat_map(|line| line.split(',')).map(|name| name.trim().to_ascii_lowercase());
        let mut names = names.by_ref().filter(|name| !name.is_empty() && name != "identity");
        match (names.next().as_deref(), names.next()) {
            (None, _) => Ok(Self::None),
            (Some("gzip" | "x-gzip"), None) => Ok(Self::Gzip),
            _ => Err(TransportFailure::unknown("the reply is compressed in a way that was not requested")),
        }
    }
}
