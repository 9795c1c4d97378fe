//! Accepts connections and carries their requests to the fake.

use std::fmt;
use std::future::pending;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use apptoken_transport_fake::{Delivery, Fake};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, oneshot};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{HandshakeKind, ServerConfig};

use super::body::ReplyBody;
use super::gzip::accepts_gzip;
use super::reply::{self, Abort};
use super::request::{self, Received, Room, SMALL_BODY};
use super::socket::{Handle, Socket};
use crate::control::{self, Caller, Control};
use crate::counts::Tally;
use crate::state_file::StateFile;
use crate::{Counts, Limits};

/// How many large requests are answered at one time. With more threads than this, small ones would have to wait for a
/// processor.
const WORKERS: usize = 2;

/// Replies above this size are compressed on a worker thread.
const SMALL_REPLY: usize = 64 << 10;

/// How long accepting pauses when the process has no file descriptor left.
const NO_SOCKET_PAUSE: Duration = Duration::from_millis(50);

/// How long the state is not saved again.
const SAVE_PAUSE: Duration = Duration::from_millis(200);

/// How long after a failure saving is tried again, whether something changed or not.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// What all connections of one emulator share.
#[derive(Debug)]
pub(crate) struct Server {
    fake: Fake,
    limits: Limits,
    tally: Tally,
    /// The memory for bodies of requests.
    room: Room,
    /// Held by those who may use a worker thread.
    workers: Arc<Semaphore>,
    control_hosts: Vec<String>,
    stopping: Arc<AtomicBool>,
    /// The state as it was at the start, to go back to.
    at_start: String,
    /// Woken after every request, for whoever saves the state.
    changed: Notify,
}

/// What an emulator serves with.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) tls: Option<Arc<ServerConfig>>,
    pub(crate) state_file: Option<StateFile>,
    pub(crate) save_failed: Option<SaveFailed>,
    pub(crate) stopped: oneshot::Receiver<()>,
}

/// Called when the state cannot be saved.
#[derive(Clone)]
pub(crate) struct SaveFailed(pub(crate) Arc<dyn Fn(&io::Error) + Send + Sync>);

impl fmt::Debug for SaveFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SaveFailed")
    }
}

impl Server {
    pub(crate) fn new(fake: Fake, limits: Limits, control_hosts: Vec<String>) -> Self {
        Self {
            at_start: fake.snapshot(),
            fake,
            tally: Tally::default(),
            room: Room::for_bodies_of(limits.body_bytes),
            workers: Arc::new(Semaphore::new(WORKERS)),
            control_hosts,
            stopping: Arc::default(),
            changed: Notify::new(),
            limits: limits.countable(),
        }
    }

    pub(crate) fn fake(&self) -> &Fake {
        &self.fake
    }

    pub(crate) fn counts(&self) -> Counts {
        self.tally.read()
    }

    /// Serves until it is stopped, lets running requests end, and saves the state.
    pub(crate) async fn serve(self: &Arc<Self>, listener: TcpListener, setup: Setup) -> io::Result<()> {
        let Setup { tls, state_file, save_failed, stopped } = setup;
        let connections = GracefulShutdown::new();
        tokio::select! {
            () = self.accept(&listener, tls.map(TlsAcceptor::from), &connections) => {}
            () = self.keep_saving(state_file.as_ref(), save_failed.as_ref()) => {}
            // The other end is dropped with the emulator, and never sends.
            _ = stopped => {}
        }
        drop(listener);
        self.stopping.store(true, Ordering::Relaxed);
        // Whatever still runs after this time is dropped with the runtime.
        let _ = timeout(self.limits.stop_time, connections.shutdown()).await;
        state_file.map_or(Ok(()), |file| file.writer().save(self.fake.snapshot()))
    }

    /// Saves the state after every change, at most a few times a second.
    ///
    /// A failure is reported when it happens, once until saving succeeds again.
    async fn keep_saving(&self, file: Option<&StateFile>, failed: Option<&SaveFailed>) {
        let Some(file) = file else { return pending().await };
        let mut is_reported = false;
        loop {
            self.changed.notified().await;
            let (writer, fake) = (Arc::clone(file.writer()), self.fake.clone());
            match spawn_blocking(move || writer.save(fake.snapshot())).await {
                Ok(Err(why)) => {
                    if let Some(SaveFailed(report)) = failed.filter(|_| !is_reported) {
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
        let places = Arc::new(Semaphore::new(self.limits.connections));
        loop {
            // The semaphore is never closed.
            let place = Arc::clone(&places).acquire_owned().await;
            match listener.accept().await {
                Ok((stream, peer)) => {
                    self.tally.connections.add_one();
                    let connection = Arc::clone(self).connection(stream, peer, tls.clone(), connections.watcher());
                    tokio::spawn(async move {
                        connection.await;
                        drop(place);
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
            None => self.http(socket, peer, watcher).await,
            Some(tls) => {
                if let Ok(Ok(stream)) = timeout(self.limits.head_time, tls.accept(socket)).await {
                    self.count_handshake(stream.get_ref().1.handshake_kind());
                    self.http(stream, Peer { is_encrypted: true, ..peer }, watcher).await;
                }
            }
        }
    }

    fn count_handshake(&self, kind: Option<HandshakeKind>) {
        match kind {
            Some(HandshakeKind::Resumed) => self.tally.resumed_handshakes.add_one(),
            _ => self.tally.full_handshakes.add_one(),
        }
    }

    async fn http(self: Arc<Self>, io: impl AsyncRead + AsyncWrite + Unpin + 'static, peer: Peer, watcher: Watcher) {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(self.limits.head_time)
            .max_header_size(self.limits.head_bytes)
            .half_close(true)
            .title_case_headers(true);
        let service = service_fn(|request| self.answer(request, &peer));
        // A connection that breaks off is the client's affair, or a fault that was asked for.
        let _ = watcher.watch(http.serve_connection(TokioIo::new(io), service)).await;
    }

    async fn answer(self: &Arc<Self>, request: Request<Incoming>, peer: &Peer) -> Result<Response<ReplyBody>, Abort> {
        let received = match request::read(request, &self.limits, &self.room).await {
            Ok(received) => received,
            Err(refusal) => return Ok(refusal.into_response()),
        };
        if control::is_for(&received.request) {
            return self.control(received, peer).await;
        }
        let delivery = self.deliver(received, peer).await?;
        self.changed.notify_one();
        reply::carry(delivery, &peer.socket).await
    }

    async fn control(self: &Arc<Self>, received: Received, peer: &Peer) -> Result<Response<ReplyBody>, Abort> {
        let caller = Caller { address: peer.address, is_encrypted: peer.is_encrypted };
        if let Err(refusal) = caller.check(&received.request, &self.control_hosts) {
            return Ok(reply::whole(refusal));
        }
        let server = Arc::clone(self);
        // Journal and state can be large. The test's author waits for no worker that others keep busy.
        let reply = spawn_blocking(move || {
            let Self { fake, tally, at_start, .. } = &*server;
            Control { fake, tally, at_start }.answer(&received.request)
        });
        let reply = reply.await.map_err(|_| Abort)?;
        self.changed.notify_one();
        Ok(reply::whole(reply))
    }

    /// Has the fake answer: at once, or on a worker thread where it can take long.
    async fn deliver(self: &Arc<Self>, mut received: Received, peer: &Peer) -> Result<Delivery, Abort> {
        let request = &mut received.request;
        if peer.is_encrypted {
            // As the load balancer in front of Kaltura's servers tells them.
            request.headers.insert(0, ("X-Forwarded-Proto".into(), "https".into()));
        }
        self.tally.requests.add_one();
        let compress = if accepts_gzip(request) { reply::compressed } else { std::convert::identity };
        if request.body.len() <= SMALL_BODY {
            let parsed = request.parse();
            if parsed.is_light() {
                let delivery = self.fake.answer(&parsed);
                let is_small = delivery.answer.reply().is_none_or(|reply| reply.body.len() <= SMALL_REPLY);
                return if is_small {
                    Ok(compress(delivery))
                } else {
                    self.on_worker(move |_| compress(delivery)).await
                };
            }
        }
        self.tally.worker_requests.add_one();
        self.on_worker(move |server| compress(server.fake.handle(&received.request))).await
    }

    /// Does what can take long where nobody else waits for it.
    async fn on_worker<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, Abort> {
        // The semaphore is never closed.
        let place = Arc::clone(&self.workers).acquire_owned().await.map_err(|_| Abort)?;
        let server = Arc::clone(self);
        let done = spawn_blocking(move || {
            let _place = place;
            work(&server)
        });
        done.await.map_err(|_| Abort)
    }
}

/// The other end of a connection.
#[derive(Debug)]
struct Peer {
    address: IpAddr,
    is_encrypted: bool,
    socket: Handle,
}
