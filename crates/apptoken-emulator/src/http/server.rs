//! Accepts connections and passes their requests to the fake.

use std::fmt;
use std::future::pending;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use apptoken_transport_fake::{Delivery, Fake, ParsedRequest, WireReply, WireRequest};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, oneshot};
use tokio::task::{spawn_blocking, yield_now};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{HandshakeKind, ServerConfig};

use super::body::ReplyBody;
use super::gzip::accepts_gzip;
use super::read_body::BodyMemory;
use super::read_request::{self, ReceivedRequest};
use super::respond::{self, ConnectionAborted};
use super::socket::{Socket, SocketHandle};
use crate::console;
use crate::control::{self, Caller, Control, ControlAccess};
use crate::counts::Counters;
use crate::health;
use crate::state_file::StateFile;
use crate::{Counts, Limits};

/// How many large requests are handled at the same time. With more threads, small requests would have to wait for a
/// processor.
const WORKERS: usize = 2;

/// How often a thread that serves connections tries to use the fake before it waits for it. Without other connections to
/// serve, each further attempt would only take processor time.
const QUICK_ATTEMPTS: usize = 8;

/// Larger replies are compressed on a worker thread.
const SMALL_REPLY: usize = 64 << 10;

/// The pause after a connection could not be accepted, because the process has no free file descriptor.
const NO_SOCKET_PAUSE: Duration = Duration::from_millis(50);

/// The minimum time between two saves of the state.
const SAVE_PAUSE: Duration = Duration::from_millis(200);

/// The time after which a failed save is retried.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// The state that all connections of an emulator share.
#[derive(Debug)]
pub(crate) struct Server {
    fake: Fake,
    limits: Limits,
    counters: Counters,
    /// The memory for request bodies.
    memory: BodyMemory,
    /// The permits for worker threads.
    workers: Arc<Semaphore>,
    control_access: ControlAccess,
    /// Whether the page for people is served.
    has_console: bool,
    stopping: Arc<AtomicBool>,
    /// The initial state, for a reset.
    initial_state: String,
    /// Notifies the task that saves the state after each request.
    changed: Notify,
}

/// What `serve` needs besides the listener.
#[derive(Debug)]
pub(crate) struct ServeOptions {
    pub(crate) tls: Option<Arc<ServerConfig>>,
    pub(crate) state_file: Option<StateFile>,
    pub(crate) save_failure_handler: Option<SaveFailureHandler>,
    pub(crate) stopped: oneshot::Receiver<()>,
}

/// Called when the state cannot be saved.
#[derive(Clone)]
pub(crate) struct SaveFailureHandler(pub(crate) Arc<dyn Fn(&io::Error) + Send + Sync>);

impl fmt::Debug for SaveFailureHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SaveFailureHandler")
    }
}

impl Server {
    pub(crate) fn new(fake: Fake, limits: Limits, control_access: ControlAccess, has_console: bool) -> Self {
        Self {
            initial_state: fake.snapshot(),
            fake,
            counters: Counters::default(),
            memory: BodyMemory::of(&limits),
            workers: Arc::new(Semaphore::new(WORKERS)),
            control_access,
            has_console,
            stopping: Arc::default(),
            changed: Notify::new(),
            limits: limits.clamped(),
        }
    }

    pub(crate) fn fake(&self) -> &Fake {
        &self.fake
    }

    pub(crate) fn has_console(&self) -> bool {
        self.has_console
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counters.read()
    }

    /// Serves until the emulator is stopped. Then waits for running requests and saves the state.
    pub(crate) async fn serve(self: &Arc<Self>, listener: TcpListener, setup: ServeOptions) -> io::Result<()> {
        let ServeOptions { tls, state_file, save_failure_handler, stopped } = setup;
        let connections = GracefulShutdown::new();
        tokio::select! {
            () = self.accept(&listener, tls.map(TlsAcceptor::from), &connections) => {}
            () = self.keep_saving(state_file.as_ref(), save_failure_handler.as_ref()) => {}
            // The emulator drops the sender when it stops; it never sends.
            _ = stopped => {}
        }
        drop(listener);
        self.stopping.store(true, Ordering::Relaxed);
        // Requests that take longer are dropped with the runtime.
        let _ = timeout(self.limits.stop_time, connections.shutdown()).await;
        state_file.map_or(Ok(()), |file| file.writer().save(self.fake.snapshot()))
    }

    /// Saves the state after every change, at most a few times a second.
    ///
    /// A failure is reported at once, but only once until saving succeeds again.
    async fn keep_saving(&self, file: Option<&StateFile>, failed: Option<&SaveFailureHandler>) {
        let Some(file) = file else { return pending().await };
        let mut is_reported = false;
        loop {
            self.changed.notified().await;
            let (writer, fake) = (Arc::clone(file.writer()), self.fake.clone());
            match spawn_blocking(move || writer.save(fake.snapshot())).await {
                Ok(Err(why)) => {
                    if let Some(SaveFailureHandler(report)) = failed.filter(|_| !is_reported) {
                        report(&why);
                    }
                    is_reported = true;
                    sleep(RETRY_PAUSE).await;
                    self.changed.notify_one();
                }
                _ => {
                    is_reported = false;
                    sleep(SAVE_PAUSE).await;
                }
            }
        }
    }

    async fn accept(
        self: &Arc<Self>,
        listener: &TcpListener,
        tls: Option<TlsAcceptor>,
        connections: &GracefulShutdown,
    ) {
        let permits = Arc::new(Semaphore::new(self.limits.connections));
        loop {
            // The semaphore is never closed.
            let permit = Arc::clone(&permits).acquire_owned().await;
            match listener.accept().await {
                Ok((stream, peer)) => {
                    self.counters.connections.add_one();
                    let connection = Arc::clone(self).connection(stream, peer, tls.clone(), connections.watcher());
                    tokio::spawn(async move {
                        connection.await;
                        drop(permit);
                    });
                }
                Err(_) => sleep(NO_SOCKET_PAUSE).await,
            }
        }
    }

    async fn connection(
        self: Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        tls: Option<TlsAcceptor>,
        watcher: Watcher,
    ) {
        let (socket, handle) = Socket::new(stream, &self.limits, Arc::clone(&self.stopping));
        let peer = Peer { address: peer.ip().to_canonical(), is_encrypted: false, socket: handle };
        match tls {
            None => self.serve_http(socket, peer, watcher).await,
            Some(tls) => {
                if let Ok(Ok(stream)) = timeout(self.limits.head_time, tls.accept(socket)).await {
                    self.count_handshake(stream.get_ref().1.handshake_kind());
                    self.serve_http(stream, Peer { is_encrypted: true, ..peer }, watcher).await;
                }
            }
        }
    }

    fn count_handshake(&self, kind: Option<HandshakeKind>) {
        match kind {
            Some(HandshakeKind::Resumed) => self.counters.resumed_handshakes.add_one(),
            _ => self.counters.full_handshakes.add_one(),
        }
    }

    async fn serve_http(
        self: Arc<Self>,
        io: impl AsyncRead + AsyncWrite + Unpin + 'static,
        peer: Peer,
        watcher: Watcher,
    ) {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(self.limits.head_time)
            .max_header_size(self.limits.head_bytes)
            .half_close(true)
            .title_case_headers(true);
        let service = service_fn(|request| self.answer(request, &peer));
        // Errors of a connection are caused by the client or by an injected fault.
        let _ = watcher.watch(http.serve_connection(TokioIo::new(io), service)).await;
    }

    async fn answer(
        self: &Arc<Self>,
        request: Request<Incoming>,
        peer: &Peer,
    ) -> Result<Response<ReplyBody>, ConnectionAborted> {
        let received = match read_request::read(request, &self.limits, &self.memory).await {
            Ok(received) => received,
            Err(refusal) => return Ok(refusal.into_response()),
        };
        if let Some(reply) = health::reply(&received.request) {
            return Ok(respond::whole(reply));
        }
        if control::is_for(&received.request) {
            return self.control(received, peer).await;
        }
        if self.has_console && console::is_for(&received.request) {
            return Ok(respond::whole(self.console(&received.request, peer)));
        }
        let delivery = self.deliver(received, peer).await?;
        self.changed.notify_one();
        respond::send(delivery, &peer.socket).await
    }

    fn console(&self, request: &WireRequest, peer: &Peer) -> WireReply {
        match peer.caller().check_page(request, &self.control_access) {
            Ok(()) => compressed_for(request, console::reply(request)),
            Err(refusal) => refusal,
        }
    }

    async fn control(
        self: &Arc<Self>,
        received: ReceivedRequest,
        peer: &Peer,
    ) -> Result<Response<ReplyBody>, ConnectionAborted> {
        if let Err(refusal) = peer.caller().check(&received.request, &self.control_access) {
            return Ok(respond::whole(refusal));
        }
        let server = Arc::clone(self);
        // Journal and state can be large, so this runs on a blocking thread. It needs no permit: the control interface
        // must work even if clients keep all workers busy.
        let reply = spawn_blocking(move || {
            let Self { fake, counters, initial_state, .. } = &*server;
            let reply = Control { fake, counters, initial_state }.handle(&received.request);
            compressed_for(&received.request, reply)
        });
        let reply = reply.await.map_err(|_| ConnectionAborted)?;
        self.changed.notify_one();
        Ok(respond::whole(reply))
    }

    /// Passes a request to the fake: here if it is small, or else on a worker thread.
    async fn deliver(
        self: &Arc<Self>,
        mut received: ReceivedRequest,
        peer: &Peer,
    ) -> Result<Delivery, ConnectionAborted> {
        let request = &mut received.request;
        if peer.is_encrypted {
            // The load balancer in front of Kaltura's servers adds this header.
            request.headers.insert(0, ("X-Forwarded-Proto".into(), "https".into()));
        }
        self.counters.requests.add_one();
        let compress = if accepts_gzip(request) { respond::compressed } else { std::convert::identity };
        if received.is_small() {
            let parsed = received.parse();
            if parsed.is_quick() {
                let delivery = self.handle_quick(&parsed).await;
                let is_small = delivery.kind.reply().is_none_or(|reply| reply.body.len() <= SMALL_REPLY);
                return if is_small {
                    Ok(compress(delivery))
                } else {
                    self.on_worker(move |_| compress(delivery)).await
                };
            }
        }
        self.counters.worker_requests.add_one();
        self.on_worker(move |server| compress(server.fake.handle_parsed(&received.parse()))).await
    }

    /// Handles a quick request. While another thread uses the fake, this one serves other connections.
    async fn handle_quick(&self, request: &ParsedRequest<'_>) -> Delivery {
        for _ in 0..QUICK_ATTEMPTS {
            let delivery = self.fake.try_handle_parsed(request);
            // Also after a success: this thread handles the requests that have arrived before it writes a reply, so that
            // replies to one client arrive together and wake it once.
            yield_now().await;
            if let Some(delivery) = delivery {
                return delivery;
            }
        }
        self.fake.handle_parsed(request)
    }

    /// Runs work on a worker thread.
    async fn on_worker<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, ConnectionAborted> {
        // The semaphore is never closed.
        let permit = Arc::clone(&self.workers).acquire_owned().await.map_err(|_| ConnectionAborted)?;
        let server = Arc::clone(self);
        let done = spawn_blocking(move || {
            let _permit = permit;
            work(&server)
        });
        done.await.map_err(|_| ConnectionAborted)
    }
}

/// The client of a connection.
#[derive(Debug)]
struct Peer {
    address: IpAddr,
    is_encrypted: bool,
    socket: SocketHandle,
}

impl Peer {
    fn caller(&self) -> Caller {
        Caller { address: self.address, is_encrypted: self.is_encrypted }
    }
}

/// The reply, compressed if the client accepts it.
fn compressed_for(request: &WireRequest, reply: WireReply) -> WireReply {
    if accepts_gzip(request) { respond::compressed_reply(reply) } else { reply }
}
