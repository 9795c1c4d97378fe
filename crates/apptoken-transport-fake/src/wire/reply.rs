use std::fmt;
use std::time::Duration;

use crate::php::date::gmdate;

/// The longest value of a header, in characters: it can hold what the client sent.
const MAX_HEADER: usize = 2_000;

/// A reply as it is on the wire.
#[derive(Clone, PartialEq, Eq)]
pub struct WireReply {
    /// The status.
    pub status: u16,
    /// Names and values, in order; without a length.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl WireReply {
    pub(crate) fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// Adds a header; what no header can hold is left out of the value, and a long one is cut.
    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        let value = value.chars().filter(|each| !each.is_control()).take(MAX_HEADER).collect();
        self.headers.push((name.to_owned(), value));
        self
    }

    pub(crate) fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The first header of that name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for WireReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, headers: _, body } = self;
        write!(f, "WireReply({status}, body of {} bytes)", body.len())
    }
}

/// How the fake answers a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// How long to wait before the answer.
    pub delay: Duration,
    /// The answer.
    pub kind: DeliveryKind,
}

/// What comes back to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryKind {
    /// A whole reply.
    Reply(WireReply),
    /// A reply that promises its whole body, of which only the beginning arrives before the connection ends.
    Cut {
        /// The reply.
        reply: WireReply,
        /// How many bytes of the body arrive.
        after: usize,
    },
    /// The connection is reset without a reply.
    Reset,
    /// The connection is not accepted. The request was not sent.
    Refused,
    /// A whole reply whose body arrives slowly.
    Drip {
        /// The reply.
        reply: WireReply,
        /// How many bytes arrive at a time.
        chunk: usize,
        /// The pause between them.
        pause: Duration,
    },
}

impl Delivery {
    pub(crate) fn at_once(reply: WireReply) -> Self {
        Self { delay: Duration::ZERO, kind: DeliveryKind::Reply(reply) }
    }
}

impl DeliveryKind {
    /// The reply, where there is one.
    #[must_use]
    pub fn reply(&self) -> Option<&WireReply> {
        match self {
            Self::Reply(reply) | Self::Cut { reply, .. } | Self::Drip { reply, .. } => Some(reply),
            Self::Reset | Self::Refused => None,
        }
    }
}

/// A time as HTTP headers have it.
pub(crate) fn http_date(time: i64) -> String {
    gmdate("%a, %d %b %Y %H:%M:%S GMT", time)
}

#[cfg(test)]
mod tests {
    #[test]
    fn dates_are_those_of_http() {
        assert_eq!(super::http_date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
