//! Carries the requests of [`apptoken_core`] with [ureq](https://docs.rs/ureq/3): blocking, rustls, keep-alive.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use apptoken_transport_ureq::UreqTransport;
//!
//! let transport = UreqTransport::builder().total_timeout(Duration::from_secs(10)).build()?;
//! # Ok::<(), apptoken_core::Error>(())
//! ```
//!
//! # Settings
//!
//! | What | Here | Set with |
//! |---|---|---|
//! | time to find the host, and again to connect to it with TLS | 10 s | [`connect_timeout`](UreqTransportBuilder::connect_timeout) |
//! | time for everything, to the reply's last byte | 30 s | [`total_timeout`](UreqTransportBuilder::total_timeout) |
//! | size of a reply, decompressed | 8 MiB | [`largest_reply`](UreqTransportBuilder::largest_reply) |
//! | proxy | none | [`proxy`](UreqTransportBuilder::proxy) |
//! | trusted certificates | the platform's, on Linux those of `SSL_CERT_FILE` or `SSL_CERT_DIR` if set | [`root_certificates`](UreqTransportBuilder::root_certificates) |
//! | redirects | returned, never followed | |
//! | compression | gzip | |
//! | connections | kept for 15 s of idleness, 3 to a host | [`from_agent`](UreqTransport::from_agent) |
//! | user agent | `apptoken-transport-ureq/` and the version | [`from_agent`](UreqTransport::from_agent) |
//!
//! TLS is rustls with the process's default cryptography if the program installed one, else with ring.
//!
//! # Deadlines
//!
//! Every phase of a request ends by the total timeout, however slowly the other side sends or reads: name resolution, all
//! addresses of a host together, the tunnel of a proxy, both TLS handshakes, the request, interim replies, head and body.
//! Connecting ends by the connect timeout too. A name resolution that ran out of time goes on in a thread of its own, whose
//! result is dropped.
//!
//! # What may have happened when no reply came
//!
//! A failure is [`not_sent`](apptoken_core::TransportFailure::not_sent) where no byte of the request can have left: the host
//! was not found or could not be connected to, the TLS handshake was not completed, a proxy opened no tunnel, or a timeout
//! struck by then, the total one included. Everything else is [`unknown`](apptoken_core::TransportFailure::unknown).
//!
//! Causes that stay until somebody changes something are [permanent](apptoken_core::TransportFailure::is_permanent), so no
//! flow tries again: a certificate that is refused, no root certificates, an answer that is not TLS, a server that refuses
//! the handshake, a proxy that refuses the tunnel with anything but a fault of its own (5xx) or lack of time (408, 425,
//! 429). Each failure to connect carries its cause as `source` and
//! [advice](apptoken_core::TransportFailure::advice), none of which holds the password of a proxy. If a variable such as
//! `HTTPS_PROXY` is set while the transport has no proxy, the advice names the variable.
//!
//! No request is ever sent twice. A connection is probed before it is used again, and one that the server has closed by
//! then is replaced. One that the server closes just as the request goes out is an unknown failure: neither ureq nor this
//! crate sends the request again.
//!
//! # After a fork
//!
//! A child of a fork has copies of the connections of its parent. The transport never sends over them: with its first
//! request the child closes its copies, which the parent does not notice, and begins with connections of its own and with
//! root certificates that are read anew. A request that another thread of the parent had begun is lost in the child, and
//! the copies of those connections stay open until the child ends. [An agent of the caller's](UreqTransport::from_agent) is
//! protected in another way. Only a child with the process id of its parent, in a PID namespace of its own, is not
//! recognised.
//!
//! # Stopping
//!
//! [`UreqTransport::stop`] ends all calls in flight at once, in whichever phase they are, and those that come later before
//! they begin. A service that is asked to end need not wait for a server that hangs.
//!
//! # What is accepted
//!
//! Any status, any form of head and body that RFC 9110 and 9112 allow, and `gzip` by any of its names. ureq 3.5 refuses
//! three rare forms, which are unknown failures: `100 Continue` with headers, header values folded over several lines, and
//! a chunk whose size and extensions take more than 20 bytes.
//!
//! A reply shorter than its length or without its last chunk is a failure. A reply of unknown length, ended by closing the
//! connection, cannot be told from one cut short; there it is the JSON inside that must be whole.
//!
//! # What is logged
//!
//! This crate logs nothing. ureq logs with the [`log`](https://docs.rs/log) crate, and from DEBUG up nothing that is
//! secret: method, host, harmless headers, addresses. At TRACE **it prints whole replies**, session strings with them, and
//! the heads of requests, under the target `ureq_proto`. A program that logs at TRACE should leave that target out, with
//! `RUST_LOG=trace,ureq_proto=debug` for one, or have TRACE compiled out, with the feature `max_level_debug` of `log`.

mod agents;
mod builder;
mod connect;
mod failure;
mod reply;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use apptoken_core::{HttpRequest, HttpResponse, Transport, TransportFailure};
use ureq::config::{AutoHeaderValue, Config};
use ureq::http::header::USER_AGENT;
use ureq::http::{self, Request, Uri};

use agents::{Agents, ProcessAgent};
pub use builder::UreqTransportBuilder;
use connect::StopError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a request takes at most by default, from its start to the last byte of its reply; see
/// [`UreqTransportBuilder::total_timeout`].
pub const TOTAL_TIMEOUT: Duration = Duration::from_secs(30);

const LARGEST_REPLY: usize = 8 << 20;
const OUR_NAME: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// A [`Transport`] over ureq.
///
/// Cheap to clone; clones share their connections and are [stopped](Self::stop) together. May be used by many threads at
/// once, and by the children of a [fork](crate#after-a-fork).
#[derive(Clone)]
pub struct UreqTransport {
    agents: Arc<Agents>,
    /// For an agent that has no limit of its own.
    total_timeout: Duration,
    largest_reply: usize,
}

impl UreqTransport {
    /// A transport with the [default settings](crate#settings).
    #[must_use]
    pub fn new() -> Self {
        UreqTransportBuilder::new().with_parts(None, None)
    }

    /// Starts to build a transport with other settings.
    pub fn builder() -> UreqTransportBuilder {
        UreqTransportBuilder::new()
    }

    /// A transport over an agent of the caller's, with its connections, TLS, proxy and resolver.
    ///
    /// What a transport owes to its callers does not depend on the agent: any status is a reply, redirects are not
    /// followed, a reply is at most 8 MiB large, a time without limit becomes 30 s, and this machine is not asked for
    /// through a proxy. Only middleware cannot be overruled: it sees requests and replies with their secrets.
    ///
    /// Two things depend on the agent's connector. Its deadlines can be exceeded: ureq's own connector spends its whole
    /// timeout on each read of a proxy's answer to `CONNECT`, so that a proxy that drips holds a call for long. And it is
    /// only certain that a request was not sent where ureq says so by the kind of its error: connection refused, host not
    /// found, no usable address, a timeout of resolving or connecting, a certificate that is refused, a tunnel that a proxy
    /// refuses. A total timeout and any other failed handshake are unknown.
    ///
    /// An agent made with `http_status_as_error(false)`, `max_redirects(0)` and a `timeout_global` needs no overruling.
    /// Any other is overruled request by request, for which ureq reads the root certificates anew with each connection.
    ///
    /// In the child of a fork, an agent that was given to this function before does not use its pool: each request has a
    /// connection of its own, for the agent's connector may be one that only the caller can make again. Two things are left
    /// to the caller. The child's copies of the connections stay open. And if another thread of the parent used the agent
    /// during the fork, one of its locks may stay locked in the child, whose requests then hang. A child that makes an agent
    /// of its own has neither; so has one that uses the builder's transport.
    ///
    /// ureq takes a proxy from the environment unless the agent was made with `proxy(None)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use apptoken_transport_ureq::UreqTransport;
    /// use ureq::Agent;
    /// use ureq::config::IpFamily;
    ///
    /// let config = Agent::config_builder()
    ///     .ip_family(IpFamily::Ipv4Only)
    ///     .http_status_as_error(false)
    ///     .max_redirects(0)
    ///     .timeout_global(Some(Duration::from_secs(20)))
    ///     .proxy(None)
    ///     .build();
    /// let transport = UreqTransport::from_agent(config.into());
    /// # let _ = transport;
    /// ```
    #[must_use]
    pub fn from_agent(agent: ureq::Agent) -> Self {
        Self::over(Agents::callers(agent))
    }

    fn over(agents: Agents) -> Self {
        Self { agents: Arc::new(agents), total_timeout: TOTAL_TIMEOUT, largest_reply: LARGEST_REPLY }
    }

    /// Ends all calls in flight at once, and lets no other begin; for good, and for all clones.
    ///
    /// A call ends in whichever phase it is, in name resolution too. Its failure has the cause "the transport was stopped"
    /// and is [permanent](TransportFailure::is_permanent), so no flow tries again. It is
    /// [`not_sent`](TransportFailure::not_sent) if the call did not get as far as the request, otherwise
    /// [`unknown`](TransportFailure::unknown), even where the reply was just about to be whole. Later calls fail at once, and
    /// nothing of them is sent.
    ///
    /// Two waits are not the transport's. Before it tries again a flow waits by the [clock](apptoken_core::Clock) that it was
    /// given: that clock has to end its [`sleep`](apptoken_core::Clock::sleep). And an
    /// [agent of the caller's](Self::from_agent) is shut down for all who share it; a call over it ends at once from its TCP
    /// connection on, before by its timeouts.
    ///
    /// A stop in the child of a fork stops the child only; there the calls in flight over an agent of the caller's go on to
    /// their timeouts. A stop before the fork holds for the child too.
    ///
    /// This takes locks and allocates: call it from a thread, not within a signal handler.
    ///
    /// # Examples
    ///
    /// A clone ends the calls of a service when it is asked to end:
    ///
    /// ```
    /// use std::thread;
    ///
    /// use apptoken_transport_ureq::UreqTransport;
    ///
    /// # fn wait_for_sigterm() {}
    /// let transport = UreqTransport::new();
    /// let stopper = transport.clone();
    /// let signals = thread::spawn(move || {
    ///     wait_for_sigterm();
    ///     stopper.stop();
    /// });
    /// # let _ = transport;
    /// # signals.join().unwrap();
    /// ```
    pub fn stop(&self) {
        self.agents.stop();
    }

    fn send_with(&self, agent: &ProcessAgent, request: &HttpRequest) -> Result<HttpResponse, TransportFailure> {
        let request = self.prepare(agent, request).map_err(|error| TransportFailure::not_sent(error).permanent())?;
        reply::read(agent.agent.run(request).map_err(failure::classify)?, self.largest_reply)
    }

    fn prepare<'r>(&self, agent: &ProcessAgent, request: &'r HttpRequest) -> Result<Request<&'r [u8]>, http::Error> {
        let mut builder = Request::builder().method(request.method()).uri(request.url());
        for &(name, value) in request.headers() {
            builder = builder.header(name, value);
        }
        if let AutoHeaderValue::Default = agent.agent.config().user_agent() {
            builder = builder.header(USER_AGENT, OUR_NAME);
        }
        Ok(self.override_settings(agent, builder.body(request.body())?))
    }

    /// Sets for this request what a transport needs and the agent lacks.
    fn override_settings<'r>(&self, agent: &ProcessAgent, request: Request<&'r [u8]>) -> Request<&'r [u8]> {
        let config = agent.agent.config();
        let around_proxy = config.proxy().is_some() && is_this_machine(request.uri());
        let alone = agent.is_inherited();
        if needs_no_override(config) && !around_proxy && !alone {
            return request;
        }
        let proxy = config.proxy().filter(|_| !around_proxy).cloned();
        agent
            .agent
            .configure_request(request)
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(if is_bounded(config) { config.timeouts().global } else { Some(self.total_timeout) })
            .proxy(proxy)
            // Where this differs from the agent's, ureq neither takes a connection from its pool nor puts one there.
            .input_buffer_size(config.input_buffer_size() + usize::from(alone))
            .build()
    }
}

impl Transport for UreqTransport {
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, TransportFailure> {
        let agent = self.agents.current().map_err(StopError::before_sending)?;
        let result = self.send_with(&agent, request);
        // A reply that ends with its connection looks whole where the transport was stopped within it.
        if self.agents.is_stopped() { Err(StopError.during(result.err().as_ref())) } else { result }
    }
}

impl Default for UreqTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for UreqTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An agent may hold the password of a proxy and the key of a client certificate.
        let Self { agents: _, total_timeout: _, largest_reply } = self;
        f.debug_struct("UreqTransport").field("largest_reply", largest_reply).finish_non_exhaustive()
    }
}

/// Whether the agent does by itself what [`Transport`] demands.
fn needs_no_override(config: &Config) -> bool {
    !config.http_status_as_error() && config.max_redirects() == 0 && is_bounded(config)
}

fn is_bounded(config: &Config) -> bool {
    let timeouts = config.timeouts();
    timeouts.global.or(timeouts.per_call).is_some()
}

/// Such a URL may be unencrypted because nothing leaves the machine, so nothing must.
fn is_this_machine(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use apptoken_core::api::session::StartWidgetSession;
    use apptoken_core::{Call, Endpoint, Moment, PartnerId, UnixSeconds};
    use ureq::config::Timeouts;

    use super::*;

    #[test]
    fn this_machine_is_known_by_all_its_names() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9:80", "[::1]", "[::1]:80"] {
            assert!(is_this_machine(&format!("http://{host}/").parse().unwrap()), "{host}");
        }
        for host in ["localhost.example.org", "10.0.0.1", "[::2]", "127.0.0.1.example.org", "www.kaltura.com"] {
            assert!(!is_this_machine(&format!("http://{host}/").parse().unwrap()), "{host}");
        }
    }

    #[test]
    fn our_own_agent_needs_no_override() {
        let transport = UreqTransport::builder().connect_timeout(Duration::from_secs(3)).build().unwrap();
        let agent = transport.agents.current().unwrap();
        let config = agent.agent.config();
        assert!(needs_no_override(config));
        let Timeouts { global, resolve, connect, .. } = config.timeouts();
        assert_eq!(
            (global, resolve, connect),
            (Some(TOTAL_TIMEOUT), Some(Duration::from_secs(3)), Some(Duration::from_secs(3)))
        );
    }

    #[test]
    fn an_agent_without_time_limit_gets_one() {
        // Connections wait in its queue, where nobody answers them.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = Endpoint::parse(&format!("http://{}", silent.local_addr().unwrap())).unwrap();
        let now = Moment { wall: UnixSeconds(0), elapsed: Duration::ZERO };
        let exchange = Call::new(endpoint, StartWidgetSession::of(PartnerId::new(101).unwrap())).start(now).unwrap();

        let agent = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
        let transport = UreqTransport { total_timeout: Duration::from_millis(50), ..UreqTransport::from_agent(agent) };
        let failure = transport.send(exchange.request()).unwrap_err();
        assert_eq!(std::error::Error::source(&failure).unwrap().to_string(), "timeout: global");
    }
}
