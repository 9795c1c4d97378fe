//! Bodies of replies: whole, broken off, or in drips.

use std::fmt;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::socket::SocketHandle;

/// The body of a reply. Its announced length is always that of the whole.
#[derive(Debug)]
pub(super) struct ReplyBody {
    /// What has not been sent yet.
    rest: Bytes,
    /// Bytes that are announced but never come.
    missing: u64,
    mode: SendMode,
}

#[derive(Debug)]
enum SendMode {
    AtOnce,
    /// Breaks the connection off when the rest is on its mode.
    Cut(SocketHandle),
    Drip {
        chunk: usize,
        pause: Duration,
        paused: Option<Pin<Box<Sleep>>>,
    },
}

impl ReplyBody {
    pub(super) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self { rest: bytes.into(), missing: 0, mode: SendMode::AtOnce }
    }

    /// Ends the connection after this many bytes.
    pub(super) fn cut(bytes: impl Into<Bytes>, after: usize, socket: SocketHandle) -> Self {
        let mut rest = bytes.into();
        let missing = rest.len().saturating_sub(after) as u64;
        rest.truncate(after);
        socket.expect_flush();
        Self { rest, missing, mode: SendMode::Cut(socket) }
    }

    /// Pauses between pieces of `chunk` bytes.
    pub(super) fn drip(bytes: impl Into<Bytes>, chunk: usize, pause: Duration) -> Self {
        Self { rest: bytes.into(), missing: 0, mode: SendMode::Drip { chunk: chunk.max(1), pause, paused: None } }
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
            SendMode::Drip { chunk, pause, paused } => {
                if let Some(time) = paused {
                    ready!(pin!(time).poll(cx));
                }
                *paused = Some(Box::pin(sleep(*pause)));
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

/// The reply ends before its announced length, as a fault asked for.
#[derive(Debug)]
pub(super) struct BodyCut;

impl fmt::Display for BodyCut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the reply was cut short")
    }
}

impl std::error::Error for BodyCut {}
