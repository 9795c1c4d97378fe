//! Replies as the corpus writes them.
//!
//! ```text
//! 200
//! X-Kaltura-Session: 17, 1795230763
//!
//! {"ks":"..."}
//! ---
//! not sent
//! ```
//!
//! A status that cannot be read stands for 200. In place of a reply, `not sent` and `no reply` are what a transport can
//! report.

use apptoken_core::{HttpResponse, Moment, TransportFailure, UnixSeconds};

/// When everything happens.
pub(crate) const NOW: Moment = Moment { wall: UnixSeconds(1_795_230_763), elapsed: std::time::Duration::ZERO };

pub(crate) type Answer = Result<HttpResponse, TransportFailure>;

/// The replies of a script, one by one.
pub(crate) fn answers(mut script: &[u8]) -> impl Iterator<Item = Answer> {
    std::iter::from_fn(move || {
        let (first, rest) = split_once(script, b"\n---\n");
        script = rest;
        (!first.is_empty()).then(|| answer(first))
    })
}

/// What one part of a script stands for.
pub(crate) fn answer(text: &[u8]) -> Answer {
    let (head, body) = split_once(text, b"\n\n");
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let status = match lines.next().unwrap_or_default() {
        "not sent" => return Err(TransportFailure::not_sent("connection refused")),
        "no reply" => return Err(TransportFailure::unknown("connection reset")),
        status => status.parse().unwrap_or(200),
    };
    Ok(HttpResponse::new(status, lines.filter_map(|line| line.split_once(": ")), body.to_vec()))
}

/// What stands before the first separator, and behind it.
pub(crate) fn split_once<'a>(text: &'a [u8], separator: &[u8]) -> (&'a [u8], &'a [u8]) {
    match text.windows(separator.len()).position(|window| window == separator) {
        Some(at) => (&text[..at], &text[at + separator.len()..]),
        None => (text, &[]),
    }
}
