//! The agent of each process, and stopping it.
//!
//! A fork gives the child a copy of every open socket. If both processes used a connection, each could read replies for
//! the other, and plain HTTP would not detect it: in a test, 12 of 30 logins returned the session of another process.
//! So an agent belongs to the process that created it, and a child creates its own.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use ureq::Agent;
use ureq::config::Config;

use crate::connect::{self, StopError, StopSignal};

/// The agent of the current process.
///
/// It has no lock, because a lock that another thread holds during a fork would stay locked in the child.
pub(crate) struct Agents {
    current: ArcSwap<ProcessAgent>,
    /// Whether a new agent can be created from its settings. An agent of the caller may have a connector that only the
    /// caller can create.
    is_ours: bool,
    stopped: AtomicBool,
}

/// An agent and the process that it belongs to.
pub(crate) struct ProcessAgent {
    /// Two cases are not recognized: a child in a new PID namespace with the same number as its parent, and a
    /// descendant that gets the number of an ancestor that has exited.
    process: u32,
    pub(crate) agent: Agent,
    signal: Arc<StopSignal>,
}

impl Agents {
    pub(crate) fn ours(config: Config) -> Self {
        Self::new(ProcessAgent::ours(config), true)
    }

    pub(crate) fn callers(agent: Agent) -> Self {
        Self::new(ProcessAgent { process: process::id(), agent, signal: Arc::default() }, false)
    }

    fn new(agent: ProcessAgent, is_ours: bool) -> Self {
        Self { current: ArcSwap::from_pointee(agent), is_ours, stopped: AtomicBool::new(false) }
    }

    /// The agent to send with, unless the transport was stopped.
    pub(crate) fn current(&self) -> Result<Arc<ProcessAgent>, StopError> {
        if self.is_ours && self.current.load().is_inherited() {
            // This drops the agent of the parent, and with it the copies of its sockets in the child. They are closed
            // but not shut down, and neither ureq nor rustls writes anything, so the connections of the parent are not
            // affected. A thread that was in a request during the fork still counts as an owner of the agent. The agent
            // is then never dropped in the child, which is right because its pool could be inconsistent.
            self.current.rcu(|inherited| {
                if inherited.is_inherited() {
                    Arc::new(ProcessAgent::ours(inherited.agent.config().clone()))
                } else {
                    // Another thread has already replaced it.
                    Arc::clone(inherited)
                }
            });
        }
        let current = self.current.load_full();
        // Check after the replacement above: either this sees the stop, or `stop` sees the new agent.
        if self.is_stopped() { Err(StopError) } else { Ok(current) }
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        let current = self.current.load_full();
        // A child must not shut down the connections of its parent.
        if !current.is_inherited() {
            current.signal.set();
            current.agent.clone().shutdown();
        }
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }
}

impl ProcessAgent {
    fn ours(config: Config) -> Self {
        let signal = Arc::default();
        Self { process: process::id(), agent: connect::agent(config, &signal), signal }
    }

    /// Whether the process is a child of the one that the agent belongs to.
    pub(crate) fn is_inherited(&self) -> bool {
        self.process != process::id()
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};
    use std::sync::mpsc::{self, Receiver};
    use std::thread;
    use std::time::Duration;

    use apptoken_core::api::session::StartWidgetSession;
    use apptoken_core::{Call, Endpoint, Moment, PartnerId, Transport as _, TransportFailure, UnixSeconds};
    use ureq::http::Uri;
    use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
    use ureq::unversioned::transport::NextTimeout;

    use super::*;
    use crate::UreqTransport;

    /// So long that only a stop can end a call within a test.
    const FOREVER: Duration = Duration::from_secs(600);

    fn transport(names: impl Resolver) -> UreqTransport {
        let config = Agent::config_builder().timeout_global(Some(FOREVER)).proxy(None).build();
        let signal = Arc::default();
        let agent = connect::agent_with(config, &signal, names);
        UreqTransport::over(Agents::new(ProcessAgent { process: process::id(), agent, signal }, true))
    }

    fn start(transport: &UreqTransport) -> Receiver<TransportFailure> {
        let now = Moment { wall: UnixSeconds(0), elapsed: Duration::ZERO };
        let endpoint = Endpoint::parse("https://kaltura.example.org").unwrap();
        let exchange = Call::new(endpoint, StartWidgetSession::of(PartnerId::new(101).unwrap())).start(now).unwrap();
        let transport = transport.clone();
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || sender.send(transport.send(exchange.request()).unwrap_err()));
        receiver
    }

    fn assert_stopped(call: &Receiver<TransportFailure>) {
        let failure = call.recv_timeout(Duration::from_secs(10)).expect("the call still runs");
        assert!(failure.is_not_sent() && failure.is_permanent());
        assert_eq!(std::error::Error::source(&failure).unwrap().to_string(), "the transport was stopped");
    }

    /// A name resolution that never ends.
    #[derive(Debug)]
    struct Hanging(mpsc::Sender<()>);

    impl Resolver for Hanging {
        fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
            self.0.send(()).unwrap();
            loop {
                thread::park();
            }
        }
    }

    #[test]
    fn a_stop_ends_every_name_resolution() {
        let (sender, asked) = mpsc::channel();
        let transport = transport(Hanging(sender));
        let calls = [start(&transport), start(&transport)];
        for _ in &calls {
            asked.recv().unwrap();
        }
        transport.stop();
        calls.iter().for_each(assert_stopped);
    }

    #[derive(Debug)]
    struct Fixed(SocketAddr);

    impl Resolver for Fixed {
        fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
            let mut addresses = self.empty();
            addresses.push(self.0);
            Ok(addresses)
        }
    }

    /// Other systems refuse connections to a full queue, and have no such file.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_stop_ends_a_connect() {
        use socket2::{Domain, Socket, Type};

        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap().as_socket().unwrap();
        // This connection fills the queue, so the system ignores further ones.
        let _first = std::net::TcpStream::connect(address).unwrap();

        let transport = transport(Fixed(address));
        let call = start(&transport);
        while !is_connecting_to(address) {
            thread::yield_now();
        }
        transport.stop();
        assert_stopped(&call);
    }

    /// Whether a socket is connecting to this address.
    #[cfg(target_os = "linux")]
    fn is_connecting_to(address: SocketAddr) -> bool {
        let sockets = std::fs::read_to_string("/proc/net/tcp").unwrap();
        let (peer, syn_sent) = (format!("0100007F:{:04X}", address.port()), "02");
        sockets.lines().any(|line| line.split_whitespace().skip(2).take(2).eq([peer.as_str(), syn_sent]))
    }
}
