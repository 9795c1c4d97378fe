//! Tests of what ureq logs: nothing secret at DEBUG and above, but whole replies at TRACE.

use std::cell::{Cell, RefCell};
use std::fmt::Write as _;

use apptoken_core::api::session::StartWidgetSession;
use apptoken_core::{Call, Endpoint, Ks, Moment, PartnerId, Transport, UnixSeconds};
use apptoken_transport_ureq::UreqTransport;
use log::{LevelFilter, Log, Metadata, Record};

use crate::support::{Server, nowhere, send};

/// A distinctive text in the form of a KS.
const SENT: &str = "djJ8MTAxfENhbmFyeVNlbnQ0MmJiMjc2YWVmZg";
const RETURNED: &str = "djJ8MTAxfENhbmFyeUJhY2s5OTBhMTJmZjA3";

thread_local! {
    static LEVEL: Cell<LevelFilter> = const { Cell::new(LevelFilter::Off) };
    static LINES: RefCell<Vec<(String, String)>> = const { RefCell::new(Vec::new()) };
}

/// Records what the current thread logs, with target and text.
struct Memory;

impl Log for Memory {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= LEVEL.get()
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            LINES.with_borrow_mut(|lines| lines.push((record.target().into(), record.args().to_string())));
        }
    }

    fn flush(&self) {}
}

/// What is logged at this level and above, while one secret is sent and another received.
fn logged(level: LevelFilter) -> Vec<(String, String)> {
    // Another test may have installed the logger.
    let _ = log::set_logger(&Memory);
    log::set_max_level(LevelFilter::Trace);
    LEVEL.set(level);
    LINES.take();

    let body = format!(r#"{{"ks":"{RETURNED}"}}"#);
    let reply = format!("HTTP/1.1 200 OK\r\nX-Kaltura-App: {RETURNED}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let server = Server::answering(reply);
    let transport = UreqTransport::new();
    let now = Moment { wall: UnixSeconds(0), elapsed: std::time::Duration::ZERO };
    let call = |endpoint: &Endpoint| {
        let call = Call::new(endpoint.clone(), StartWidgetSession::of(PartnerId::new(101).unwrap()));
        call.with_ks(Ks::parse(SENT).unwrap()).start(now).unwrap()
    };
    assert_eq!(transport.send(call(&server.endpoint()).request()).unwrap().body(), body.as_bytes());
    assert!(server.finish().contains(SENT));
    // Also for a failure.
    transport.send(call(&nowhere()).request()).unwrap_err();

    LEVEL.set(LevelFilter::Off);
    LINES.take()
}

fn text(lines: &[(String, String)]) -> String {
    lines.iter().fold(String::new(), |mut text, (target, line)| {
        writeln!(text, "{target}: {line}").unwrap();
        text
    })
}

#[test]
fn debug_shows_no_secret() {
    let text = text(&logged(LevelFilter::Debug));
    assert!(text.contains("ureq"), "nothing was logged at all: {text}");
    assert!(text.contains("127.0.0.1"), "{text}");
    for secret in [SENT, RETURNED] {
        assert!(!text.contains(secret), "{text}");
        // ureq prints bodies with 16 bytes per line.
        assert!(!text.contains(&secret[12..20]), "{text}");
    }
    assert!(!text.contains("startWidgetSession"), "the path is not meant to be there: {text}");
}

#[test]
fn trace_shows_whole_replies_under_the_documented_target() {
    let lines = logged(LevelFilter::Trace);
    let (bytes, rest): (Vec<_>, Vec<_>) = lines.into_iter().partition(|(target, _)| target.starts_with("ureq_proto"));
    let (bytes, rest) = (last_columns(&bytes), text(&rest) + &last_columns(&rest));
    assert!(bytes.contains(RETURNED), "{bytes}");
    assert!(bytes.contains("POST./api_v3/service/session"), "{bytes}");
    assert!(!bytes.contains(SENT), "the documentation says less: {bytes}");
    assert!(!rest.contains(SENT) && !rest.contains(RETURNED), "{rest}");
}

/// The printed bytes of all lines. Each line ends with 16 bytes as text.
fn last_columns(lines: &[(String, String)]) -> String {
    lines.iter().flat_map(|(_, line)| line.chars().skip(line.chars().count().saturating_sub(16))).collect()
}

#[test]
fn a_failure_shows_no_secret() {
    let failure = send(&UreqTransport::new(), &nowhere()).unwrap_err();
    let text = format!("{failure} {failure:?}");
    assert!(!text.contains("_101"), "{text}");
}
