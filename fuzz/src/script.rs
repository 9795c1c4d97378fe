//! The format of replies in the corpus.
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
//! An invalid status means 200. In place of a reply, `not sent` and `no reply` are failures that a transport can
//! report.

use apptoken_core::{HttpResponse, Moment, TransportFailure, UnixSeconds};

/// The time of all requests and replies.
pub(crate) const NOW: Moment = Moment { wall: UnixSeconds(1_795_230_763), elapsed: std::time::Duration::ZERO };

pub(crate) type Answer = Result<HttpResponse, TransportFailure>;

/// The replies and failures of a script, in order.
pub(crate) fn answers(mut script: &[u8]) -> impl Iterator<Item = Answer> {
    std::iter::from_fn(move || {
        let (first, rest) = split_once(script, b"\n---\n");
        script = rest;
        (!first.is_empty()).then(|| answer(first))
    })
}

/// One part of a script as a reply or failure.
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

/// The text before the first separator, and after it.
pub(crate) fn split_once<'a>(text: &'a [u8], separator: &[u8]) -> (&'a [u8], &'a [u8]) {
    match text.windows(separator.len()).position(|window| window == separator) {
        Some(at) => (&text[..at], &text[at + separator.len()..]),
        None => (text, &[]),
    }
}
