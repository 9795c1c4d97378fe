//! Large requests: others do not wait for them, and a declared length allocates no memory.

use apptoken_core::PartnerId;
use apptoken_emulator::Emulator;
use apptoken_transport_fake::Fake;

use crate::client::Client;
use crate::life::PING;

const MULTIREQUEST: &str = "/api_v3/service/multirequest?format=1";

/// A multirequest with many parts, so that other requests run between them.
fn many_parts() -> String {
    let parts: Vec<_> =
        (1..=10_000).map(|number| format!(r#""{number}":{{"service":"system","action":"ping"}}"#)).collect();
    format!("{{{}}}", parts.join(","))
}

fn start_post(client: &mut Client, target: &str, body: &str) {
    let length = body.len();
    client.send(format!(
        "POST {target} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    ));
}

#[test]
fn large_requests_are_handled_on_a_worker_thread() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    let mut client = Client::connect(&emulator);
    let ks = emulator.fake().admin_session(PartnerId::new(101).unwrap()).unwrap();
    let list = format!(r#"{{"ks":"{}"}}"#, ks.expose());
    for (target, body, on_worker) in [
        (PING, "{}", 0),
        (PING, &" ".repeat(16 << 10), 0),
        (PING, &" ".repeat((16 << 10) + 1), 1),
        (MULTIREQUEST, "{}", 1),
        ("/api_v3/service/Multi%72equest?format=1", "{}", 1),
        ("/api_v3/?service=multirequest&format=1", "{}", 1),
        ("/api_v3/service/appToken/action/LIST?format=1", &list, 1),
    ] {
        let before = emulator.counts().worker_requests;
        assert_eq!(client.post(target, body).status, 200);
        assert_eq!(emulator.counts().worker_requests - before, on_worker, "{target} with {} bytes", body.len());
    }
}

#[test]
fn small_requests_do_not_wait_for_a_large_one() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    let mut large = Client::connect(&emulator);
    start_post(&mut large, MULTIREQUEST, &many_parts());
    while emulator.fake().journal().count("system.ping") == 0 {
        std::thread::yield_now();
    }
    assert!(Client::connect(&emulator).get("/api_v3/service/system/action/getTime?format=1").status == 200);
    assert!(large.reply().unwrap().text().starts_with("[true,true,"));
    let order: Vec<_> = emulator.fake().journal().entries().map(|entry| entry.action.clone()).collect();
    assert_eq!(order, ["system.getTime", "multirequest"]);
}

#[test]
fn more_large_requests_than_workers_get_replies() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    let body = format!(r#"{{"1":{{"service":"system","action":"ping","x":"{}"}}}}"#, "x".repeat(100_000));
    let mut clients: Vec<_> = (0..20).map(|_| Client::connect(&emulator)).collect();
    for client in &mut clients {
        start_post(client, MULTIREQUEST, &body);
    }
    for client in &mut clients {
        assert_eq!(client.reply().unwrap().text(), "[true]");
    }
}

#[test]
fn a_declared_length_allocates_no_memory() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    let _announced: Vec<_> = (0..200)
        .map(|_| {
            let mut client = Client::connect(&emulator);
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8388608\r\n\r\n{");
            client
        })
        .collect();
    assert_eq!(Client::connect(&emulator).post(PING, &" ".repeat(8 << 20)).text(), "true");
}
