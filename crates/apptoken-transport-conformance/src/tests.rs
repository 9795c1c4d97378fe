//! Every check fails for a transport with the flaw that it checks for.

mod client;

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use apptoken_core::{Endpoint, FnTransport, HttpRequest, HttpResponse, Transport as _, TransportFailure};

use self::client::{Client, Flaw};
use crate::list::{Check, ESSENTIAL, RECOMMENDED};
use crate::server::{OK, ReceivedRequest, Server, ServerAction, serve};
use crate::{AsyncTransport, SendFuture, check, check_essential, check_time_limit, check_without_socket, run};

/// Every flaw, with the checks that fail.
const FLAWS: &[(Flaw, &[&str])] = &[
    (Flaw::AddsCharset, &["sends_the_request_as_it_is", "sends_a_large_request_whole", "sends_a_file_as_it_is"]),
    (Flaw::DropsAcceptHeader, &["sends_the_request_as_it_is", "sends_a_large_request_whole", "sends_a_file_as_it_is"]),
    (Flaw::ChangesLineEnds, &["sends_the_request_as_it_is", "sends_a_large_request_whole", "sends_a_file_as_it_is"]),
    (Flaw::AlwaysSaysJson, &["sends_a_file_as_it_is"]),
    (Flaw::FailsOnErrorStatus, &["returns_any_status"]),
    (Flaw::FollowsRedirects, &["does_not_follow_redirects"]),
    (
        Flaw::ReadsOneBuffer,
        &["reads_a_body_of_given_length", "reads_a_body_in_chunks", "reads_a_body_up_to_the_close", "bounds_the_size"],
    ),
    (Flaw::KnowsNoChunks, &["reads_a_body_in_chunks", "bounds_the_size", "body_without_its_last_chunk_is_a_failure"]),
    (Flaw::NeedsALength, &["reads_a_body_up_to_the_close"]),
    (Flaw::NeedsABody, &["reads_an_empty_body"]),
    (Flaw::DoesNotDecompress, &["decompresses_what_it_asked_for", "compressed_body_cut_short_is_a_failure"]),
    (Flaw::DropsHeaders, &["does_not_follow_redirects", "passes_headers_on"]),
    (Flaw::ReadsWithoutBound, &["bounds_the_size"]),
    (Flaw::CutsLongBodies, &["bounds_the_size"]),
    (Flaw::RefusesLongBodiesLate, &["bounds_the_size"]),
    (
        Flaw::TakesWhatThereIs,
        &["body_shorter_than_its_length_is_a_failure", "body_without_its_last_chunk_is_a_failure"],
    ),
    (Flaw::TakesAnyHead, &["head_cut_short_is_a_failure", "garbage_is_a_failure"]),
    (
        Flaw::InventsReplies,
        &[
            "body_shorter_than_its_length_is_a_failure",
            "body_without_its_last_chunk_is_a_failure",
            "head_cut_short_is_a_failure",
            "no_reply_is_a_failure",
            "garbage_is_a_failure",
            "reset_after_the_request_is_unknown",
            "reset_amid_the_request_is_unknown",
            "refused_connection_is_a_failure",
            "unknown_host_is_a_failure",
            "sends_no_request_twice",
            "sends_no_request_twice_on_a_used_connection",
            "bounds_the_size",
            "refused_connection_is_not_sent",
        ],
    ),
    (
        Flaw::AlwaysSaysNotSent,
        &[
            "body_shorter_than_its_length_is_a_failure",
            "body_without_its_last_chunk_is_a_failure",
            "head_cut_short_is_a_failure",
            "no_reply_is_a_failure",
            "garbage_is_a_failure",
            "reset_after_the_request_is_unknown",
            "reset_amid_the_request_is_unknown",
            "sends_no_request_twice",
            "sends_no_request_twice_on_a_used_connection",
        ],
    ),
    (Flaw::SaysNotSentWhileWriting, &["reset_amid_the_request_is_unknown"]),
    (Flaw::SendsAgain, &["sends_no_request_twice", "sends_no_request_twice_on_a_used_connection"]),
    (Flaw::SendsAgainOnUsedConnections, &["sends_no_request_twice_on_a_used_connection"]),
    (Flaw::AlwaysSaysUnknown, &["refused_connection_is_not_sent"]),
    (Flaw::ConnectsEachTime, &["keeps_the_connection"]),
    (Flaw::TrustsOldConnections, &["replaces_a_connection_that_the_server_closed"]),
];

/// Blocks on a future that never waits.
fn ready(future: SendFuture<'_>) -> Result<HttpResponse, TransportFailure> {
    let mut future = future;
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("the blocking client of these tests never waits"),
    }
}

#[test]
fn an_async_transport_gets_the_same_checks() {
    let transport = |flaw| {
        move |_: &Endpoint| {
            let client = Client::new(flaw);
            AsyncTransport::new(async move |request: &HttpRequest| client.send(request), ready)
        }
    };
    check(transport(None)).assert_passed();
    let report = check_essential(transport(Some(Flaw::FollowsRedirects)));
    assert_eq!(report.failed().collect::<Vec<_>>(), ["does_not_follow_redirects"]);
}

#[test]
fn a_client_without_flaw_passes() {
    check(|_: &Endpoint| Client::new(None)).assert_passed();
}

#[test]
fn the_server_closes_a_connection_that_is_not_kept() {
    let replies = |number, _: &ReceivedRequest| match number {
        0 => ServerAction::Reply(OK.into()),
        _ => ServerAction::ReplyAndClose(OK.into()),
    };
    let send_two = |server: &Server| {
        let url = server.endpoint().as_str();
        let host = url.strip_prefix("http://").and_then(|rest| rest.strip_suffix("/api_v3")).unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        stream.write_all(&b"POST / HTTP/1.1\r\nConnection: Close\r\nContent-Length: 2\r\n\r\n{}".repeat(2)).unwrap();
        // The unread second request can reset the connection.
        let _ = stream.read_to_end(&mut Vec::new());
    };
    let (_, received) = serve(replies, send_two).unwrap();
    assert_eq!(received.len(), 1);
}

#[test]
fn a_panic_fails_its_check_and_the_others_run() {
    let transport = FnTransport::new(|_| panic!("a transport's bug"));
    let report = check_essential(|_: &Endpoint| &transport);
    assert_eq!(report.failed().count(), ESSENTIAL.len());
    assert!(report.results().all(|(_, outcome)| outcome == Err("the transport panicked")), "{report}");
}

#[test]
fn a_flaw_fails_the_checks_against_it_and_no_others() {
    thread::scope(|scope| {
        for (flaw, expected) in FLAWS {
            scope.spawn(move || {
                let report = run(checks_for(expected), |_: &Endpoint| Client::new(Some(*flaw)));
                let failed: BTreeSet<_> = report.failed().collect();
                assert_eq!(failed, expected.iter().copied().collect(), "{flaw:?}:\n{report}");
            });
        }
    });
}

/// All checks, but the slowest one, which sends megabytes, only if it should fail.
fn checks_for(expected: &[&str]) -> impl Iterator<Item = &'static Check> {
    let slowest = "reset_amid_the_request_is_unknown";
    let with_slowest = expected.contains(&slowest);
    ESSENTIAL.iter().chain(RECOMMENDED).filter(move |check| with_slowest || check.name != slowest)
}

#[test]
fn every_check_has_a_flaw_that_fails_it() {
    let failing: BTreeSet<_> = FLAWS.iter().flat_map(|(_, failed)| *failed).copied().collect();
    let all: BTreeSet<_> = ESSENTIAL.iter().chain(RECOMMENDED).map(|check| check.name).collect();
    assert_eq!(failing, all);
}

#[test]
fn a_recommendation_is_not_essential() {
    for flaw in [Flaw::AlwaysSaysUnknown, Flaw::ConnectsEachTime, Flaw::TrustsOldConnections] {
        check_essential(|_: &Endpoint| Client::new(Some(flaw))).assert_passed();
    }
}

#[test]
fn a_client_with_a_time_limit_passes_its_check() {
    let hasty = |flaw| move |_: &Endpoint| Client::new(flaw).time_limit(Duration::from_millis(50));
    assert_eq!(check_time_limit(hasty(None)), Ok(()));
    let wrong = check_time_limit(hasty(Some(Flaw::AlwaysSaysNotSent))).unwrap_err();
    assert!(wrong.contains("says not sent"), "{wrong}");
}

#[test]
fn a_transport_without_socket_is_checked_by_its_replies() {
    let with_time = |request: &HttpRequest| {
        assert_eq!(request.method(), "POST");
        Ok(HttpResponse::new(200, [("Date", "Sun, 06 Nov 1994 08:49:37 GMT")], b"{}".to_vec()))
    };
    check_without_socket(&FnTransport::new(with_time)).assert_passed();

    let failed = |transport: fn(&HttpRequest) -> Result<HttpResponse, TransportFailure>| {
        check_without_socket(&FnTransport::new(transport)).failed().collect::<Vec<_>>()
    };
    assert_eq!(failed(|_| Ok(HttpResponse::new(200, [("", ""); 0], b"{}".to_vec()))), ["answers_a_known_action"]);
    assert_eq!(failed(|_| Err(TransportFailure::unknown("nobody"))).len(), 3);
    assert_eq!(failed(|_| Ok(HttpResponse::new(500, [("", ""); 0], b"{}".to_vec()))).len(), 3);
    assert_eq!(failed(|_| Ok(HttpResponse::new(200, [("", ""); 0], Vec::new()))).len(), 3);
}

#[test]
fn a_report_says_what_is_wrong() {
    let report = check_essential(|_: &Endpoint| Client::new(Some(Flaw::FailsOnErrorStatus)));
    let text = report.to_string();
    assert!(
        text.contains(
            "FAILED  returns_any_status: the transport returned a failure for a complete reply of status 400"
        ),
        "{text}"
    );
    assert!(text.contains("ok      passes_headers_on\n"), "{text}");
}

#[test]
#[should_panic(expected = "the transport does not conform")]
fn a_failed_report_fails_the_test() {
    check_essential(|_: &Endpoint| Client::new(Some(Flaw::DropsHeaders))).assert_passed();
}
