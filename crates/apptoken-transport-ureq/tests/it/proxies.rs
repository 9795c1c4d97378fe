use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};

use apptoken_core::Endpoint;
use apptoken_transport_ureq::UreqTransport;
use ureq::Agent;

use crate::support::{self, Server, nowhere, read_head, read_request, reply, send};

/// A proxy that opens a tunnel and also acts as the server.
fn tunnel() -> Server<String> {
    Server::new(|mut stream| {
        let head = read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        let request = read_request(&mut stream);
        stream.write_all(&reply(b"true")).unwrap();
        head + &request
    })
}

#[test]
fn a_proxy_that_is_named_is_used() {
    let proxy = tunnel();
    let url = format!("http://user:password@{}", proxy.authority());
    let transport = UreqTransport::builder().proxy(url).build().unwrap();
    assert_eq!(send(&transport, &nowhere()).unwrap().body(), b"true");
    let text = proxy.finish();
    assert!(text.starts_with("CONNECT aaaa") && text.contains(".invalid:80 HTTP/1.1\r\n"), "{text}");
    assert!(text.contains("\r\nProxy-Authorization: Basic dXNlcjpwYXNzd29yZA==\r\n"), "{text}");
    assert_eq!(text.matches("User-Agent: apptoken-transport-ureq/").count(), 1, "{text}");
}

#[test]
fn this_machine_is_never_asked_for_through_a_proxy() {
    let proxy = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}", proxy.local_addr().unwrap());
    let agent = Agent::config_builder().proxy(Some(ureq::Proxy::new(&url).unwrap())).build().new_agent();
    for transport in [UreqTransport::builder().proxy(url).build().unwrap(), UreqTransport::from_agent(agent)] {
        for host in ["127.0.0.1", "localhost"] {
            let server = Server::answering(reply(b"true"));
            let (_, port) =
                server.authority().split_once(':').map(|(host, port)| (host.to_owned(), port.to_owned())).unwrap();
            let endpoint = Endpoint::parse(&format!("http://{host}:{port}")).unwrap();
            assert_eq!(send(&transport, &endpoint).unwrap().body(), b"true");
            server.finish();
        }
    }
    proxy.set_nonblocking(true).unwrap();
    assert!(proxy.accept().is_err(), "the proxy was used");
}

const VARIABLES: [&str; 6] = ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];

#[test]
fn a_proxy_of_the_environment_is_not_used() {
    let proxy = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}", proxy.local_addr().unwrap());
    let mut child = support::child("proxies::send_to_nowhere");
    child.envs(VARIABLES.map(|name| (name, &url))).env_remove("NO_PROXY").env_remove("no_proxy");
    support::assert_passes(child);
    proxy.set_nonblocking(true).unwrap();
    assert!(proxy.accept().is_err(), "the proxy was used");
}

#[test]
fn a_proxy_that_an_agent_took_from_the_environment_is_used() {
    let proxy = tunnel();
    let mut child = support::child("proxies::send_to_nowhere_with_an_agent");
    child
        .envs(VARIABLES.map(|name| (name, format!("http://{}", proxy.authority()))))
        .env_remove("NO_PROXY")
        .env_remove("no_proxy");
    support::assert_passes(child);
    assert!(proxy.finish().starts_with("CONNECT "));
}

#[test]
#[ignore = "run in a process of its own by the test above"]
fn send_to_nowhere() {
    assert!(send(&UreqTransport::new(), &nowhere()).unwrap_err().is_not_sent());
}

#[test]
#[ignore = "run in a process of its own by the test above"]
fn send_to_nowhere_with_an_agent() {
    let transport = UreqTransport::from_agent(Agent::new_with_defaults());
    assert_eq!(send(&transport, &nowhere()).unwrap().body(), b"true");
}
