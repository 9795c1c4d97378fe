use std::cell::Cell;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use apptoken_core::api::app_token::{Add, NewAppToken};
use apptoken_core::api::session::StartWidgetSession;
use apptoken_core::{
    Call, Clock, Endpoint, Exchange, HttpResponse, Moment, PartnerId, Transport, TransportFailure, UnixSeconds,
};

/// A limit that only a broken test reaches.
pub(crate) const LONG: Duration = Duration::from_secs(10);
/// A limit that is reached.
pub(crate) const SHORT: Duration = Duration::from_millis(60);

pub(crate) fn exchange(endpoint: &Endpoint) -> Exchange<Call<StartWidgetSession>> {
    let now = Moment { wall: UnixSeconds(0), elapsed: Duration::ZERO };
    Call::new(endpoint.clone(), StartWidgetSession::of(PartnerId::new(101).unwrap())).start(now).unwrap()
}

/// A call whose request is larger than the buffers of the system.
pub(crate) fn large_exchange(endpoint: &Endpoint) -> Exchange<Call<Add>> {
    let app_token = NewAppToken { description: Some("a".repeat(8 << 20)), ..NewAppToken::default() };
    let now = Moment { wall: UnixSeconds(0), elapsed: Duration::ZERO };
    Call::new(endpoint.clone(), Add { app_token }).start(now).unwrap()
}

pub(crate) fn send(transport: &impl Transport, endpoint: &Endpoint) -> Result<HttpResponse, TransportFailure> {
    transport.send(exchange(endpoint).request())
}

/// A host name that resolvers reject without asking the network, because it has a label of 64 letters.
pub(crate) fn nowhere() -> Endpoint {
    Endpoint::parse_allowing_unencrypted_http(&format!("http://{}.invalid", "a".repeat(64))).unwrap()
}

/// Every cause of a failure, the outermost first.
pub(crate) fn cause(failure: &TransportFailure) -> String {
    let causes = std::iter::successors(std::error::Error::source(failure), |cause| cause.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Returns the result of the call. A call that exceeds every deadline fails the test.
pub(crate) fn in_time<R: Send + 'static>(call: impl FnOnce() -> R + Send + 'static) -> R {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(call()));
    receiver.recv_timeout(LONG).expect("the call outlives its deadline")
}

/// Writes these bytes, one every few milliseconds, until the client closes the connection.
pub(crate) fn drip(stream: &mut (impl Read + Write), bytes: impl IntoIterator<Item = u8>) {
    for byte in bytes {
        if stream.write_all(&[byte]).and_then(|()| stream.flush()).is_err() || pause(stream).is_err() {
            return;
        }
    }
}

/// Waits for the timeout of the socket, unless something is received.
pub(crate) fn pause(stream: &mut impl Read) -> std::io::Result<()> {
    match stream.read(&mut [0; 4096]) {
        Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
        Err(error) if !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Err(error),
        _ => Ok(()),
    }
}

/// A clock that advances when a caller sleeps.
#[derive(Default)]
pub(crate) struct VirtualClock(Cell<Duration>);

impl Clock for VirtualClock {
    fn now(&self) -> Moment {
        Moment { wall: UnixSeconds(0), elapsed: self.0.get() }
    }

    fn sleep(&self, duration: Duration) {
        self.0.set(self.0.get() + duration);
    }
}

/// A server for one connection.
pub(crate) struct Server<R> {
    listener: TcpListener,
    thread: JoinHandle<R>,
}

impl<R: Send + 'static> Server<R> {
    pub(crate) fn new(handle: impl FnOnce(TcpStream) -> R + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let accepting = listener.try_clone().unwrap();
        let thread = thread::spawn(move || {
            let (stream, _) = accepting.accept().unwrap();
            stream.set_read_timeout(Some(LONG)).unwrap();
            handle(stream)
        });
        Self { listener, thread }
    }

    pub(crate) fn authority(&self) -> String {
        self.listener.local_addr().unwrap().to_string()
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::parse(&format!("http://{}", self.authority())).unwrap()
    }

    /// The result of the connection.
    pub(crate) fn finish(self) -> R {
        // This connection ends the wait if no client has connected.
        let _ = TcpStream::connect(self.listener.local_addr().unwrap());
        self.thread.join().unwrap()
    }
}

/// A server for any number of connections, one after the other.
pub(crate) struct CountingServer {
    address: SocketAddr,
    finished: Arc<AtomicBool>,
    last: mpsc::Sender<SocketAddr>,
    thread: JoinHandle<usize>,
}

impl CountingServer {
    pub(crate) fn new(handle: impl Fn(TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let finished = Arc::<AtomicBool>::default();
        let is_finished = finished.clone();
        let (last, is_last) = mpsc::channel();
        let thread = thread::spawn(move || {
            let mut last = None;
            for connections in 0.. {
                let (stream, peer) = listener.accept().unwrap();
                // Earlier connections may still be in the queue.
                if !is_finished.load(Ordering::SeqCst) {
                    stream.set_read_timeout(Some(LONG)).unwrap();
                    handle(stream);
                } else if *last.get_or_insert_with(|| is_last.recv().unwrap()) == peer {
                    return connections;
                }
            }
            unreachable!("connections are counted without end")
        });
        Self { address, finished, last, thread }
    }

    pub(crate) fn authority(&self) -> String {
        self.address.to_string()
    }

    /// The number of connections.
    pub(crate) fn finish(self) -> usize {
        self.finished.store(true, Ordering::SeqCst);
        let last = TcpStream::connect(self.address).unwrap();
        self.last.send(last.local_addr().unwrap()).unwrap();
        self.thread.join().unwrap()
    }
}

impl Server<String> {
    /// Reads a request and writes this reply. Returns the request at the end.
    pub(crate) fn answering(reply: impl Into<Vec<u8>>) -> Self {
        let reply = reply.into();
        Self::new(move |mut stream| {
            let request = read_request(&mut stream);
            stream.write_all(&reply).unwrap();
            request
        })
    }
}

/// The head and body of a request, in one text.
pub(crate) fn read_request(stream: &mut impl Read) -> String {
    let mut request = read_head(stream);
    let length = request
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    request.push_str(&String::from_utf8(body).unwrap());
    request
}

pub(crate) fn read_head(stream: &mut impl Read) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    // Header names are case-insensitive.
    String::from_utf8(head).unwrap().replace("Content-Length", "content-length")
}

/// Reads until the client closes the connection.
pub(crate) fn wait_for_close(mut stream: TcpStream) {
    // A reset is also accepted.
    let _ = stream.read_to_end(&mut Vec::new());
}

pub(crate) fn reply(body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()
}

/// Runs an ignored test of this binary in a new process, whose environment can be set.
pub(crate) fn child(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture"]);
    command
}

pub(crate) fn assert_passes(mut child: Command) {
    let output = child.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}{}", String::from_utf8_lossy(&output.stderr));
}
