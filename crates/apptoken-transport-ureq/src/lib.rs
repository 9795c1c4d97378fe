//! Sends the requests of [`apptoken_core`] with [ureq](https://docs.rs/ureq/3): blocking, rustls, keep-alive.
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
//! | setting | default | set with |
//! |---|---|---|
//! | timeout of name resolution, and again of connecting with TLS | 10 s | [`connect_timeout`](UreqTransportBuilder::connect_timeout) |
//! | timeout of the whole request, to the last byte of the reply | 30 s | [`total_timeout`](UreqTransportBuilder::total_timeout) |
//! | size of a reply, decompressed | 8 MiB | [`largest_reply`](UreqTransportBuilder::largest_reply) |
//! | proxy | none | [`proxy`](UreqTransportBuilder::proxy) |
//! | trusted certificates | the platform's, on Linux those of `SSL_CERT_FILE` or `SSL_CERT_DIR` if set | [`root_certificates`](UreqTransportBuilder::root_certificates) |
//! | redirects | returned, never followed | |
//! | compression | gzip | |
//! | connections | idle for up to 15 s, 3 for each host | [`from_agent`](UreqTransport::from_agent) |
//! | user agent | `apptoken-transport-ureq/` and the version | [`from_agent`](UreqTransport::from_agent) |
//!
//! TLS is rustls with the process's default cryptography if the program installed one, else with ring.
//!
//! # Deadlines
//!
//! The total timeout limits all phases of a request together, even if the peer sends or reads very slowly: name resolution,
//! all addresses of a host, the tunnel of a proxy, both TLS handshakes, the request, interim replies, head and body. The
//! connect timeout also limits connecting. A name resolution that exceeds its timeout continues on its own thread, and its
//! result is dropped.
//!
//! # Failures
//!
//! A failure is [`not_sent`](apptoken_core::TransportFailure::not_sent) if no byte of the request can have been sent: the
//! host was not found, there was no connection to it, the TLS handshake was not completed, a proxy opened no tunnel, or a
//! timeout (the total one too) passed before that. All other failures are [`unknown`](apptoken_core::TransportFailure::unknown).
//!
//! Failures that a retry would meet again are [permanent](apptoken_core::TransportFailure::is_permanent), and no flow
//! retries them: a refused certificate, no root certificates, an answer that is not TLS, a server that refuses the
//! handshake, a proxy that refuses the tunnel, unless with a status for its own faults (5xx) or for a temporary problem
//! (408, 425, 429). Each failure to connect has its cause as `source` and
//! [advice](apptoken_core::TransportFailure::advice), without the password of a proxy. If a variable such as `HTTPS_PROXY`
//! is set but the transport has no proxy, the advice names the variable.
//!
//! No request is ever sent twice. An idle connection is checked before it is used again, and replaced if the server has
//! closed it. If the server closes it while the request is sent, that is an unknown failure: neither ureq nor this crate
//! sends the request again.
//!
//! # After a fork
//!
//! The child of a fork has copies of its parent's connections. The transport never sends over them: with its first request
//! the child closes its copies, which does not affect the parent, opens its own connections, and reads the root
//! certificates again. A request that another thread of the parent had started does not continue in the child, and the
//! copy of its connection stays open until the child ends. [The caller's agent](UreqTransport::from_agent) is protected in
//! another way. A child that has the process id of its parent, in its own PID namespace, is not recognised.
//!
//! # Stopping
//!
//! [`UreqTransport::stop`] ends all running calls at once, in any phase, and refuses later ones. So a service that has to
//! stop need not wait for a server that hangs.
//!
//! # Accepted replies
//!
//! Any status, any form of head and body that RFC 9110 and 9112 allow, and any name of `gzip` are accepted. ureq 3.5 refuses
//! three rare forms, which are unknown failures: `100 Continue` with headers, header values folded over several lines, and
//! a chunk whose size and extensions take more than 20 bytes.
//!
//! A reply that is shorter than its length or lacks its last chunk is a failure. A reply of unknown length, which ends with
//! the connection, cannot be distinguished from a truncated one; there the check is whether its JSON is complete.
//!
//! # Logging
//!
//! This crate logs nothing. ureq logs with the [`log`](https://docs.rs/log) crate. At DEBUG and above it logs no secret:
//! only method, host, harmless headers and addresses. At TRACE **it logs whole replies**, with their session strings, and
//! the heads of requests, under the target `ureq_proto`. A program that logs at TRACE should exclude that target, for
//! instance with `RUST_LOG=trace,ureq_proto=debug`, or compile TRACE out with the feature `max_level_debug` of `log`.

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
/// The default timeout of a request, from its start to the last byte of its reply; see
/// [`UreqTransportBuilder::total_timeout`].
pub const TOTAL_TIMEOUT: Duration = Duration::from_secs(30);

const LARGEST_REPLY: usize = 8 << 20;
const OUR_NAME: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// A [`Transport`] over ureq.
///
/// It is cheap to clone; clones share their connections and are [stopped](Self::stop) together. Many threads can use it at
/// the same time, and so can the children of a [fork](crate#after-a-fork).
#[derive(Clone)]
pub struct UreqTransport {
    agents: Arc<Agents>,
    /// For an agent without a timeout.
    total_timeout: Duration,
    largest_reply: usize,
}

impl UreqTransport {
    /// A transport with the [default settings](crate#settings).
    #[must_use]
    pub fn new() -> Self {
        UreqTransportBuilder::new().with_parts(None, None)
    }

    /// A transport with the default settings but for the timeout of the whole request.
    #[must_use]
    pub fn with_total_timeout(timeout: Duration) -> Self {
        UreqTransportBuilder::new().total_timeout(timeout).with_parts(None, None)
    }

    /// A builder for a transport with other settings.
    pub fn builder() -> UreqTransportBuilder {
        UreqTransportBuilder::new()
    }

    /// A transport over the caller's agent, with its connections, TLS, proxy and resolver.
    ///
    /// The duties of a transport do not depend on the agent: any status is a reply, redirects are not followed, a reply has
    /// at most 8 MiB, an agent without a timeout gets one of 30 s, and requests to this machine do not use a proxy. Only
    /// middleware cannot be overridden: it sees requests and replies with their secrets.
    ///
    /// Two properties depend on the agent's connector. Its deadlines can be exceeded: ureq's own connector spends its whole
    /// timeout on each read of a proxy's answer to `CONNECT`, so a proxy that sends single bytes slowly can delay a call for
    /// minutes. And it is certain that a request was not sent only for these kinds of ureq's errors: connection refused,
    /// host not found, no usable address, a timeout of name resolution or connecting, a refused certificate, a tunnel that a
    /// proxy refused. A total timeout and any other failed handshake are unknown failures.
    ///
    /// An agent with `http_status_as_error(false)`, `max_redirects(0)` and a `timeout_global` is used as it is. The settings
    /// of any other are overridden for each request, and ureq then reads the root certificates again for each connection.
    ///
    /// In the child of a fork, an agent that was passed to this function before the fork does not use its pool: each request
    /// opens a connection, because the agent's connector may be one that only the caller can create again. Two problems
    /// remain. The child's copies of the connections stay open. And if another thread of the parent used the agent during
    /// the fork, one of its locks may stay locked in the child, whose requests then hang. A child that creates its own
    /// agent, or uses the builder's transport, has neither problem.
    ///
    /// ureq reads the proxy from the environment unless the agent was created with `proxy(None)`.
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

    /// Ends all running calls at once and refuses all later ones, of all clones. This cannot be undone.
    ///
    /// A call ends in any phase, in name resolution too. Its failure has the cause "the transport was stopped"
    /// and is [permanent](TransportFailure::is_permanent), so no flow retries it. It is
    /// [`not_sent`](TransportFailure::not_sent) if the request was not started, otherwise
    /// [`unknown`](TransportFailure::unknown), even if the reply was almost complete. Later calls fail at once, and
    /// nothing is sent for them.
    ///
    /// Two waits are not under the transport's control. Before a retry, a flow waits with its [clock](apptoken_core::Clock);
    /// the clients of the crate `apptoken` end that wait too, in their own `stop`. And the [caller's agent](Self::from_agent) is shut
    /// down for all its users; a call over it ends at once if it has a TCP connection, otherwise at its timeouts.
    ///
    /// A stop in the child of a fork stops the child only; the child's running calls over the caller's agent continue to
    /// their timeouts. A stop before the fork applies to the child too.
    ///
    /// This takes locks and allocates: call it from a thread, not from a signal handler.
    ///
    /// # Examples
    ///
    /// A clone ends the calls of a service on SIGTERM:
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
        for (name, value) in request.headers() {
            builder = builder.header(name, value);
        }
        if let AutoHeaderValue::Default = agent.agent.config().user_agent() {
            builder = builder.header(USER_AGENT, OUR_NAME);
        }
        Ok(self.override_settings(agent, builder.body(request.body())?))
    }

    /// Overrides, for this request, the settings of the agent that a transport must not have.
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
            // If this differs from the agent's setting, ureq neither takes a connection from its pool nor returns one to it.
            .input_buffer_size(config.input_buffer_size() + usize::from(alone))
            .build()
    }
}

impl Transport for UreqTransport {
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, TransportFailure> {
        let agent = self.agents.current().map_err(StopError::before_sending)?;
        let result = self.send_with(&agent, request);
        // A reply that ends with its connection looks complete if the transport was stopped in the middle of it.
        if self.agents.is_stopped() { Err(StopError.during(result.err().as_ref())) } else { result }
    }

    fn stop(&self) {
        Self::stop(self);
    }
}

impl Default for UreqTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for UreqTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An agent can contain the password of a proxy and the key of a client certificate.
        let Self { agents: _, total_timeout: _, largest_reply } = self;
        f.debug_struct("UreqTransport").field("largest_reply", largest_reply).finish_non_exhaustive()
    }
}

/// Whether the agent already does what [`Transport`] requires.
fn needs_no_override(config: &Config) -> bool {
    !config.http_status_as_error() && config.max_redirects() == 0 && is_bounded(config)
}

fn is_bounded(config: &Config) -> bool {
    let timeouts = config.timeouts();
    timeouts.global.or(timeouts.per_call).is_some()
}

/// Plain http is allowed for such a URL because nothing leaves the machine, so it must not go through a proxy.
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
    fn this_machine_is_recognised_by_all_its_names() {
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
        // Connections wait in its queue and get no answer.
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
