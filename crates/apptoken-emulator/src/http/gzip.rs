//! Compresses replies.

use std::io::{self, Write};

use apptoken_transport_fake::WireRequest;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Whether a client accepts gzip (RFC 9110, section 12.5.3).
pub(super) fn accepts_gzip(request: &WireRequest) -> bool {
    let accepted = request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("accept-encoding"));
    accepted.flat_map(|(_, value)| value.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let quality = parts.find_map(|part| part.strip_prefix("q=")).and_then(|quality| quality.parse::<f32>().ok());
        (name.eq_ignore_ascii_case("gzip") || name == "*") && quality.unwrap_or(1.0) > 0.0
    })
}

/// Compresses a body.
pub(super) fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_used_only_if_the_client_accepts_it() {
        for (value, expected) in [
            ("gzip", true),
            ("GZIP", true),
            ("deflate, gzip;q=0.5", true),
            ("*", true),
            ("br;q=1.0, *;q=0.1", true),
            ("gzip;q=0", false),
            ("gzip;q=0.000", false),
            ("gzip ; q=0", false),
            ("identity", false),
            ("", false),
            ("x-gzipped", false),
        ] {
            let headers = vec![("Accept-Encoding".into(), value.into())];
            let request = WireRequest { method: "GET".into(), target: "/".into(), headers, body: Vec::new() };
            assert_eq!(accepts_gzip(&request), expected, "{value}");
        }
    }
}
