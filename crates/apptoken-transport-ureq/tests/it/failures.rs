use apptoken_core::{Endpoint, ErrorKind};
use apptoken_transport_ureq::UreqTransport;
use ureq::Agent;
use ureq::config::IpFamily;

use crate::support::{Server, cause, nowhere, read_head, send};

#[test]
fn an_unknown_host_is_not_sent() {
    for transport in [UreqTransport::new(), UreqTransport::from_agent(Agent::new_with_defaults())] {
        let failure = send(&transport, &nowhere()).unwrap_err();
        assert!(failure.is_not_sent(), "{}", cause(&failure));
    }
}

#[test]
fn a_host_without_usable_address_is_not_sent() {
    let agent = Agent::config_builder().ip_family(IpFamily::Ipv6Only).build().new_agent();
    let failure = send(&UreqTransport::from_agent(agent), &Endpoint::parse("http://127.0.0.1:1").unwrap()).unwrap_err();
    assert!(failure.is_not_sent(), "{}", cause(&failure));
    assert_eq!(cause(&failure), "host not found");
}

#[test]
fn a_url_that_no_request_can_hold_is_not_sent() {
    let endpoint = Endpoint::parse(&format!("http://127.0.0.1:1/{}", "a".repeat(70_000))).unwrap();
    let failure = send(&UreqTransport::new(), &endpoint).unwrap_err();
    assert!(failure.is_not_sent() && failure.is_permanent());
    assert_eq!(cause(&failure), "uri too long");
}

#[test]
fn what_an_agent_refuses_is_not_sent() {
    let agent = Agent::config_builder().https_only(true).build().new_agent();
    let failure = send(&UreqTransport::from_agent(agent), &Endpoint::parse("http://127.0.0.1:1").unwrap()).unwrap_err();
    assert!(failure.is_not_sent(), "{}", cause(&failure));
}

#[test]
fn what_a_proxy_refuses_is_not_sent() {
    let proxy = Server::new(|mut stream| {
        let head = read_head(&mut stream);
        std::io::Write::write_all(&mut stream, b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").unwrap();
        head
    });
    let transport = UreqTransport::builder().proxy(format!("http://{}", proxy.authority())).build().unwrap();
    let failure = send(&transport, &nowhere()).unwrap_err();
    assert!(failure.is_not_sent(), "{}", cause(&failure));
    assert!(proxy.finish().starts_with("CONNECT "));
}

#[test]
fn unusable_settings_are_refused_without_repetition() {
    for proxy in [
        "",
        "http://",
        "http://user:hunter2@:3128",
        "http://user:hunter2@127.0.0.1:99999",
        "http://user:hunter2@127.0.0.1:",
        "http://user:hunter2@[::1]:99999",
        "ftp://user:hunter2@127.0.0.1",
        "socks5://user:hunter2@127.0.0.1:1080",
    ] {
        let error = UreqTransport::builder().proxy(proxy).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("should look like http://user:password@proxy.example.org:3128"), "{error}");
        assert!(!format!("{error:?}{error}").contains("hunter2"));
    }
    for proxy in
        ["http://127.0.0.1", "https://user:hunter2@127.0.0.1", "http://[::1]", "http://user@[::1]:3128", "proxy:3128"]
    {
        assert!(UreqTransport::builder().proxy(proxy).build().is_ok(), "{proxy}");
    }
    let no_certificate = "-----BEGIN CERTIFICATE-----\naHVudGVyMg==\n-----END CERTIFICATE-----\n";
    let no_base64 = "-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n";
    for pem in ["", "hunter2", no_certificate, no_base64] {
        let error = UreqTransport::builder().root_certificates(pem).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("-----BEGIN CERTIFICATE-----"), "{error}");
    }
}

#[test]
fn debug_shows_no_password() {
    let builder = UreqTransport::builder().proxy("http://user:hunter2@127.0.0.1:3128");
    let transport = builder.clone().build().unwrap();
    assert_eq!(format!("{transport:?}"), "UreqTransport { largest_reply: 8388608, .. }");
    assert_eq!(
        format!("{builder:?}"),
        "UreqTransportBuilder { connect_timeout: 10s, total_timeout: 30s, largest_reply: 8388608, .. }"
    );
}
