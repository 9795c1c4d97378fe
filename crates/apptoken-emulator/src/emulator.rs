//! A running emulator and how it is started.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use apptoken_core::Endpoint;
use apptoken_transport_fake::Fake;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::oneshot;

use crate::certificate::Certificate;
use crate::http::{SaveFailureHandler, ServeOptions, Server};
use crate::state_file::StateFile;
use crate::{Counts, Limits};

/// A fake that is reachable over HTTP until this value is dropped.
///
/// It runs on a thread of its own, with two more for large requests, and stops when it is dropped: running requests may
/// end ([`Limits::stop_time`]), idle connections are closed. Any number can run at a time.
///
/// # Examples
///
/// ```
/// use apptoken_emulator::Emulator;
/// use apptoken_transport_fake::Fake;
///
/// let emulator = Emulator::start(Fake::new())?;
/// assert!(emulator.url().starts_with("http://127.0.0.1:"));
/// assert_eq!(emulator.counts().requests, 0);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Emulator {
    address: SocketAddr,
    endpoint: Endpoint,
    certificate: Option<Certificate>,
    server: Arc<Server>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Emulator {
    /// Serves a fake on a free port of this machine, unencrypted.
    ///
    /// # Errors
    ///
    /// When no port, thread or socket is to be had.
    pub fn start(fake: Fake) -> io::Result<Self> {
        Options::new().start(fake)
    }

    /// Serves a fake on a free port of this machine, with a test certificate that was made for it.
    ///
    /// # Errors
    ///
    /// When no port, thread or socket is to be had.
    pub fn start_tls(fake: Fake) -> io::Result<Self> {
        Options::new().tls().start(fake)
    }

    /// The fake that answers, to look into it and to steer it.
    #[must_use]
    pub fn fake(&self) -> &Fake {
        self.server.fake()
    }

    /// What a client of this workspace connects to.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The address and port that it listens on, which can be all of this machine's.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The service URL for clients in any language: `http://127.0.0.1:PORT`, or `https` with TLS.
    #[must_use]
    pub fn url(&self) -> String {
        url(self.address, self.certificate.is_some())
    }

    /// The certificate (PEM) that a client must trust, where it serves TLS.
    #[must_use]
    pub fn certificate_pem(&self) -> Option<&str> {
        self.certificate.as_ref().map(Certificate::authority_pem)
    }

    /// What has been counted so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.server.counts()
    }

    /// Stops, as dropping does, and tells whether the state was saved.
    ///
    /// # Errors
    ///
    /// When there is a state file ([`Options::state_file`]) and the last state could not be written to it.
    pub fn stop(mut self) -> io::Result<()> {
        self.end()
    }

    fn end(&mut self) -> io::Result<()> {
        drop(self.stop.take());
        let Some(thread) = self.thread.take() else { return Ok(()) };
        thread.join().unwrap_or_else(|_| Err(io::Error::other("the emulator's thread panicked")))
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // Who wants to know calls `stop`.
        let _ = self.end();
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator").field("url", &self.url()).field("counts", &self.counts()).finish_non_exhaustive()
    }
}

/// How an emulator is to be started.
///
/// # Examples
///
/// ```
/// use apptoken_emulator::Options;
/// use apptoken_transport_fake::Fake;
///
/// let emulator = Options::new().tls().start(Fake::new())?;
/// assert!(emulator.url().starts_with("https://127.0.0.1:"));
/// assert!(emulator.certificate_pem().is_some());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    listen: SocketAddr,
    allows_other_machines: bool,
    tls: bool,
    limits: Limits,
    state_file: Option<PathBuf>,
    save_failure_handler: Option<SaveFailureHandler>,
    control_hosts: Vec<String>,
}

impl Options {
    /// A free port of this machine, unencrypted, with the default limits.
    #[must_use]
    pub fn new() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            allows_other_machines: false,
            tls: false,
            limits: Limits::default(),
            state_file: None,
            save_failure_handler: None,
            control_hosts: Vec::new(),
        }
    }

    /// Listens on this address; port 0 is a free one.
    #[must_use]
    pub fn listen(self, address: SocketAddr) -> Self {
        Self { listen: address, ..self }
    }

    /// Consents to an address that other machines can reach: whoever reaches it can try to open sessions.
    ///
    /// On such an address a fake without a seed of its own gets secrets that nobody knows, as with
    /// [`Fake::use_system_randomness`]: read them from [`Emulator::fake`] after the start. A fake with a seed keeps its
    /// secrets, and so do the accounts and tokens of a state file.
    #[must_use]
    pub fn allow_other_machines(self) -> Self {
        Self { allows_other_machines: true, ..self }
    }

    /// Serves HTTPS with a certificate that is made at the start: see [`Emulator::certificate_pem`].
    #[must_use]
    pub fn tls(self) -> Self {
        Self { tls: true, ..self }
    }

    /// Replaces the default limits.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Keeps the fake's state in a file, which is made if there is none: accounts, tokens, users and what was revoked
    /// survive a restart.
    ///
    /// A change is written within a quarter of a second, and at the end; at any time the file holds a whole state. It
    /// holds the secrets of all accounts and tokens, and only its owner can read it. One emulator at a time has the file:
    /// a file of the same name with `.lock` behind it is locked meanwhile. A link is followed, and anything but a file is
    /// refused.
    #[must_use]
    pub fn state_file(self, path: impl Into<PathBuf>) -> Self {
        Self { state_file: Some(path.into()), ..self }
    }

    /// Called when the state cannot be saved, such as on a full disk: once until saving succeeds again. It is tried again
    /// every second, and the emulator serves on.
    #[must_use]
    pub fn on_save_failure(self, report: impl Fn(&io::Error) + Send + Sync + 'static) -> Self {
        Self { save_failure_handler: Some(SaveFailureHandler(Arc::new(report))), ..self }
    }

    /// A further name for the control interface, which otherwise answers only requests for a name or address of this
    /// machine: `localhost`, `127.0.0.1`, `[::1]`.
    #[must_use]
    pub fn control_host(mut self, name: impl Into<String>) -> Self {
        self.control_hosts.push(name.into());
        self
    }

    /// Starts to serve a fake.
    ///
    /// # Errors
    ///
    /// When the address cannot be listened on, when it can be reached from other machines without consent, when the
    /// state file cannot be used, or when no thread is to be had.
    pub fn start(self, fake: Fake) -> io::Result<Emulator> {
        if !self.allows_other_machines && !self.listen.ip().is_loopback() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "{} can be reached from other machines: consent with --let-other-machines-in \
                     (Options::allow_other_machines) or listen on 127.0.0.1",
                    self.listen.ip()
                ),
            ));
        }
        if !self.listen.ip().is_loopback() && !fake.is_seeded() {
            fake.use_system_randomness();
        }
        let certificate = self.tls.then(Certificate::make).transpose()?;
        let state_file = self.state_file.map(|path| StateFile::open(&path, &fake)).transpose()?;
        let server = Arc::new(Server::new(fake, self.limits, self.control_hosts));
        let (stop, stopped) = oneshot::channel();
        let (ready, listening) = mpsc::sync_channel(1);
        let thread = thread::Builder::new().name("apptoken-emulator".into()).spawn({
            let server = Arc::clone(&server);
            let tls = certificate.as_ref().map(Certificate::server);
            let setup = ServeOptions { tls, state_file, save_failure_handler: self.save_failure_handler, stopped };
            move || run(self.listen, &ready, &server, setup)
        })?;
        let address = listening.recv().map_err(io::Error::other)??;
        let url = url(address, self.tls);
        let endpoint = Endpoint::parse_allowing_unencrypted_http(&url).map_err(io::Error::other)?;
        Ok(Emulator { address, endpoint, certificate, server, stop: Some(stop), thread: Some(thread) })
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

/// Connections that wait to be accepted: a client above that would wait a second before it tries again.
const BACKLOG: u32 = 4_096;

/// The life of an emulator's thread: it says once where it listens, or why it cannot.
fn run(
    listen: SocketAddr,
    ready: &mpsc::SyncSender<io::Result<SocketAddr>>,
    server: &Arc<Server>,
    setup: ServeOptions,
) -> io::Result<()> {
    let started = tokio::runtime::Builder::new_current_thread().enable_all().build().and_then(|runtime| {
        let listener = {
            let _context = runtime.enter();
            listen_on(listen)?
        };
        let address = listener.local_addr()?;
        Ok((runtime, listener, address))
    });
    // Whoever started this thread waits for the message.
    match started {
        Ok((runtime, listener, address)) => {
            let _ = ready.send(Ok(address));
            let served = runtime.block_on(server.serve(listener, setup));
            // A worker with a large request ends on its own; nobody waits for its answer any more.
            runtime.shutdown_background();
            served
        }
        Err(why) => {
            let _ = ready.send(Err(io::Error::new(why.kind(), format!("cannot listen on {listen}: {why}"))));
            Ok(())
        }
    }
}

fn listen_on(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // An emulator that is started again at once finds its port free.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The URL for clients on this machine.
fn url(mut address: SocketAddr, tls: bool) -> String {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    format!("{}://{address}", if tls { "https" } else { "http" })
}
