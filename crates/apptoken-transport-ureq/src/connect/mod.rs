//! The way to a connection: name, TCP, the tunnel of a proxy, TLS.
//!
//! ureq's own connector spends one fixed timeout on each read of a tunnel's answer and on each write, so that a peer that
//! drips holds a call for long. This one measures every step by the deadline, and marks what fails here as a failure
//! before the request: rustls finishes its handshake before ureq writes a byte of it.

mod advice;
mod deadline;
mod failure;
mod tcp;
mod tunnel;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{self, ConnectionDetails, NextTimeout, RustlsConnector, Transport};
use ureq::{Agent, Error, Proxy};

pub(crate) use advice::{Advice, advise_on_tls};
use deadline::Deadline;
use failure::Step;
pub(crate) use failure::{Cause, ConnectFailure};

/// An agent whose failures before the request are [`ConnectFailure`]s.
pub(crate) fn agent(config: Config) -> Agent {
    Agent::with_parts(config, Connector::default(), NameResolver::default())
}

#[derive(Debug, Default)]
struct NameResolver(DefaultResolver);

impl Resolver for NameResolver {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let resolved = self.0.resolve(uri, config, timeout);
        resolved.map_err(|error| ConnectFailure::new(Step::Resolve, uri, config, error.into()).into())
    }
}

#[derive(Debug, Default)]
struct Connector {
    tls: RustlsConnector,
}

impl transport::Connector for Connector {
    type Out = Box<dyn Transport>;

    fn connect(&self, details: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<Self::Out>, Error> {
        let transport = match details.config.proxy() {
            Some(proxy) => self.open_tunnel(details, proxy)?,
            None => Box::new(step(Step::Connect, details, tcp::connect(details))?),
        };
        self.encrypt(details, transport).map(Some)
    }
}

impl Connector {
    fn open_tunnel(&self, details: &ConnectionDetails<'_>, proxy: &Proxy) -> Result<Box<dyn Transport>, Error> {
        let deadline = Deadline::of(details);
        let addresses = details.resolver.resolve(proxy.uri(), details.config, deadline.timeout()?)?;
        let to_proxy = details_for(proxy.uri(), addresses, details);
        let transport = Box::new(step(Step::Connect, &to_proxy, tcp::connect(&to_proxy))?);
        let transport = self.encrypt(&to_proxy, transport)?;
        let tunnel = tunnel::open(transport, proxy, details);
        Ok(Box::new(step(Step::OpenTunnel, &to_proxy, tunnel)?))
    }

    /// Wraps the transport in TLS if the scheme asks for it.
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

/// The same connection, deadline and shutdown registration included, to another place.
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
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::*;

    fn listen() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    /// Finds the same addresses for every host.
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
        let agent = Agent::with_parts(config.clone(), Connector::default(), addresses);
        assert_eq!(agent.get("http://kaltura.example.org").call().unwrap().status(), 204);
        drop(agent);
        server.join().unwrap().unwrap();

        let agent = Agent::with_parts(config, Connector::default(), Fixed(vec![unreachable, unused]));
        let error = agent.get("http://kaltura.example.org").call().unwrap_err();
        assert_eq!(error.to_string(), "other: no connection to the server kaltura.example.org:80");
    }

    #[test]
    fn a_shutdown_of_the_agent_ends_a_handshake() {
        let (listener, address) = listen();
        let agent = agent(Agent::config_builder().proxy(None).build());
        let (sender, receiver) = mpsc::channel();
        let caller = agent.clone();
        thread::spawn(move || sender.send(caller.get(format!("https://{address}")).call().map(drop)));
        let (mut stream, _) = listener.accept().unwrap();
        // The start of a handshake, which this server never answers.
        stream.read_exact(&mut [0; 5]).unwrap();
        agent.shutdown();
        let error = receiver.recv_timeout(Duration::from_secs(10)).unwrap().unwrap_err();
        assert!(matches!(error, Error::Other(error) if error.is::<ConnectFailure>()));
    }
}
