//! The TCP socket of a connection, with features that hyper does not have.

use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};
use tokio_io_timeout::TimeoutWriter;

use crate::Limits;

/// A TCP stream with a write timeout, a lingering close, and a way to reset it.
#[derive(Debug)]
pub(super) struct Socket {
    stream: Pin<Box<TimeoutWriter<TcpStream>>>,
    handle: SocketHandle,
    stopping: Arc<AtomicBool>,
    linger_time: Duration,
    lingering: Option<Pin<Box<Sleep>>>,
}

/// Lets a request handler control its connection.
#[derive(Clone, Debug, Default)]
pub(super) struct SocketHandle(Arc<Signals>);

#[derive(Debug, Default)]
struct Signals {
    reset: AtomicBool,
    unflushed: AtomicBool,
}

impl SocketHandle {
    /// Makes the connection end with a reset (RST) when it is dropped.
    pub(super) fn reset_on_drop(&self) {
        self.0.reset.store(true, Ordering::Relaxed);
    }

    /// Requests a wake-up of the connection's task after the next complete flush.
    pub(super) fn expect_flush(&self) {
        self.0.unflushed.store(true, Ordering::Relaxed);
    }

    /// Whether that flush is done.
    pub(super) fn is_flushed(&self) -> bool {
        !self.0.unflushed.load(Ordering::Relaxed)
    }
}

impl Socket {
    pub(super) fn new(stream: TcpStream, limits: &Limits, stopping: Arc<AtomicBool>) -> (Self, SocketHandle) {
        // Replies are written at once, so the Nagle algorithm would only delay them. This fails only on a closed
        // connection.
        let _ = stream.set_nodelay(true);
        let mut stream = TimeoutWriter::new(stream);
        stream.set_timeout(Some(limits.write_time));
        let handle = SocketHandle::default();
        let socket = Self {
            stream: Box::pin(stream),
            handle: handle.clone(),
            stopping,
            linger_time: limits.linger_time,
            lingering: None,
        };
        (socket, handle)
    }

    /// Reads and discards bytes until the client closes its side.
    ///
    /// Closing a socket with unread bytes resets the connection, and the client could lose the reply with the error.
    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut scratch = [0; 8192];
        loop {
            let mut buffer = ReadBuf::new(&mut scratch);
            match ready!(self.stream.as_mut().poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {}
                Ok(()) | Err(_) => return Poll::Ready(()),
            }
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_read(cx, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.stream.as_mut().poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream.as_mut().poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.stream.as_mut().poll_flush(cx))?;
        if self.handle.0.unflushed.swap(false, Ordering::Relaxed) {
            // The waiting body is polled by the same task.
            cx.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            ready!(self.stream.as_mut().poll_shutdown(cx))?;
            self.lingering = Some(Box::pin(sleep(self.linger_time)));
        }
        if self.stopping.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        // Check the timer first: the loop below does not end while the client keeps sending.
        if self.lingering.as_mut().is_some_and(|time| pin!(time).poll(cx).is_ready()) {
            return Poll::Ready(Ok(()));
        }
        self.poll_discard(cx).map(Ok)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.handle.0.reset.load(Ordering::Relaxed) {
            // This fails only on a closed connection.
            let _ = self.stream.get_ref().set_zero_linger();
        }
    }
}
