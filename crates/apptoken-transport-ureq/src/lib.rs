//! A blocking transport for [`apptoken_core`] with [ureq](https://docs.rs/ureq/3), with rustls and keep-alive.
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
//! | Setting | Default | Set with |
//! |---|---|---|
//! | time for name resolution, and again for connecting with TLS | 10 s | [`connect_timeout`](UreqTransportBuilder::connect_timeout) |
//! | time for the whole request, to the last byte of the reply | 30 s | [`total_timeout`](UreqTransportBuilder::total_timeout) |
//! | maximum size of a decompressed reply | 8 MiB | [`largest_reply`](UreqTransportBuilder::largest_reply) |
//! | proxy | none | [`proxy`](UreqTransportBuilder::proxy) |
//! | trusted certificates | those of the platform; on Linux those of `SSL_CERT_FILE` or `SSL_CERT_DIR` if set | [`root_certificates`](UreqTransportBuilder::root_certificates) |
//! | redirects | returned, never followed | |
//! | compression | gzip | |
//! | connections | kept while idle for up to 15 s, at most 3 per host | [`from_agent`](UreqTransport::from_agent) |
//! | user agent | `apptoken-transport-ureq/` and the version | [`from_agent`](UreqTransport::from_agent) |
//!
//! TLS uses rustls with the crypto provider that the program installed as the process default, or else with ring.
//!
//! # Deadlines
//!
//! The total timeout covers every phase of a request, even if the other side sends or reads slowly: name resolution,
//! all addresses of a host, the tunnel of a proxy, both TLS handshakes, the request, interim replies, headers and body.
//! The connect timeout also limits connecting. A name resolution that times out continues on its own thread, and its
//! result is dropped.
//!
//! # Failures
//!
//! A failure is [`not_sent`](apptoken_core::TransportFailure::not_sent) if no byte of the request can have been sent:
//! the host was not found, the connection or TLS handshake failed, a proxy refused the tunnel, or a timeout, including
//! the total one, expired before. Every other failure is [`unknown`](apptoken_core::TransportFailure::unknown).
//!
//! A failure is [permanent](apptoken_core::TransportFailure::is_permanent) if retrying cannot help, so no flow retries
//! it: a rejected certificate, no root certificates, a reply that is not TLS, a server that rejects the handshake, or a
//! proxy that refuses the tunnel, except with 5xx, 408, 425 or 429. Each connection failure has its cause as `source`
//! and [advice](apptoken_core::TransportFailure::advice). Neither contains the password of a proxy. If a variable such
//! as `HTTPS_PROXY` is set but the transport has no proxy, the advice names the variable.
//!
//! No request is sent twice. A connection is checked before it is reused, and replaced if the server has closed it. If
//! the server closes it while the request is sent, the failure is unknown: neither ureq nor this crate repeats the
//! request.
//!
//! # After a fork
//!
//! The child of a fork has copies of the connections of its parent, but the transport never uses them. With its first
//! request the child closes its copies, which does not affect the parent. It then opens new connections and loads the
//! root certificates again. A request that another thread of the parent has started does not continue in the child, and
//! the copies of its connection stay open until the child exits. [An agent of the caller](UreqTransport::from_agent) is
//! handled differently. A child in a new PID namespace that has the same process id as its parent is not recognized.
//!
//! # Stopping
//!
//! [`UreqTransport::stop`] ends all running calls at once, in any phase, and rejects later calls. So a service that
//! shuts down does not wait for a server that hangs.
//!
//! # Accepted replies
//!
//! Every status, every form of headers and body that RFC 9110 and 9112 allow, and `gzip` with any of its names. ureq
//! 3.5 rejects three rare forms, which are unknown failures: `100 Continue` with headers, header values folded over
//! several lines, and a chunk whose size and extensions exceed 20 bytes.
//!
//! A reply that is shorter than its length or lacks its last chunk is a failure. A reply of unknown length ends when
//! the connection is closed, so truncation cannot be detected; then only incomplete JSON reveals it.
//!
//! # Logging
//!
//! This crate logs nothing. ureq logs with the [`log`](https://docs.rs/log) crate. At DEBUG and above it logs nothing
//! secret: method, host, non-secret headers and addresses. At TRACE **it logs whole replies**, including session
//! strings, and the headers of requests, under the target `ureq_proto`. A program that logs at TRACE should exclude
//! this target, for example with `RUST_LOG=trace,ureq_proto=debug`, or remove TRACE at compile time with the feature
//! `max_level_debug` of `log`.

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
/// The default timeout from the start of a request to the last byte of its reply; see
/// [`UreqTransportBuilder::total_timeout`].
pub const TOTAL_TIMEOUT: Duration = Duration::from_secs(30);

const LARGEST_REPLY: usize = 8 << 20;
const OUR_NAME: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// A [`Transport`] over ureq.
///
/// Cloning is cheap. Clones share their connections and are [stopped](Self::stop) together. A transport can be used by
/// many threads at the same time, and in the child of a [fork](crate#after-a-fork).
#[derive(Clone)]
pub struct UreqTransport {
    agents: Arc<Agents>,
    /// The timeout for an agent without one.
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

    /// A transport with an agent of the caller, which brings its connections, TLS, proxy and resolver.
    ///
    /// The guarantees of the transport do not depend on the agent: every status is a reply, redirects are not followed,
    /// a reply has at most 8 MiB, a missing timeout becomes 30 s, and requests to this machine use no proxy. Middleware
    /// is the only exception: it sees requests and replies with their secrets.
    ///
    /// Two things depend on the connector of the agent. Its deadlines can be exceeded: ureq's own connector applies the
    /// whole timeout to each read of a proxy's reply to `CONNECT`, so a slow proxy can delay a call for a long time.
    /// And a request counts as not sent only if the kind of ureq's error says so: connection refused, host not found,
    /// no usable address, a timeout of resolving or connecting, a rejected certificate, or a tunnel that a proxy
    /// refuses. A total timeout and any other failed handshake are unknown.
    ///
    /// An agent with `http_status_as_error(false)`, `max_redirects(0)` and a `timeout_global` needs no changes. The
    /// settings of any other agent are overridden for each request. ureq then loads the root certificates again for
    /// each connection.
    ///
    /// In the child of a fork, the transport does not use the connection pool of an agent from before the fork. Each
    /// request has a new connection, because only the caller can create the connector of the agent again. Two problems
    /// remain for the caller. The copies of the connections stay open in the child. And if another thread of the parent
    /// used the agent during the fork, one of its locks may stay locked in the child, so that requests hang. To avoid
    /// both, create a new agent in the child, or use a transport of the builder.
    ///
    /// ureq takes a proxy from the environment, unless the agent was built with `proxy(None)`.
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

    /// Ends all running calls at once, and rejects all later calls. It applies to all clones and cannot be undone.
    ///
    /// A call ends in any phase, including name resolution. Its failure has the cause "the transport was stopped" and
    /// is [permanent](TransportFailure::is_permanent), so no flow retries it. It is
    /// [`not_sent`](TransportFailure::not_sent) if the call had not started to send the request, otherwise
    /// [`unknown`](TransportFailure::unknown), even if the reply was nearly complete. Later calls fail at once without
    /// sending anything.
    ///
    /// Two waits are not part of the transport. Before a retry, a flow waits with its [clock](apptoken_core::Clock), so
    /// that clock must end its [`sleep`](apptoken_core::Clock::sleep). And an [agent of the caller](Self::from_agent)
    /// is shut down for all its users. A call with it ends at once after it has a TCP connection, but before that only
    /// by its timeouts.
    ///
    /// A stop in the child of a fork stops only the child. Running calls with an agent of the caller then continue up
    /// to their timeouts. A stop before the fork also applies to the child.
    ///
    /// This function takes locks and allocates memory: call it from a thread, not in a signal handler.
    ///
    /// # Examples
    ///
    /// A clone stops the calls of a service that shuts down:
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

    /// Overrides the settings of the agent that a transport cannot use, for this request.
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
            // If this differs from the setting of the agent, ureq does not use its connection pool.
            .input_buffer_size(config.input_buffer_size() + usize::from(alone))
            .build()
    }
}

impl Transport for UreqTransport {
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, TransportFailure> {
        let agent = self.agents.current().map_err(StopError::before_sending)?;
        let result = self.send_with(&agent, request);
        // After a stop, a reply that ends with its connection looks complete although it is truncated.
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
        // An agent can contain the password of a proxy and the key of a client certificate.
        let Self { agents: _, total_timeout: _, largest_reply } = self;
        f.debug_struct("UreqTransport").field("largest_reply", largest_reply).finish_non_exhaustive()
    }
}

/// Whether the settings of the agent fulfil the requirements of [`Transport`].
fn needs_no_override(config: &Config) -> bool {
    !config.http_status_as_error() && config.max_redirects() == 0 && is_bounded(config)
}

fn is_bounded(config: &Config) -> bool {
    let timeouts = config.timeouts();
    timeouts.global.or(timeouts.per_call).is_some()
}

/// A URL of this machine may be unencrypted because the request does not leave it. So it must not use a proxy.
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
        // Nothing accepts connections from the queue of this listener.
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
