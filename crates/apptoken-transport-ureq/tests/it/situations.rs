//! Failed connections as a program sees them: the kind, whether they are tried again, cause and advice.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;

use apptoken_core::api::session::StartWidgetSession;
use apptoken_core::{Call, Clock as _, Endpoint, Error, ErrorKind, PartnerId, RetryPolicy, drive};
use apptoken_transport_ureq::{UreqTransport, UreqTransportBuilder};
use rcgen::{CertificateParams, DnType, date_time_ymd};
use rustls::{ServerConfig, ServerConnection};
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::support::{
    self, CountingServer, LONG, SHORT, VirtualClock, nowhere, read_head, read_request, wait_for_close,
};
use crate::tls::{certificate, certificate_with};

/// As many attempts as the policy allows.
const RETRIED: usize = 3;
const PASSWORD: &str = "hunter2";
const ENCODED: &str = "dXNlcjpodW50ZXIy";

fn call(transport: &UreqTransport, endpoint: &Endpoint) -> Result<(), Error> {
    let clock = VirtualClock::default();
    let call = Call::new(endpoint.clone(), StartWidgetSession::of(PartnerId::new(101).unwrap()));
    let call = call.retry(RetryPolicy { attempts: 3, ..RetryPolicy::default() });
    drive(call.start(clock.now()).unwrap(), transport, &clock).map(drop).map_err(|stopped| stopped.error)
}

struct Situation {
    name: &'static str,
    server: CountingServer,
    builder: UreqTransportBuilder,
    endpoint: Endpoint,
    kind: ErrorKind,
    attempts: usize,
    /// Words of the cause.
    cause: &'static str,
    /// Words of the advice.
    advice: &'static str,
}

impl Situation {
    fn check(self) {
        let Self { name, server, builder, endpoint, kind, attempts, cause, advice } = self;
        let error = call(&builder.build().unwrap(), &endpoint).unwrap_err();
        assert_eq!((error.kind(), server.finish()), (kind, attempts), "{name}: {error:#}");
        assert_eq!(error.is_transient(), attempts == RETRIED, "{name}");
        check_texts(name, &error, cause, advice);
    }
}

fn check_texts(name: &str, error: &Error, cause: &str, advice: &str) {
    assert!(error.advice().contains(advice), "{name}: {}", error.advice());
    let own = format!("{error:#}");
    assert!(own.contains(cause) && own.contains(advice), "{name}: {own}");
    let (own, any) = (format!("{own}{error:?}{error}"), anyhow::Error::from(error.clone()));
    for text in [format!("{any:#}"), format!("{any:?}")] {
        assert!(text.contains(cause), "{name}: {text}");
        assert!(!text.contains(PASSWORD) && !text.contains(ENCODED), "{name}: {text}");
    }
    assert!(!own.contains(PASSWORD) && !own.contains(ENCODED), "{name}: {own}");
}

fn handshake(config: Arc<ServerConfig>) -> impl Fn(TcpStream) + Send + 'static {
    move |mut stream| {
        let mut tls = ServerConnection::new(config.clone()).unwrap();
        assert!(tls.complete_io(&mut stream).is_err(), "the handshake was completed");
    }
}

fn valid(year: i32, end: i32) -> (String, Arc<ServerConfig>) {
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    (params.not_before, params.not_after) = (date_time_ymd(year, 1, 1), date_time_ymd(end, 1, 1));
    certificate_with(params)
}

/// Of another name than the certificates of the servers.
fn unrelated_root() -> String {
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "unrelated");
    certificate_with(params).0
}

fn https(server: &CountingServer) -> Endpoint {
    Endpoint::parse(&format!("https://{}", server.authority())).unwrap()
}

#[test]
fn a_certificate_that_is_refused_is_not_tried_again() {
    let (_, config) = certificate("127.0.0.1");
    let (_, config_of_namesake) = certificate("127.0.0.1");
    let (namesake, _) = certificate("127.0.0.1");
    let (other_host, for_other_host) = certificate("kaltura.example.org");
    let (old, expired) = valid(2000, 2001);
    let (young, not_valid_yet) = valid(3000, 3001);
    let situations = [
        ("unknown issuer", config, unrelated_root(), "UnknownIssuer", "root_certificates(pem)"),
        ("another key", config_of_namesake, namesake, "BadSignature", "root_certificates(pem)"),
        ("another host", for_other_host, other_host, "not valid for name", "for other names"),
        ("expired", expired, old, "certificate expired", "renewed"),
        ("not valid yet", not_valid_yet, young, "certificate not valid yet", "clock"),
    ];
    for (name, config, roots, cause, advice) in situations {
        let server = CountingServer::new(handshake(config));
        let endpoint = https(&server);
        let builder = UreqTransport::builder().root_certificates(roots);
        Situation { name, server, builder, endpoint, kind: ErrorKind::NotSent, attempts: 1, cause, advice }.check();
    }
}

/// The handshake never ends, so no request was sent.
#[test]
fn a_handshake_that_fails_is_not_sent() {
    type Handle = fn(TcpStream);
    let plain: Handle = |mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        wait_for_close(stream);
    };
    let banner: Handle = |mut stream| {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.9\r\n");
        wait_for_close(stream);
    };
    // Fatal alerts: handshake_failure, unrecognized_name, internal_error.
    let refusal: Handle = |mut stream| {
        let _ = stream.write_all(b"\x15\x03\x03\x00\x02\x02\x28");
        wait_for_close(stream);
    };
    let name_refused: Handle = |mut stream| {
        let _ = stream.write_all(b"\x15\x03\x03\x00\x02\x02\x70");
        wait_for_close(stream);
    };
    let trouble: Handle = |mut stream| {
        let _ = stream.write_all(b"\x15\x03\x03\x00\x02\x02\x50");
        wait_for_close(stream);
    };
    let situations = [
        ("plain http", plain, 1, "corrupt message", "plain http"),
        ("another protocol", banner, 1, "corrupt message", "does not speak TLS"),
        ("refused", refusal, 1, "HandshakeFailure", "refuses the TLS handshake"),
        ("name refused", name_refused, 1, "UnrecognisedName", "refuses the TLS handshake"),
        ("trouble", trouble, RETRIED, "InternalError", "try again"),
        ("closed", drop, RETRIED, "no TLS connection", "firewall"),
        ("silent", wait_for_close, RETRIED, "timeout: connect", "firewall"),
    ];
    for (name, handle, attempts, cause, advice) in situations {
        let server = CountingServer::new(handle);
        let (endpoint, (roots, _)) = (https(&server), certificate("127.0.0.1"));
        // Only the last of them takes any time.
        let limit = if name == "silent" { SHORT } else { LONG };
        let builder = UreqTransport::builder().root_certificates(roots).connect_timeout(limit);
        Situation { name, server, builder, endpoint, kind: ErrorKind::NotSent, attempts, cause, advice }.check();
    }
}

#[test]
fn a_reset_after_the_request_is_no_failed_connection() {
    let server = CountingServer::new(|mut stream| drop(read_request(&mut stream)));
    let endpoint = Endpoint::parse(&format!("http://{}", server.authority())).unwrap();
    let builder = UreqTransport::builder();
    let (name, kind, attempts) = ("reset", ErrorKind::NoReply, RETRIED);
    Situation { name, server, builder, endpoint, kind, attempts, cause: "Peer disconnected", advice: "try again" }
        .check();
}

#[test]
fn a_proxy_that_opens_no_tunnel_is_not_sent() {
    let situations: [(&str, &[u8], usize, &str, &str); 7] = [
        (
            "wants a password",
            b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
            1,
            "status 407",
            "user and password",
        ),
        ("forbids the host", b"HTTP/1.1 403 Forbidden\r\n\r\n", 1, "status 403", "refuses"),
        ("is a portal", b"HTTP/1.1 302 Found\r\nLocation: http://login/\r\n\r\n", 1, "status 302", "refuses"),
        ("does not reach it", b"HTTP/1.1 502 Bad Gateway\r\n\r\n", RETRIED, "status 502", "does not reach the server"),
        ("is busy", b"HTTP/1.1 503 Service Unavailable\r\n\r\n", RETRIED, "status 503", "try again"),
        ("is another server", b"SSH-2.0-OpenSSH_9.9\r\n", 1, "not HTTP", "proxy's URL"),
        ("hangs up", b"", RETRIED, "closed before the end", "proxy's URL"),
    ];
    for (name, answer, attempts, cause, advice) in situations {
        let server = CountingServer::new(|mut stream| {
            read_head(&mut stream);
            let _ = stream.write_all(answer);
        });
        let proxy = format!("http://user:{PASSWORD}@{}", server.authority());
        let builder = UreqTransport::builder().proxy(proxy);
        let endpoint = Endpoint::parse("https://kaltura.example.org").unwrap();
        Situation { name, server, builder, endpoint, kind: ErrorKind::NotSent, attempts, cause, advice }.check();
    }
}

#[test]
fn a_proxy_that_replaces_the_certificate_is_named() {
    let (_, config) = certificate("kaltura.example.org");
    let roots = unrelated_root();
    let shake_hands = handshake(config);
    let server = CountingServer::new(move |mut stream| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        shake_hands(stream);
    });
    let builder = UreqTransport::builder().root_certificates(roots).proxy(format!("http://{}", server.authority()));
    let endpoint = Endpoint::parse("https://kaltura.example.org").unwrap();
    let (cause, advice) = ("UnknownIssuer", "an inspecting firewall replaced it");
    let name = "inspecting proxy";
    Situation { name, server, builder, endpoint, kind: ErrorKind::NotSent, attempts: 1, cause, advice }.check();
}

#[test]
fn a_proxy_without_tls_that_is_spoken_to_with_tls_is_named() {
    let server = CountingServer::new(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        wait_for_close(stream);
    });
    let (roots, _) = certificate("127.0.0.1");
    let proxy = format!("https://user:{PASSWORD}@{}", server.authority());
    let builder = UreqTransport::builder().root_certificates(roots).proxy(proxy);
    let (cause, advice) = ("no TLS connection to the proxy 127.0.0.1:", "plain http");
    let (name, endpoint, kind) = ("plain proxy", nowhere(), ErrorKind::NotSent);
    Situation { name, server, builder, endpoint, kind, attempts: 1, cause, advice }.check();
}

#[test]
fn a_server_with_tls_that_is_spoken_to_without_is_named() {
    let server = CountingServer::new(|mut stream| {
        read_request(&mut stream);
        // The alert of a TLS server for what is not TLS.
        stream.write_all(b"\x15\x03\x01\x00\x02\x02\x46").unwrap();
    });
    let (cause, advice) = ("invalid HTTP version", "check the service URL's scheme and port");
    let endpoint = Endpoint::parse(&format!("http://{}", server.authority())).unwrap();
    let (name, builder, kind) = ("plain http", UreqTransport::builder(), ErrorKind::NoReply);
    Situation { name, server, builder, endpoint, kind, attempts: RETRIED, cause, advice }.check();
}

/// The list of certain failures is shorter with an agent of the caller's, the advice is not.
#[test]
fn a_refused_certificate_is_advised_on_with_any_agent() {
    let (_, config) = certificate("127.0.0.1");
    let server = CountingServer::new(handshake(config));
    let roots = RootCerts::from([Certificate::from_pem(unrelated_root().as_bytes()).unwrap()].to_vec());
    let tls = TlsConfig::builder().root_certs(roots).build();
    let agent: Agent = Agent::config_builder().tls_config(tls).proxy(None).build().into();
    let error = call(&UreqTransport::from_agent(agent), &https(&server)).unwrap_err();
    assert_eq!((error.kind(), server.finish()), (ErrorKind::NotSent, 1));
    check_texts("agent", &error, "UnknownIssuer", "inspecting firewall");
}

fn unused_port() -> String {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().to_string()
}

#[test]
fn what_cannot_be_reached_is_not_sent() {
    // The system itself refuses to connect to the address of all hosts.
    let unreachable = Endpoint::parse("https://255.255.255.255").unwrap();
    let refused = Endpoint::parse(&format!("http://{}", unused_port())).unwrap();
    let proxy = format!("http://user:{PASSWORD}@{}", unused_port());
    let lost_proxy = format!("http://user:{PASSWORD}@{}.invalid", "a".repeat(64));
    let situations = [
        ("unreachable", UreqTransport::builder(), unreachable, "no connection to the server 255", "firewall"),
        ("refused", UreqTransport::builder(), refused, "refused", "host and port"),
        ("unknown", UreqTransport::builder(), nowhere(), "no address was found", "resolves names"),
        (
            "refused proxy",
            UreqTransport::builder().proxy(proxy),
            nowhere(),
            "no connection to the proxy",
            "proxy's URL",
        ),
        ("unknown proxy", UreqTransport::builder().proxy(lost_proxy), nowhere(), "found for the proxy", "proxy's URL"),
    ];
    for (name, builder, endpoint, cause, advice) in situations {
        let error = call(&builder.build().unwrap(), &endpoint).unwrap_err();
        assert_eq!((error.kind(), error.is_transient()), (ErrorKind::NotSent, true), "{name}: {error:#}");
        check_texts(name, &error, cause, advice);
    }
}

/// Runs one of the tests below with an environment of its own.
fn child(test: &str) -> Command {
    let mut child = support::child(test);
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"] {
        child.env_remove(name);
    }
    child
}

#[test]
fn a_proxy_of_the_environment_is_mentioned() {
    let mut child = child("situations::fail_beside_a_proxy");
    child.env("https_proxy", format!("http://user:{PASSWORD}@proxy.example.org:3128"));
    support::assert_passes(child);
}

#[test]
#[ignore = "run in a process of its own by the test above"]
fn fail_beside_a_proxy() {
    let hint = "https_proxy is set, but this library uses a proxy only if the program names one";
    let error = call(&UreqTransport::new(), &nowhere()).unwrap_err();
    check_texts("unknown host", &error, "no address was found", hint);
    // Nobody reaches this machine through a proxy.
    let refused = Endpoint::parse(&format!("http://{}", unused_port())).unwrap();
    assert!(!call(&UreqTransport::new(), &refused).unwrap_err().advice().contains("proxy"));
    // And a program that gave one knows.
    let given = UreqTransport::builder().proxy(format!("http://{}", unused_port())).build().unwrap();
    assert!(!call(&given, &nowhere()).unwrap_err().advice().contains("is set"));
}

#[test]
fn no_proxy_of_the_environment_is_not_mentioned() {
    support::assert_passes(child("situations::fail_without_a_proxy"));
}

#[test]
#[ignore = "run in a process of its own by the test above"]
fn fail_without_a_proxy() {
    assert!(!call(&UreqTransport::new(), &nowhere()).unwrap_err().advice().contains("proxy"));
}

/// Elsewhere the platform's certificates do not come from a file.
#[cfg(target_os = "linux")]
#[test]
fn a_machine_without_root_certificates_is_named() {
    let nothing = concat!(env!("CARGO_TARGET_TMPDIR"), "/no-roots.pem");
    std::fs::write(nothing, "").unwrap();
    let mut child = child("situations::fail_without_roots");
    child.env("SSL_CERT_FILE", nothing);
    support::assert_passes(child);
}

#[test]
#[ignore = "run in a process of its own by the test above"]
fn fail_without_roots() {
    let server = CountingServer::new(wait_for_close);
    let (builder, endpoint) = (UreqTransport::builder(), https(&server));
    let (cause, advice) = ("No CA certificates", "install ca-certificates");
    let (name, kind) = ("no roots", ErrorKind::NotSent);
    Situation { name, server, builder, endpoint, kind, attempts: 1, cause, advice }.check();
}
