//! Bodies of replies: sent at once, cut off, or in pieces.

use std::fmt;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::socket::SocketHandle;

/// The body of a reply. Its declared length is always that of the whole body.
#[derive(Debug)]
pub(super) struct ReplyBody {
    /// The bytes that are still to be sent.
    rest: Bytes,
    /// The number of bytes that are declared but never sent.
    missing: u64,
    mode: SendMode,
}

#[derive(Debug)]
enum SendMode {
    AtOnce,
    /// Ends the connection after the rest has been written to the socket.
    Cut(SocketHandle),
    Drip {
        chunk: usize,
        pause: Duration,
        timer: Option<Pin<Box<Sleep>>>,
    },
}

impl ReplyBody {
    pub(super) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self { rest: bytes.into(), missing: 0, mode: SendMode::AtOnce }
    }

    /// A body that ends, with the connection, after this many bytes.
    pub(super) fn cut(bytes: impl Into<Bytes>, after: usize, socket: SocketHandle) -> Self {
        let mut rest = bytes.into();
        let missing = rest.len().saturating_sub(after) as u64;
        rest.truncate(after);
        socket.expect_flush();
        Self { rest, missing, mode: SendMode::Cut(socket) }
    }

    /// A body in pieces of `chunk` bytes with pauses between them.
    pub(super) fn drip(bytes: impl Into<Bytes>, chunk: usize, pause: Duration) -> Self {
        Self { rest: bytes.into(), missing: 0, mode: SendMode::Drip { chunk: chunk.max(1), pause, timer: None } }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = BodyCut;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyCut>>> {
        let Self { rest, mode, .. } = &mut *self;
        let length = match mode {
            SendMode::AtOnce => rest.len(),
            SendMode::Cut(socket) if rest.is_empty() => {
                return if socket.is_flushed() { Poll::Ready(Some(Err(BodyCut))) } else { Poll::Pending };
            }
            SendMode::Cut(socket) => {
                socket.expect_flush();
                rest.len()
            }
            SendMode::Drip { chunk, pause, timer } => {
                if let Some(time) = timer {
                    ready!(pin!(time).poll(cx));
                }
                *timer = Some(Box::pin(sleep(*pause)));
                rest.len().min(*chunk)
            }
        };
        let piece = rest.split_to(length);
        Poll::Ready((!piece.is_empty()).then(|| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && !matches!(self.mode, SendMode::Cut(_))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64 + self.missing)
    }
}

/// The error that ends a body before its declared length.
#[derive(Debug)]
pub(super) struct BodyCut;

impl fmt::Display for BodyCut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the reply was cut off by a fault")
    }
}

impl std::error::Error for BodyCut {}
