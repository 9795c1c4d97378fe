//! A running emulator, and the options to start it.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use apptoken_core::Endpoint;
use apptoken_transport_fake::Fake;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::certificate::Certificate;
use crate::control::ControlAccess;
use crate::http::{SaveFailureHandler, ServeOptions, Server};
use crate::state_file::StateFile;
use crate::{Counts, Limits};

/// An HTTP server for a fake, which runs until this value is dropped.
///
/// It uses up to four threads for connections, as many as there are processors, and two for large requests. When it is
/// dropped, it closes idle connections and waits for running requests up to [`Limits::stop_time`]. Any number of emulators
/// can run at the same time.
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
    /// Serves a fake over plain HTTP on a free loopback port.
    ///
    /// # Errors
    ///
    /// If the system has no free port, thread or socket.
    pub fn start(fake: Fake) -> io::Result<Self> {
        Options::new().start(fake)
    }

    /// Serves a fake over HTTPS on a free loopback port, with a new test certificate.
    ///
    /// # Errors
    ///
    /// If the system has no free port, thread or socket.
    pub fn start_tls(fake: Fake) -> io::Result<Self> {
        Options::new().tls().start(fake)
    }

    /// The fake that handles the requests.
    #[must_use]
    pub fn fake(&self) -> &Fake {
        self.server.fake()
    }

    /// The endpoint for a client of `apptoken`.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The address that it listens on, which can be unspecified, such as `0.0.0.0`.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The service URL for clients in any language: `http://127.0.0.1:PORT`, or `https` with TLS.
    #[must_use]
    pub fn url(&self) -> String {
        url(self.address, self.certificate.is_some())
    }

    /// The URL of the console, a page for people; `None` if it is not served.
    #[must_use]
    pub fn console_url(&self) -> Option<String> {
        self.server.has_console().then(|| format!("{}/", self.url()))
    }

    /// The certificate (PEM) that a client must trust; `None` for plain HTTP.
    #[must_use]
    pub fn certificate_pem(&self) -> Option<&str> {
        self.certificate.as_ref().map(Certificate::authority_pem)
    }

    /// The counts so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.server.counts()
    }

    /// Stops the emulator, as dropping does, and reports whether the state was saved.
    ///
    /// # Errors
    ///
    /// If the state could not be written to the file of [`Options::state_file`].
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
        // `stop` reports the error.
        let _ = self.end();
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator").field("url", &self.url()).field("counts", &self.counts()).finish_non_exhaustive()
    }
}

/// The options of an emulator.
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
    certificate_names: Vec<String>,
    control: ControlAccess,
    has_console: bool,
}

impl Options {
    /// Plain HTTP on a free loopback port, with the default limits.
    #[must_use]
    pub fn new() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            allows_other_machines: false,
            tls: false,
            limits: Limits::default(),
            state_file: None,
            save_failure_handler: None,
            certificate_names: Vec::new(),
            control: ControlAccess::default(),
            has_console: false,
        }
    }

    /// Sets the address to listen on. Port 0 selects a free port.
    #[must_use]
    pub fn listen(self, address: SocketAddr) -> Self {
        Self { listen: address, ..self }
    }

    /// Allows an address that other machines can reach. They can then try to start sessions.
    ///
    /// On such an address, a fake without a seed gets random secrets, as with [`Fake::use_system_randomness`]. Read
    /// them from [`Emulator::fake`] after the start. A fake with a seed keeps its secrets, and so do accounts and
    /// tokens from a state file.
    #[must_use]
    pub fn allow_other_machines(self) -> Self {
        Self { allows_other_machines: true, ..self }
    }

    /// Serves HTTPS with a new certificate; see [`Emulator::certificate_pem`].
    #[must_use]
    pub fn tls(self) -> Self {
        Self { tls: true, ..self }
    }

    /// Adds a host name or an address to the certificate, which is for `localhost`, `127.0.0.1` and `[::1]`. It has no
    /// effect without [`tls`](Self::tls).
    #[must_use]
    pub fn certificate_name(mut self, name: impl Into<String>) -> Self {
        self.certificate_names.push(name.into());
        self
    }

    /// Replaces the default limits.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Keeps the state of the fake in a file, so that accounts, tokens, users and revoked sessions survive a restart.
    /// The file is created if it does not exist.
    ///
    /// A change is written within a quarter of a second, and the last one when the emulator stops. The file always
    /// contains a complete state, with the secrets of all accounts and tokens; only its owner can read it. Only one
    /// emulator at a time can use the file: it locks a second file with the suffix `.lock`. Symbolic links are
    /// followed. Anything else than a regular file is an error.
    #[must_use]
    pub fn state_file(self, path: impl Into<PathBuf>) -> Self {
        Self { state_file: Some(path.into()), ..self }
    }

    /// Sets a function that is called if the state cannot be saved, for example because the disk is full. It is called
    /// once until saving succeeds again. The emulator continues to serve, and retries every second.
    #[must_use]
    pub fn on_save_failure(self, report: impl Fn(&io::Error) + Send + Sync + 'static) -> Self {
        Self { save_failure_handler: Some(SaveFailureHandler(Arc::new(report))), ..self }
    }

    /// Adds a host name that the control interface accepts. By default it accepts only requests to `localhost` or a
    /// loopback address.
    #[must_use]
    pub fn control_host(mut self, name: impl Into<String>) -> Self {
        self.control.hosts.push(name.into());
        self
    }

    /// Sets a token with which the control interface can be used from any machine and under any host name, as in
    /// `Authorization: Bearer <token>`. Without a token it accepts only programs on this machine.
    ///
    /// Whoever has it can read every secret of the emulator.
    #[must_use]
    pub fn control_token(mut self, token: impl Into<String>) -> Self {
        self.control.token = Some(token.into());
        self
    }

    /// Serves the console, a page for people at `/`, also if [`allow_other_machines`](Self::allow_other_machines) is set.
    /// Without that, it is always served.
    ///
    /// From another machine it can be used only with the token of [`control_token`](Self::control_token), which it asks for,
    /// and under a host name of [`control_host`](Self::control_host).
    #[must_use]
    pub fn console(self) -> Self {
        Self { has_console: true, ..self }
    }

    /// Starts an emulator for a fake.
    ///
    /// # Errors
    ///
    /// If the address cannot be used, if other machines can reach it and
    /// [`allow_other_machines`](Self::allow_other_machines) is not set, if the control token or a name of the certificate
    /// is invalid, if the state file cannot be used, or if the system has no free thread.
    pub fn start(self, fake: Fake) -> io::Result<Emulator> {
        if !self.allows_other_machines && !self.listen.ip().is_loopback() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "other machines can reach {}: allow it with --let-other-machines-in \
                     (Options::allow_other_machines), or listen on 127.0.0.1",
                    self.listen.ip()
                ),
            ));
        }
        self.control.check()?;
        if !self.listen.ip().is_loopback() && !fake.is_seeded() {
            fake.use_system_randomness();
        }
        let certificate = self.tls.then(|| Certificate::make(&self.certificate_names)).transpose()?;
        let state_file = self.state_file.map(|path| StateFile::open(&path, &fake)).transpose()?;
        let has_console = self.has_console || !self.allows_other_machines;
        let server = Arc::new(Server::new(fake, self.limits, self.control, has_console));
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

/// The maximum number of connections that wait to be accepted. The TCP stack of a further client would retry after a
/// second.
const BACKLOG: u32 = 4_096;

/// Runs the thread of an emulator. Sends the address it listens on, or the error, to `ready`.
fn run(
    listen: SocketAddr,
    ready: &mpsc::SyncSender<io::Result<SocketAddr>>,
    server: &Arc<Server>,
    setup: ServeOptions,
) -> io::Result<()> {
    let started = runtime().and_then(|runtime| {
        let listener = {
            let _context = runtime.enter();
            listen_on(listen)?
        };
        let address = listener.local_addr()?;
        Ok((runtime, listener, address))
    });
    // The thread that started this one waits for the message, so it cannot be gone.
    match started {
        Ok((runtime, listener, address)) => {
            let _ = ready.send(Ok(address));
            let served = runtime.block_on(server.serve(listener, setup));
            // Do not wait for a worker with a large request: its connection is closed.
            runtime.shutdown_background();
            served
        }
        Err(why) => {
            let _ = ready.send(Err(io::Error::new(why.kind(), format!("cannot listen on {listen}: {why}"))));
            Ok(())
        }
    }
}

/// Requests of several clients are handled at the same time, except for the part that needs the fake's state. More threads
/// would mostly wait for that.
fn runtime() -> io::Result<Runtime> {
    const MAX_THREADS: usize = 4;
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MAX_THREADS);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name("apptoken-emulator")
        .enable_all()
        .build()
}

fn listen_on(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Allows an immediate restart on the same port.
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
