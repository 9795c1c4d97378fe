//! Measures how long other clients wait while one client sends the most expensive requests that the limits allow.
//!
//! `cargo run --release -p apptoken-emulator --example stall` prints one line per expensive request: the time until
//! its reply, the number of requests of four other clients during that time, and the longest wait of any of these.
#![allow(clippy::print_stdout)]

use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use apptoken_emulator::Emulator;
use apptoken_transport_fake::Fake;

/// The default limit of a request body.
const MAX_BODY: usize = 8 << 20;

/// The time after which a request fails.
const PATIENCE: Duration = Duration::from_secs(25);

const OTHERS: [&str; 4] = [
    "/api_v3/service/system/action/ping?format=1",
    "/api_v3/service/session/action/startWidgetSession?format=1&widgetId=_101",
    "/api_v3/service/system/action/getTime?format=1",
    "/api_v3/service/session/action/startWidgetSession?format=2&widgetId=_101",
];

fn main() -> io::Result<()> {
    println!("{:<36} {:>9} {:>12} {:>9} {:>13}", "request", "bytes", "its reply", "others", "longest wait");
    for (name, request) in requests() {
        measure(name, &request)?;
    }
    Ok(())
}

fn measure(name: &str, request: &[u8]) -> io::Result<()> {
    let emulator = Emulator::start(Fake::new())?;
    let address = emulator.address();
    let done = AtomicBool::new(false);
    let (own, others) = thread::scope(|scope| {
        let others: Vec<_> = OTHERS.iter().map(|target| scope.spawn(|| ask_until(&done, address, target))).collect();
        let own = time(|| reply(&mut connect(address)?, request));
        done.store(true, Ordering::Relaxed);
        (own, others.into_iter().filter_map(|thread| thread.join().ok()).collect::<Vec<_>>())
    });
    let own = own.map_or_else(|_| format!("> {PATIENCE:.0?}"), |time| format!("{time:.1?}"));
    let answered: usize = others.iter().map(|(count, _)| count).sum();
    let longest = others.iter().map(|(_, longest)| *longest).max().unwrap_or_default();
    println!("{name:<36} {:>9} {own:>12} {answered:>9} {:>13}", request.len(), format!("{longest:.1?}"));
    Ok(())
}

/// Sends one request after another. Returns their number and the longest wait for a reply.
fn ask_until(done: &AtomicBool, address: SocketAddr, target: &str) -> (usize, Duration) {
    let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let (mut count, mut longest) = (0, Duration::ZERO);
    let Ok(mut connection) = connect(address) else { return (0, PATIENCE) };
    while !done.load(Ordering::Relaxed) {
        match time(|| reply(&mut connection, request.as_bytes())) {
            Ok(time) => (count, longest) = (count + 1, longest.max(time)),
            Err(_) => return (count, PATIENCE),
        }
    }
    (count, longest)
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let connection = TcpStream::connect(address)?;
    connection.set_nodelay(true)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    Ok(connection)
}

/// Sends a request and reads its reply.
fn reply(connection: &mut TcpStream, request: &[u8]) -> io::Result<()> {
    connection.write_all(request)?;
    let mut bytes = Vec::new();
    let mut buffer = [0; 64 << 10];
    loop {
        let read = connection.read(&mut buffer)?;
        bytes.extend_from_slice(buffer.get(..read).unwrap_or_default());
        if read == 0 || is_whole(&bytes) {
            return if read == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) };
        }
    }
}

fn is_whole(reply: &[u8]) -> bool {
    let Some(end) = reply.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(reply.get(..end).unwrap_or_default()).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    reply.len() >= end + 4 + length.unwrap_or(0)
}

fn time(work: impl FnOnce() -> io::Result<()>) -> io::Result<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

/// The expensive requests, with their names.
fn requests() -> Vec<(&'static str, Vec<u8>)> {
    const JSON: &str = "application/json";
    let boundary = format!("{}x", "-".repeat(50_000));
    let parts = numbered(60_000, |json, number| {
        let _ = write!(json, "\"{number}\":{{\"service\":\"system\",\"action\":\"ping\"}},");
    });
    let chain = numbered(20_000, |json, number| {
        let _ = write!(
            json,
            "\"{number}\":{{\"service\":\"system\",\"action\":\"ping\",\"x\":\"{{{}:result}}\"}},",
            number - 1
        );
    });
    let colons = |part: &str| {
        numbered(240_000, |json, number| {
            let _ = write!(json, "\"{part}{number}:{number}\":1,");
        })
    };
    let braces = "{".repeat(MAX_BODY - 20);
    vec![
        (
            "a boundary of 50,001 characters",
            post("session", &format!("multipart/form-data; boundary={boundary}"), &"-".repeat(MAX_BODY)),
        ),
        ("60,000 parts of a multirequest", post("multirequest", JSON, &parts)),
        ("a chain of 20,000 references", post("multirequest", JSON, &chain)),
        ("240,000 keys with colons", post("session", JSON, &colons("x"))),
        ("240,000 keys of parts with colons", post("multirequest", JSON, &colons(""))),
        ("8 MiB of braces", post("multirequest", JSON, &format!("{{\"1\":{{\"x\":\"{braces}}}\"}}}}"))),
        ("8 MiB of text", post("session", JSON, &format!("{{\"ks\":\"{}\"}}", "a".repeat(MAX_BODY - 20)))),
    ]
}

fn numbered(count: usize, mut each: impl FnMut(&mut String, usize)) -> String {
    let mut json = "{".to_owned();
    for number in 1..=count {
        each(&mut json, number);
    }
    json + "\"format\":1}"
}

fn post(service: &str, content_type: &str, body: &str) -> Vec<u8> {
    format!(
        "POST /api_v3/service/{service}/action/start?format=1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
