//! Connects: name resolution, TCP, the tunnel of a proxy, TLS.
//!
//! ureq's own connector applies a fixed timeout to each read and write, so a slow peer can delay a call for a long
//! time. This connector applies the deadline to every step. It also marks failures as before the request: rustls
//! finishes its handshake before ureq writes the first byte.

mod advice;
mod deadline;
mod failure;
mod stop;
mod tcp;
mod tunnel;

use std::sync::Arc;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::time::Duration;
use ureq::unversioned::transport::{self, ConnectionDetails, NextTimeout, RustlsConnector, Transport};
use ureq::{Agent, Error, Proxy};

pub(crate) use advice::{Advice, advise_on_tls};
use deadline::Deadline;
use failure::Step;
pub(crate) use failure::{Cause, ConnectFailure};
pub(crate) use stop::{StopError, StopSignal};

/// An agent that reports failures before the request as [`ConnectFailure`]. The signal ends its waits before a
/// connection, and a shutdown of the agent ends all others.
pub(crate) fn agent(config: Config, signal: &Arc<StopSignal>) -> Agent {
    agent_with(config, signal, DefaultResolver::default())
}

/// The same with another resolver.
pub(crate) fn agent_with(config: Config, signal: &Arc<StopSignal>, names: impl Resolver) -> Agent {
    let resolver = NameResolver { names: Arc::new(names), signal: Arc::clone(signal) };
    Agent::with_parts(config, Connector { tls: RustlsConnector::default(), signal: Arc::clone(signal) }, resolver)
}

#[derive(Debug)]
struct NameResolver {
    names: Arc<dyn Resolver>,
    signal: Arc<StopSignal>,
}

impl Resolver for NameResolver {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let (names, owned_uri, owned_config) = (Arc::clone(&self.names), uri.clone(), config.clone());
        // Without a timeout, the resolver of ureq starts no thread.
        let unlimited = NextTimeout { after: Duration::NotHappening, ..timeout };
        let resolved = self
            .signal
            .wait_for(Deadline::from_now(timeout), move || names.resolve(&owned_uri, &owned_config, unlimited));
        let resolved = resolved.and_then(|resolved| resolved);
        resolved.map_err(|error| ConnectFailure::new(Step::Resolve, uri, config, error.into()).into())
    }
}

#[derive(Debug)]
struct Connector {
    tls: RustlsConnector,
    signal: Arc<StopSignal>,
}

impl transport::Connector for Connector {
    type Out = Box<dyn Transport>;

    fn connect(&self, details: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<Self::Out>, Error> {
        let transport = match details.config.proxy() {
            Some(proxy) => self.open_tunnel(details, proxy)?,
            None => Box::new(step(Step::Connect, details, tcp::connect(details, &self.signal))?),
        };
        self.encrypt(details, transport).map(Some)
    }
}

impl Connector {
    fn open_tunnel(&self, details: &ConnectionDetails<'_>, proxy: &Proxy) -> Result<Box<dyn Transport>, Error> {
        let deadline = Deadline::of(details);
        let addresses = details.resolver.resolve(proxy.uri(), details.config, deadline.timeout()?)?;
        let to_proxy = details_for(proxy.uri(), addresses, details);
        let transport = Box::new(step(Step::Connect, &to_proxy, tcp::connect(&to_proxy, &self.signal))?);
        let transport = self.encrypt(&to_proxy, transport)?;
        let tunnel = tunnel::open(transport, proxy, details);
        Ok(Box::new(step(Step::OpenTunnel, &to_proxy, tunnel)?))
    }

    /// Wraps the transport in TLS if the scheme is `https`.
    fn encrypt(
        &self,
        details: &ConnectionDetails<'_>,
        transport: Box<dyn Transport>,
    ) -> Result<Box<dyn Transport>, Error> {
        let encrypted = transport::Connector::connect(&self.tls, details, Some(transport));
        let encrypted = step(Step::Encrypt, details, encrypted.map_err(Cause::from))?;
        encrypted.map(|transport| Box::new(transport) as _).ok_or(Error::ConnectionFailed)
    }
}

fn step<T>(step: Step, details: &ConnectionDetails<'_>, result: Result<T, Cause>) -> Result<T, Error> {
    result.map_err(|cause| ConnectFailure::new(step, details.uri, details.config, cause).into())
}

/// The details for a connection to another address, with the same deadline and shutdown registration.
fn details_for<'d>(uri: &'d Uri, addrs: ResolvedSocketAddrs, details: &ConnectionDetails<'d>) -> ConnectionDetails<'d> {
    ConnectionDetails {
        uri,
        addrs,
        config: details.config,
        request_level: details.request_level,
        resolver: details.resolver,
        now: details.now,
        timeout: details.timeout,
        current_time: details.current_time.clone(),
        run_connector: details.run_connector.clone(),
        register_shutdown: details.register_shutdown.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{Ipv4Addr, SocketAddr, TcpListener};
    use std::thread;
    use std::time::Duration;

    use super::*;

    fn listen() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    /// Resolves every host to the same addresses.
    #[derive(Debug)]
    struct Fixed(Vec<SocketAddr>);

    impl Resolver for Fixed {
        fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
            let mut addresses = self.empty();
            self.0.iter().for_each(|address| addresses.push(*address));
            Ok(addresses)
        }
    }

    #[test]
    fn the_next_address_is_tried_where_one_fails() {
        let (_, unused) = listen();
        let unreachable = SocketAddr::from(([255, 255, 255, 255], 80));
        let (listener, address) = listen();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
            stream.read_to_end(&mut Vec::new())
        });
        let config = Agent::config_builder().timeout_global(Some(Duration::from_secs(10))).proxy(None).build();
        let addresses = Fixed(vec![unreachable, unused, address]);
        let agent = agent_with(config.clone(), &Arc::default(), addresses);
        assert_eq!(agent.get("http://kaltura.example.org").call().unwrap().status(), 204);
        drop(agent);
        server.join().unwrap().unwrap();

        let agent = agent_with(config, &Arc::default(), Fixed(vec![unreachable, unused]));
        let error = agent.get("http://kaltura.example.org").call().unwrap_err();
        assert_eq!(error.to_string(), "other: no connection to the server kaltura.example.org:80");
    }
}
