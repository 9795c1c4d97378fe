//! Accepts connections and carries their requests to the fake.

use std::future::pending;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use apptoken_transport_fake::Fake;
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
use super::request;
use super::socket::{Handle, Socket};
use crate::control::{self, Control};
use crate::counts::Tally;
use crate::state_file::StateFile;
use crate::{Counts, Limits};

/// How many bodies above [`request::SMALL_BODY`] are read at one time.
const LARGE_BODIES: usize = 32;

/// How long accepting pauses when the process has no file descriptor left.
const NO_SOCKET_PAUSE: Duration = Duration::from_millis(50);

/// How long the state is not saved again.
const SAVE_PAUSE: Duration = Duration::from_millis(200);

/// What all connections of one emulator share.
#[derive(Debug)]
pub(crate) struct Server {
    fake: Fake,
    limits: Limits,
    tally: Tally,
    /// Bounds the memory that bodies of requests take together.
    large_bodies: Semaphore,
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
    pub(crate) stopped: oneshot::Receiver<()>,
}

impl Server {
    pub(crate) fn new(fake: Fake, limits: Limits) -> Self {
        Self {
            at_start: fake.snapshot(),
            fake,
            limits: limits.countable(),
            tally: Tally::default(),
            large_bodies: Semaphore::new(LARGE_BODIES),
            stopping: Arc::default(),
            changed: Notify::new(),
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
        let Setup { tls, state_file, stopped } = setup;
        let state_file = state_file.map(|file| Arc::new(Mutex::new(file)));
        let connections = GracefulShutdown::new();
        tokio::select! {
            () = self.accept(&listener, tls.map(TlsAcceptor::from), &connections) => {}
            () = self.keep_saving(state_file.as_ref()) => {}
            // The other end is dropped with the emulator, and never sends.
            _ = stopped => {}
        }
        drop(listener);
        self.stopping.store(true, Ordering::Relaxed);
        // Whatever still runs after this time is dropped with the runtime.
        let _ = timeout(self.limits.stop_time, connections.shutdown()).await;
        state_file.map_or(Ok(()), |file| save(&file, self.fake.snapshot()))
    }

    /// Saves the state after every change, at most a few times a second.
    async fn keep_saving(&self, file: Option<&Arc<Mutex<StateFile>>>) {
        let Some(file) = file else { return pending().await };
        loop {
            self.changed.notified().await;
            let (file, state) = (Arc::clone(file), self.fake.snapshot());
            // If it fails, the next change tries again, and so does the end, which tells.
            let _ = spawn_blocking(move || save(&file, state)).await;
            sleep(SAVE_PAUSE).await;
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

    async fn answer(&self, request: Request<Incoming>, peer: &Peer) -> Result<Response<ReplyBody>, Abort> {
        let mut request = match request::read(request, &self.limits, &self.large_bodies).await {
            Ok(request) => request,
            Err(refusal) => return Ok(refusal.into_response()),
        };
        if control::is_for(&request) {
            let control = Control { fake: &self.fake, tally: &self.tally, at_start: &self.at_start };
            let reply = control.answer(&request, peer.address);
            self.changed.notify_one();
            return Ok(reply::whole(reply));
        }
        if peer.is_encrypted {
            // As the load balancer in front of Kaltura's servers tells them.
            request.headers.insert(0, ("X-Forwarded-Proto".into(), "https".into()));
        }
        self.tally.requests.add_one();
        let delivery = self.fake.handle(&request);
        self.changed.notify_one();
        reply::carry(delivery, accepts_gzip(&request), &peer.socket).await
    }
}

fn save(file: &Mutex<StateFile>, state: String) -> io::Result<()> {
    file.lock().unwrap_or_else(PoisonError::into_inner).save(state)
}

/// The other end of a connection.
#[derive(Debug)]
struct Peer {
    address: IpAddr,
    is_encrypted: bool,
    socket: Handle,
}
