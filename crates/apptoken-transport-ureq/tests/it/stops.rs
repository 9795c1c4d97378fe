//! A stop ends a call in every phase, even if all timeouts are long and the peer sends nothing.
//!
//! Name resolution and connecting are unit tests, because they have no peer.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use apptoken_core::{Endpoint, Exchange, Flow, Transport as _, TransportFailure};
use apptoken_transport_ureq::{UreqTransport, UreqTransportBuilder};
use rustls::{ServerConnection, StreamOwned};
use ureq::Agent;

use crate::support::{LONG, Server, cause, exchange, large_exchange, nowhere, read_head, read_request, send};
use crate::tls::{certificate, https};

/// So long that only a stop can end a call within a test.
const FOREVER: Duration = Duration::from_secs(600);

fn patient() -> UreqTransportBuilder {
    UreqTransport::builder().total_timeout(FOREVER).connect_timeout(FOREVER)
}

/// A peer that stops reading and writing after some action.
struct HangingPeer {
    server: Server<()>,
    /// Reports that the peer hangs.
    hangs: Receiver<()>,
    /// Ends the peer when it is dropped.
    _end: Sender<()>,
}

impl HangingPeer {
    fn after(act: impl FnOnce(&mut TcpStream) + Send + 'static) -> Self {
        let ((hanging, hangs), (end, ended)) = (mpsc::channel(), mpsc::channel::<()>());
        let server = Server::new(move |mut stream| {
            act(&mut stream);
            hanging.send(()).unwrap();
            ended.recv().unwrap_err();
        });
        Self { server, hangs, _end: end }
    }
}

/// Starts a call, stops the transport when the peer hangs, and returns the result of the call.
fn stop_during<F: Flow>(peer: &HangingPeer, transport: &UreqTransport, exchange: Exchange<F>) -> TransportFailure
where
    Exchange<F>: Send + 'static,
{
    let caller = transport.clone();
    let (sender, result) = mpsc::channel();
    thread::spawn(move || sender.send(caller.send(exchange.request())));
    peer.hangs.recv_timeout(LONG).expect("the peer is not reached");
    transport.stop();
    result.recv_timeout(LONG).expect("the call outlives the stop").unwrap_err()
}

fn assert_stopped(failure: &TransportFailure, is_not_sent: bool) {
    assert_eq!(cause(failure), "the transport was stopped");
    assert_eq!(failure.is_not_sent(), is_not_sent);
    assert!(failure.is_permanent(), "a flow would try again");
}

#[test]
fn a_stop_ends_a_handshake() {
    let start_of_handshake = |stream: &mut TcpStream| stream.read_exact(&mut [0; 5]).unwrap();
    let server = HangingPeer::after(start_of_handshake);
    let endpoint = https(&server.server);
    let failure = stop_during(&server, &patient().build().unwrap(), exchange(&endpoint));
    assert_stopped(&failure, true);

    let proxy = HangingPeer::after(start_of_handshake);
    let transport = patient().proxy(format!("https://{}", proxy.server.authority())).build().unwrap();
    assert_stopped(&stop_during(&proxy, &transport, exchange(&nowhere())), true);
}

#[test]
fn a_stop_ends_the_opening_of_a_tunnel() {
    let answers: [&[u8]; 2] = [b"", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 2"];
    for answer in answers {
        let proxy = HangingPeer::after(|stream| {
            read_head(stream);
            stream.write_all(answer).unwrap();
        });
        let transport = patient().proxy(format!("http://{}", proxy.server.authority())).build().unwrap();
        assert_stopped(&stop_during(&proxy, &transport, exchange(&nowhere())), true);
    }
}

#[test]
fn a_stop_ends_a_handshake_through_a_tunnel() {
    let proxy = HangingPeer::after(|stream| {
        read_head(stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        stream.read_exact(&mut [0; 5]).unwrap();
    });
    let transport = patient().proxy(format!("http://{}", proxy.server.authority())).build().unwrap();
    let kaltura = Endpoint::parse("https://kaltura.example.org").unwrap();
    assert_stopped(&stop_during(&proxy, &transport, exchange(&kaltura)), true);
}

#[test]
fn a_stop_ends_a_request_that_nobody_reads() {
    let server = HangingPeer::after(|stream| stream.read_exact(&mut [0]).unwrap());
    let exchange = large_exchange(&server.server.endpoint());
    assert_stopped(&stop_during(&server, &patient().build().unwrap(), exchange), false);
}

#[test]
fn a_stop_ends_a_reply() {
    let starts: [&[u8]; 7] = [
        b"",
        b"HTTP/1.1 200 ",
        b"HTTP/1.1 103 Early Hints\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ntrue",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ntrue\r\n",
        // The reply would be complete if the server had closed the connection.
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\ntrue",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: x-gzip\r\nConnection: close\r\n\r\n\x1f\x8b\x08",
    ];
    for start in starts {
        let server = HangingPeer::after(|stream| {
            read_request(stream);
            stream.write_all(start).unwrap();
        });
        let endpoint = server.server.endpoint();
        let failure = stop_during(&server, &patient().build().unwrap(), exchange(&endpoint));
        assert_stopped(&failure, false);
    }
}

#[test]
fn a_stop_ends_a_reply_within_tls() {
    let (pem, config) = certificate("127.0.0.1");
    let server = HangingPeer::after(move |stream| {
        let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
        read_request(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ntrue").unwrap();
    });
    let endpoint = https(&server.server);
    let transport = patient().root_certificates(pem).build().unwrap();
    assert_stopped(&stop_during(&server, &transport, exchange(&endpoint)), false);
}

#[test]
fn nothing_is_sent_after_a_stop() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = Endpoint::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let transport = patient().build().unwrap();
    let clone = transport.clone();
    transport.stop();
    transport.stop();
    for transport in [transport, clone] {
        assert_stopped(&send(&transport, &endpoint).unwrap_err(), true);
    }
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "there was a connection");
}

#[test]
fn a_stop_shuts_an_agent_of_the_callers_down() {
    let agent = Agent::config_builder().timeout_global(Some(FOREVER)).proxy(None).build().new_agent();
    let server = HangingPeer::after(|stream| drop(read_request(stream)));
    let endpoint = server.server.endpoint();
    let failure = stop_during(&server, &UreqTransport::from_agent(agent.clone()), exchange(&endpoint));
    assert_stopped(&failure, false);
    // This also applies to all other users of the agent.
    assert_stopped(&send(&UreqTransport::from_agent(agent), &endpoint).unwrap_err(), true);
}
