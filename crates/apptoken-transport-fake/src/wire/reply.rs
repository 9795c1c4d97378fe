use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

/// Header values are truncated to this many characters, because they can contain text from the client.
const MAX_HEADER: usize = 2_000;

/// An HTTP reply.
#[derive(Clone, PartialEq, Eq)]
pub struct WireReply {
    /// The HTTP status.
    pub status: u16,
    /// The names and values of the headers, in their order, without `Content-Length`.
    pub headers: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    /// The body.
    pub body: Vec<u8>,
}

impl WireReply {
    pub(crate) fn new(status: u16) -> Self {
        /// An API reply has nine or ten.
        const HEADERS: usize = 12;
        Self { status, headers: Vec::with_capacity(HEADERS), body: Vec::new() }
    }

    /// Adds a header. Control characters are removed from a value that can contain text from the client.
    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        let value = match value.into() {
            Cow::Owned(value) if !is_plain(&value) => {
                value.chars().filter(|each| !each.is_control()).take(MAX_HEADER).collect()
            }
            value => value,
        };
        self.headers.push((name.into(), value));
        self
    }

    pub(crate) fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The value of the first header with this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }
}

/// Whether a header value can be sent as it is, as most can.
fn is_plain(value: &str) -> bool {
    value.len() <= MAX_HEADER && value.bytes().all(|each| each.is_ascii_graphic() || each == b' ')
}

impl fmt::Debug for WireReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, headers: _, body } = self;
        write!(f, "WireReply({status}, body of {} bytes)", body.len())
    }
}

/// What the fake sends for a request, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// How long to wait first.
    pub delay: Duration,
    /// What to send.
    pub kind: DeliveryKind,
}

/// What the client receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryKind {
    /// A complete reply.
    Reply(WireReply),
    /// A reply that is cut off: `Content-Length` is that of the whole body, but the connection ends before.
    Cut {
        /// The reply.
        reply: WireReply,
        /// The number of body bytes that are sent.
        after: usize,
    },
    /// The connection is reset without a reply.
    Reset,
    /// The connection is refused, so the request is not sent.
    Refused,
    /// A complete reply whose body is sent slowly.
    Drip {
        /// The reply.
        reply: WireReply,
        /// The number of bytes that are sent at a time.
        chunk: usize,
        /// The pause between these pieces.
        pause: Duration,
    },
}

impl Delivery {
    pub(crate) fn at_once(reply: WireReply) -> Self {
        Self { delay: Duration::ZERO, kind: DeliveryKind::Reply(reply) }
    }
}

impl DeliveryKind {
    /// The reply, if there is one.
    #[must_use]
    pub fn reply(&self) -> Option<&WireReply> {
        match self {
            Self::Reply(reply) | Self::Cut { reply, .. } | Self::Drip { reply, .. } => Some(reply),
            Self::Reset | Self::Refused => None,
        }
    }
}

/// Formats a time for HTTP headers.
pub(crate) fn http_date(time: i64) -> String {
    thread_local! {
        /// The latest result: all replies of a second have the same date.
        static LATEST: RefCell<(i64, String)> = RefCell::default();
    }
    LATEST.with_borrow_mut(|(of, date)| {
        if *of != time || date.is_empty() {
            let timestamp = Timestamp::from_second(time).unwrap_or_default();
            // It fails only for a time before the year 0.
            *date = DateTimePrinter::new().timestamp_to_rfc9110_string(&timestamp).unwrap_or_default();
            *of = time;
        }
        date.clone()
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_date_has_the_http_format() {
        const START: &str = "Thu, 01 Jan 1970 00:00:00 GMT";
        const LATER: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
        let dates = [0, 784_111_777, 784_111_777, 0].map(super::http_date);
        assert_eq!(dates, [START, LATER, LATER, START]);
    }
}
