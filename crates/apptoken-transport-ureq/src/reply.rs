//! Reads a complete reply.

use std::io::{self, Read};

use apptoken_core::{HttpResponse, TransportFailure};
use flate2::read::MultiGzDecoder;
use ureq::http::header::CONTENT_ENCODING;
use ureq::http::{HeaderMap, Response, StatusCode};

use crate::failure::classify;

/// Reads and decompresses the body, up to `largest` bytes.
pub(crate) fn read(response: Response<ureq::Body>, largest: usize) -> Result<HttpResponse, TransportFailure> {
    let (head, body) = response.into_parts();
    let body = body.into_reader();
    let whole = match Coding::of(&head.headers)? {
        // These statuses have no body. With `Content-Encoding`, ureq would try to decompress one.
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

/// Reads one byte more than allowed, to detect a body that is too large. The limit of ureq counts compressed bytes.
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
    /// The coding that ureq has not decoded: it decodes only the spelling `gzip`, and then removes the header. The
    /// names are case-insensitive, and `x-gzip` is the same coding (RFC 9110, sections 8.4.1 and 8.4.1.3).
    fn of(headers: &HeaderMap) -> Result<Self, TransportFailure> {
        let lines = headers.get_all(CONTENT_ENCODING).iter().map(|line| line.to_str().unwrap_or("unreadable"));
        let mut names = lines.flat_map(|line| line.split(',')).map(|name| name.trim().to_ascii_lowercase());
        let mut names = names.by_ref().filter(|name| !name.is_empty() && name != "identity");
        match (names.next().as_deref(), names.next()) {
            (None, _) => Ok(Self::None),
            (Some("gzip" | "x-gzip"), None) => Ok(Self::Gzip),
            _ => Err(TransportFailure::unknown("the reply is compressed in a way that was not asked for")),
        }
    }
}
