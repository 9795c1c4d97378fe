//! A proxy on loopback that simulates the round trip to a distant server.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// When the bytes of one direction of a connection leave the proxy.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// let ms = Duration::from_millis;
/// let mut line = apptoken_bench::DelayLine::to_server(ms(80));
/// assert_eq!(line.release(ms(0)), ms(120));
/// assert_eq!(line.release(ms(160)), ms(200));
/// ```
#[derive(Debug)]
pub struct DelayLine {
    delay: Duration,
    /// What is still to be added for the TCP handshake, which the proxy itself answers at once.
    handshake: Duration,
    latest: Duration,
}

impl DelayLine {
    /// From the client to the server: half a round trip, and a whole one more for the first bytes, because a client can send
    /// them only after the TCP handshake.
    #[must_use]
    pub fn to_server(round_trip: Duration) -> Self {
        Self { delay: round_trip / 2, handshake: round_trip, latest: Duration::ZERO }
    }

    /// From the server to the client: half a round trip.
    #[must_use]
    pub fn to_client(round_trip: Duration) -> Self {
        Self { delay: round_trip / 2, handshake: Duration::ZERO, latest: Duration::ZERO }
    }

    /// When bytes that arrived at this time leave. No bytes leave before earlier ones.
    pub fn release(&mut self, arrived: Duration) -> Duration {
        let delay = self.delay + std::mem::take(&mut self.handshake);
        self.latest = self.latest.max(arrived + delay);
        self.latest
    }
}

/// A running proxy, which accepts connections until it is dropped.
#[derive(Debug)]
pub struct DelayingProxy {
    address: SocketAddr,
    stopping: Arc<AtomicBool>,
}

impl DelayingProxy {
    /// Starts a proxy to this server on a free loopback port.
    ///
    /// # Errors
    ///
    /// If the system has no free port.
    pub fn start(server: SocketAddr, round_trip: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let (address, stopping) = (listener.local_addr()?, Arc::<AtomicBool>::default());
        let is_stopping = Arc::clone(&stopping);
        thread::spawn(move || {
            for client in listener.incoming() {
                if is_stopping.load(Ordering::Relaxed) {
                    return;
                }
                // A connection that cannot be forwarded is closed.
                let _ = client.and_then(|client| forward(client, server, round_trip));
            }
        });
        Ok(Self { address, stopping })
    }

    /// The address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for DelayingProxy {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts connections. If this fails, the thread ends with the process.
        let _ = TcpStream::connect(self.address);
    }
}

fn forward(client: TcpStream, server: SocketAddr, round_trip: Duration) -> io::Result<()> {
    let accepted = Instant::now();
    let server = TcpStream::connect(server)?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
    }
    pump(client.try_clone()?, server.try_clone()?, DelayLine::to_server(round_trip), accepted);
    pump(server, client, DelayLine::to_client(round_trip), accepted);
    Ok(())
}

/// Forwards one direction: one thread reads and notes when the bytes leave, another one waits and writes.
fn pump(mut from: TcpStream, mut to: TcpStream, mut line: DelayLine, accepted: Instant) {
    let (sender, receiver) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        for (release, bytes) in receiver {
            thread::sleep(release.saturating_duration_since(Instant::now()));
            if bytes.is_empty() || to.write_all(&bytes).is_err() {
                break;
            }
        }
        // This fails only on a closed connection.
        let _ = to.shutdown(Shutdown::Write);
    });
    thread::spawn(move || {
        let mut buffer = [0; 16 << 10];
        loop {
            // A broken connection ends like a closed one: with no bytes.
            let length = from.read(&mut buffer).unwrap_or(0);
            let bytes = buffer.get(..length).unwrap_or_default().to_vec();
            let release = accepted + line.release(accepted.elapsed());
            if sender.send((release, bytes)).is_err() || length == 0 {
                return;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_login_over_tls_takes_four_round_trips() {
        let round_trip = ms(80);
        let (mut there, mut back) = (DelayLine::to_server(round_trip), DelayLine::to_client(round_trip));
        let mut now = Duration::ZERO;
        // The hello, whose delay contains the TCP handshake, and two requests. The server and the client take no time.
        for round_trips in [2, 3, 4] {
            now = back.release(there.release(now));
            assert_eq!(now, round_trip * round_trips);
        }
    }

    #[test]
    fn no_bytes_overtake_the_first_ones() {
        let mut line = DelayLine::to_server(ms(80));
        let released = [0, 10, 90, 100].map(|arrived| line.release(ms(arrived)));
        assert_eq!(released, [120, 120, 130, 140].map(ms));
    }

    #[test]
    fn no_round_trip_is_no_delay() {
        let mut line = DelayLine::to_server(Duration::ZERO);
        assert_eq!([3, 7].map(|arrived| line.release(ms(arrived))), [3, 7].map(ms));
    }

    #[test]
    fn all_bytes_arrive_in_order_and_so_does_the_end() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let proxy = DelayingProxy::start(listener.local_addr().unwrap(), ms(2)).unwrap();
        let echo = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut received = Vec::new();
            stream.read_to_end(&mut received).unwrap();
            stream.write_all(&received).unwrap();
        });
        let mut client = TcpStream::connect(proxy.address()).unwrap();
        let sent: Vec<u8> = (0..200_000_u32).map(|number| number as u8).collect();
        client.write_all(&sent).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut received = Vec::new();
        client.read_to_end(&mut received).unwrap();
        echo.join().unwrap();
        assert!(received == sent, "{} bytes arrived", received.len());
    }
}
