//! A server that follows a script and records the requests that it receives.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use apptoken_core::Endpoint;

/// How long the server waits for the transport; only a broken transport takes this long.
const TIMEOUT: Duration = Duration::from_secs(5);
const LARGEST_HEAD: usize = 64 << 10;
const LARGEST_BODY: usize = 16 << 20;

/// A complete reply: `true`.
pub(crate) const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue";

/// What the server does with a request.
pub(crate) enum ServerAction {
    /// Writes these bytes and waits for the next request.
    Reply(Vec<u8>),
    /// Writes these bytes, if any, and closes the connection.
    ReplyAndClose(Vec<u8>),
    /// Writes a reply with this many chunks of 64 KiB, and sets the flag after the client has read all of it.
    Flood(usize, Arc<AtomicBool>),
    /// Resets the connection.
    Reset,
    /// Sends nothing until the client closes the connection.
    Silence,
}

/// A received request.
pub(crate) struct ReceivedRequest {
    /// The number of its connection, counted from 0.
    pub(crate) connection: usize,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl ReceivedRequest {
    pub(crate) fn first_line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    /// The values of all headers of this name.
    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let fields = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields.filter(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).collect()
    }
}

/// The server, as the client of a check uses it.
pub(crate) struct Server {
    address: SocketAddr,
    endpoint: Endpoint,
    ended: AtomicBool,
    state: Mutex<ServerState>,
    closed: Condvar,
}

#[derive(Default)]
struct ServerState {
    received: Vec<ReceivedRequest>,
    /// The open connections, to close them at the end. Weak references, so that dropping a connection still closes it.
    open: Vec<Weak<TcpStream>>,
    closed: usize,
}

/// Runs a client against a server that answers the n-th request (from 0) as `script` says.
///
/// Returns the result of the client and the received requests, after all threads have ended.
pub(crate) fn serve<R>(
    script: impl Fn(usize, &ReceivedRequest) -> ServerAction + Sync,
    client: impl FnOnce(&Server) -> R,
) -> Result<(R, Vec<ReceivedRequest>), String> {
    let serve_connection =
        |server: &Server, stream: &TcpStream, connection| serve_connection(server, stream, connection, &script);
    run(&serve_connection, client).map_err(|error| format!("cannot start a server: {error}"))
}

/// Runs a client against a server that resets each connection after the first byte of a request.
pub(crate) fn serve_resetting_early<R>(client: impl FnOnce(&Server) -> R) -> Result<R, String> {
    let serve_connection = |_: &Server, mut stream: &TcpStream, _| {
        // Leave the second byte unread: dropping a connection with unread bytes resets it.
        let mut first_two = [0; 2];
        while stream.peek(&mut first_two)? == 1 {}
        stream.read_exact(&mut [0])
    };
    let (result, _) = run(&serve_connection, client).map_err(|error| format!("cannot start a server: {error}"))?;
    Ok(result)
}

type ServeConnection<'c> = dyn Fn(&Server, &TcpStream, usize) -> io::Result<()> + Sync + 'c;

fn run<R>(
    serve_connection: &ServeConnection<'_>,
    client: impl FnOnce(&Server) -> R,
) -> io::Result<(R, Vec<ReceivedRequest>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let endpoint = Endpoint::parse(&format!("http://{address}")).map_err(io::Error::other)?;
    let server =
        Server { address, endpoint, ended: AtomicBool::new(false), state: Mutex::default(), closed: Condvar::new() };
    let result = thread::scope(|scope| {
        let server = &server;
        let _end = EndOnDrop(server);
        scope.spawn(move || {
            for connection in 0.. {
                let Ok((stream, _)) = listener.accept() else { break };
                if server.ended.load(Ordering::SeqCst) {
                    break;
                }
                let stream = server.opened(stream);
                scope.spawn(move || {
                    // The client causes any error here, and its result shows it.
                    let _ = serve_connection(server, &stream, connection);
                    drop(stream);
                    server.closed();
                });
            }
        });
        client(server)
    });
    Ok((result, server.state.into_inner().unwrap_or_else(PoisonError::into_inner).received))
}

fn serve_connection(
    server: &Server,
    mut stream: &TcpStream,
    connection: usize,
    script: &impl Fn(usize, &ReceivedRequest) -> ServerAction,
) -> io::Result<()> {
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    loop {
        let (action, is_last) = {
            let received = read_but_last_byte(stream, connection)?;
            // RFC 9112, section 9.6: the server closes the connection after its reply. A simple client reads up to that.
            let is_last = received.headers("Connection").iter().any(|option| option.eq_ignore_ascii_case("close"));
            let mut state = server.state();
            let action = script(state.received.len(), &received);
            state.received.push(received);
            (action, is_last)
        };
        if let ServerAction::Reset = action {
            // The last byte of the request is still unread, so dropping the connection resets it.
            return Ok(());
        }
        stream.read_exact(&mut [0])?;
        match action {
            ServerAction::Reply(bytes) => stream.write_all(&bytes)?,
            ServerAction::ReplyAndClose(bytes) => return stream.write_all(&bytes),
            ServerAction::Flood(chunks, taken) => {
                flood(stream, chunks)?;
                taken.store(true, Ordering::SeqCst);
            }
            ServerAction::Silence => return io::copy(&mut stream, &mut io::sink()).map(drop),
            ServerAction::Reset => return Ok(()),
        }
        if is_last {
            return Ok(());
        }
    }
}

/// Reads a request, but leaves its last byte in the socket.
fn read_but_last_byte(mut stream: &TcpStream, connection: usize) -> io::Result<ReceivedRequest> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend(byte);
        if head.len() > LARGEST_HEAD {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    let head = String::from_utf8(head).map_err(io::Error::other)?;
    let mut received = ReceivedRequest { connection, head, body: Vec::new() };
    let length = received.headers("Content-Length").first().and_then(|length| length.parse().ok());
    let length: usize =
        length.filter(|length| (1..=LARGEST_BODY).contains(length)).ok_or(io::ErrorKind::InvalidData)?;
    received.body.resize(length - 1, 0);
    stream.read_exact(&mut received.body)?;
    let mut last = [0];
    if stream.peek(&mut last)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    received.body.extend(last);
    Ok(received)
}

fn flood(mut stream: &TcpStream, chunks: usize) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
    let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
    for _ in 0..chunks {
        stream.write_all(&chunk)?;
    }
    stream.write_all(b"0\r\n\r\n")
}

impl Server {
    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Waits until the server has closed this many connections.
    pub(crate) fn wait_until_closed(&self, connections: usize) {
        let waiting = self.closed.wait_timeout_while(self.state(), TIMEOUT, |state| state.closed < connections);
        drop(waiting);
    }

    fn opened(&self, stream: TcpStream) -> Arc<TcpStream> {
        let stream = Arc::new(stream);
        self.state().open.push(Arc::downgrade(&stream));
        stream
    }

    fn closed(&self) {
        self.state().closed += 1;
        self.closed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, ServerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends the server, even if its client panics.
struct EndOnDrop<'s>(&'s Server);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        let Self(server) = self;
        server.ended.store(true, Ordering::SeqCst);
        for stream in server.state().open.iter().filter_map(Weak::upgrade) {
            // The connection may be closed already.
            let _ = stream.shutdown(Shutdown::Both);
        }
        // Wake the listener.
        let _ = TcpStream::connect(server.address);
    }
}
