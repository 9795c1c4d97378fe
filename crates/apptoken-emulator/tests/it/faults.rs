//! Faults on the connection.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use apptoken_emulator::{Emulator, Options};
use apptoken_transport_fake::{Fake, Fault, FaultKind};

use crate::client::Client;
use crate::life::{PING, with};

/// A request with an XML reply.
const XML: &str = "/api_v3/service/system/action/ping?format=2";

fn emulator(kind: FaultKind) -> Emulator {
    let emulator = Emulator::start(Fake::new()).unwrap();
    emulator.fake().inject(Fault::on("system.ping", kind).nth(1));
    emulator
}

fn request(client: &mut Client, target: &str) {
    client.send(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
}

#[test]
fn a_cut_reply_declares_its_whole_length() {
    let whole = Client::connect(&Emulator::start(Fake::new()).unwrap()).get(XML);
    for after in 0..whole.body.len() {
        let emulator = emulator(FaultKind::CutAfter(after));
        let mut client = Client::connect(&emulator);
        request(&mut client, XML);
        let head = client.head().unwrap();
        assert_eq!(head.header("content-length"), whole.header("content-length"));
        assert_eq!(client.rest().unwrap().len(), after);
    }
}

#[test]
fn a_cut_after_the_body_only_ends_the_connection() {
    let emulator = emulator(FaultKind::CutAfter(1_000));
    let mut client = Client::connect(&emulator);
    assert_eq!(client.get(PING).text(), "true");
    assert_eq!(client.rest().unwrap(), b"");
}

#[test]
fn a_reset_reaches_the_client() {
    let emulator = emulator(FaultKind::Reset);
    let mut client = Client::connect(&emulator);
    request(&mut client, PING);
    assert_eq!(client.reply().unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_refused_request_gets_no_reply() {
    let emulator = emulator(FaultKind::Refused);
    let mut client = Client::connect(&emulator);
    request(&mut client, PING);
    assert_eq!(client.reply().unwrap_err().kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn a_dripped_reply_is_complete() {
    let emulator = emulator(FaultKind::Drip { chunk: 1, pause: Duration::from_millis(10) });
    let mut client = Client::connect(&emulator);
    let started = Instant::now();
    assert_eq!(client.get(PING).text(), "true");
    assert!(started.elapsed() >= Duration::from_millis(30));
    assert_eq!(client.get(PING).text(), "true");
}

#[test]
fn a_delayed_reply_does_not_delay_others() {
    let emulator = emulator(FaultKind::Delay(Duration::from_millis(100)));
    let mut late = Client::connect(&emulator);
    let started = Instant::now();
    request(&mut late, PING);
    // The delay applies to the first request. This request is sent later, but gets its reply earlier.
    while emulator.counts().requests == 0 {
        std::thread::yield_now();
    }
    assert_eq!(Client::connect(&emulator).get(PING).text(), "true");
    assert_eq!(late.reply().unwrap().text(), "true");
    assert!(started.elapsed() >= Duration::from_millis(100));
}

#[test]
fn an_emulator_ends_in_the_middle_of_a_delay() {
    let limits = with(|limits| limits.stop_time = Duration::from_millis(50));
    let emulator = Options::new().limits(limits).start(Fake::new()).unwrap();
    emulator.fake().inject(Fault::on_any(FaultKind::Delay(Duration::from_secs(3_600))));
    let mut client = Client::connect(&emulator);
    request(&mut client, PING);
    while emulator.counts().requests == 0 {
        std::thread::yield_now();
    }
    emulator.stop().unwrap();
    assert!(client.reply().is_err());
}

#[test]
fn other_faults_are_replies() {
    for (trouble, status) in [
        (FaultKind::EmptyReply, 200),
        (FaultKind::Html(502), 502),
        (FaultKind::Redirect { status: 302, location: "http://localhost/".into() }, 302),
        (FaultKind::Status(429), 429),
        (FaultKind::ActionBlocked, 200),
    ] {
        let emulator = emulator(trouble.clone());
        let mut client = Client::connect(&emulator);
        assert_eq!(client.get(PING).status, status, "{trouble:?}");
        assert_eq!(client.get(PING).text(), "true", "{trouble:?}");
    }
}

#[test]
fn faults_apply_over_tls() {
    for trouble in [FaultKind::Reset, FaultKind::Refused, FaultKind::CutAfter(2)] {
        let emulator = Emulator::start_tls(Fake::new()).unwrap();
        emulator.fake().inject(Fault::on_any(trouble.clone()).nth(1));
        let mut client = crate::tls::client(&emulator);
        client.send(format!("GET {PING} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert!(client.reply().is_err(), "{trouble:?}");
    }
}
