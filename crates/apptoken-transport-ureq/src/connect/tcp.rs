//! TCP with a deadline for each operation, which can take several system calls.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Weak};
use std::time::Duration;

use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, LazyBuffers, NextTimeout, ShutdownHandle, Transport};

use super::failure::Cause;
use super::{Deadline, StopSignal};

/// Tries the addresses in turn. Each gets an equal share of the remaining time.
pub(super) fn connect(details: &ConnectionDetails<'_>, signal: &Arc<StopSignal>) -> Result<TcpTransport, Cause> {
    let deadline = Deadline::of(details);
    let mut last: Error = Error::HostNotFound;
    for (tried, &address) in details.addrs.iter().enumerate() {
        let untried = u32::try_from(details.addrs.len() - tried).unwrap_or(u32::MAX);
        let share = deadline.left()?.map(|left| left / untried);
        match signal.wait_for(deadline, move || connect_to(address, share))? {
            Ok(stream) => return TcpTransport::new(stream, details).map_err(Cause::from),
            Err(error) if is_timeout(&error) => last = deadline.passed(),
            Err(error) => last = error.into(),
        }
    }
    Err(last.into())
}

fn connect_to(address: SocketAddr, timeout: Option<Duration>) -> io::Result<TcpStream> {
    match timeout {
        // A timeout of zero is an error.
        Some(timeout) => TcpStream::connect_timeout(&address, timeout.max(Duration::from_millis(1))),
        None => TcpStream::connect(address),
    }
}

/// A blocking socket reports a timeout with different kinds on Unix and Windows.
fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

#[derive(Debug)]
pub(super) struct TcpTransport {
    stream: Arc<TcpStream>,
    buffers: LazyBuffers,
}

impl TcpTransport {
    fn new(stream: TcpStream, details: &ConnectionDetails<'_>) -> Result<Self, Error> {
        stream.set_nodelay(details.config.no_delay())?;
        let stream = Arc::new(stream);
        let weak: Weak<TcpStream> = Arc::downgrade(&stream);
        (details.register_shutdown)(weak as Weak<dyn ShutdownHandle>)?;
        let (input, output) = (details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Self { stream, buffers: LazyBuffers::new(input, output) })
    }
}

impl Transport for TcpTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let deadline = Deadline::from_now(timeout);
        let mut stream = &*self.stream;
        let mut rest = self.buffers.output().get(..amount).unwrap_or_default();
        while !rest.is_empty() {
            set_timeout(stream, deadline, TcpStream::set_write_timeout)?;
            match stream.write(rest) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::WriteZero).into()),
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(error) => go_on_if_interrupted(error, deadline)?,
            }
        }
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let deadline = Deadline::from_now(timeout);
        let mut stream = &*self.stream;
        loop {
            set_timeout(stream, deadline, TcpStream::set_read_timeout)?;
            match stream.read(self.buffers.input_append_buf()) {
                Ok(amount) => {
                    self.buffers.input_appended(amount);
                    return Ok(amount > 0);
                }
                Err(error) => go_on_if_interrupted(error, deadline)?,
            }
        }
    }

    /// An idle connection must have nothing to read: neither an unrequested byte nor the end of the stream.
    fn is_open(&mut self) -> bool {
        let waits = |stream: &TcpStream| {
            stream.set_nonblocking(true)?;
            let peeked = stream.peek(&mut [0]);
            stream.set_nonblocking(false)?;
            peeked
        };
        waits(&self.stream).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }
}

fn set_timeout(
    stream: &TcpStream,
    deadline: Deadline,
    set: fn(&TcpStream, Option<Duration>) -> io::Result<()>,
) -> Result<(), Error> {
    match set(stream, deadline.left()?) {
        // macOS fails here if the peer has closed the connection. A received reply can still be read without waiting.
        Err(error) if cfg!(target_os = "macos") && error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        result => Ok(result?),
    }
}

/// A signal interrupts a system call, but the operation continues.
fn go_on_if_interrupted(error: io::Error, deadline: Deadline) -> Result<(), Error> {
    match error.kind() {
        io::ErrorKind::Interrupted => Ok(()),
        _ if is_timeout(&error) => Err(deadline.passed()),
        _ => Err(error.into()),
    }
}
