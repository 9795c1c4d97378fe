//! Which agent a process uses, and until when.
//!
//! A fork gives the child a copy of every open socket. Were both to send over one connection, each could read the reply
//! meant for the other, and over plain http nothing would show it: 12 of 30 logins returned the session of another process.
//! So an agent belongs to the process that made it, and the child makes one of its own.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use ureq::Agent;
use ureq::config::Config;

use crate::connect::{self, StopError, StopSignal};

/// The agent of the present process.
///
/// No lock guards it: one that another thread holds during a fork would stay locked in the child.
pub(crate) struct Agents {
    current: ArcSwap<ProcessAgent>,
    /// Whether another can be made of its settings: an agent of the caller's may have a connector that only they know.
    is_ours: bool,
    stopped: AtomicBool,
}

/// An agent and the process that it belongs to.
pub(crate) struct ProcessAgent {
    /// Not recognised are a child with the number of its parent, in a PID namespace of its own, and a descendant to which the
    /// system gives the number of an ancestor that has ended.
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
            // This drops the parent's agent, and with it the child's copies of its sockets. They are closed and not shut
            // down, and neither ureq nor rustls writes anything then, so the connections stay as they are for the parent.
            // A thread that was in a request during the fork still counts as an owner of the agent, which is then never
            // dropped in the child: its pool could be half changed.
            self.current.rcu(|inherited| {
                if inherited.is_inherited() {
                    Arc::new(ProcessAgent::ours(inherited.agent.config().clone()))
                } else {
                    // Another thread was first.
                    Arc::clone(inherited)
                }
            });
        }
        let current = self.current.load_full();
        // After the change above: either this sees that the transport was stopped, or `stop` sees the new agent.
        if self.is_stopped() { Err(StopError) } else { Ok(current) }
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        let current = self.current.load_full();
        // The parent's connections are not the child's to shut down.
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

    /// Only a stop can have ended a call within it.
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
        let failure = call.recv_timeout(Duration::from_secs(10)).expect("the call goes on");
        assert!(failure.is_not_sent() && failure.is_permanent());
        assert_eq!(std::error::Error::source(&failure).unwrap().to_string(), "the transport was stopped");
    }

    /// Finds nothing, ever.
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

    /// Elsewhere a full queue refuses connections, and the system has no such file.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_stop_ends_a_connect() {
        use socket2::{Domain, Socket, Type};

        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap().as_socket().unwrap();
        // The only place in its queue; to others it does not answer.
        let _first = std::net::TcpStream::connect(address).unwrap();

        let transport = transport(Fixed(address));
        let call = start(&transport);
        while !is_connecting_to(address) {
            thread::yield_now();
        }
        transport.stop();
        assert_stopped(&call);
    }

    /// Whether a socket has asked for this connection and has no answer.
    #[cfg(target_os = "linux")]
    fn is_connecting_to(address: SocketAddr) -> bool {
        let sockets = std::fs::read_to_string("/proc/net/tcp").unwrap();
        let (peer, syn_sent) = (format!("0100007F:{:04X}", address.port()), "02");
        sockets.lines().any(|line| line.split_whitespace().skip(2).take(2).eq([peer.as_str(), syn_sent]))
    }
}
