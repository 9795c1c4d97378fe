//! Arbitrary HTTP requests to the fake server.

use apptoken_core::PartnerId;
use apptoken_transport_fake::{DeliveryKind, Fake, WireReply, WireRequest};

/// Reads the input as an HTTP request (`METHOD target`, headers, an empty line, a body) and sends it to the fake server.
///
/// The server must answer with a status that a Kaltura server or its web server returns, and a JSON reply must be valid JSON.
/// `$ADMIN` is replaced by an admin session, so that code behind permissions is reached too, and `$ACTION` by the path of an
/// action that the bytes of the input select, so that all actions are reached. Valid is a request that succeeds.
pub fn fake_request(input: &[u8]) -> bool {
    let fake = Fake::new();
    fake.set_response_cache(input.first().is_some_and(u8::is_ascii_lowercase));
    let Some(request) = read(input, &fake) else { return false };
    let first = answer(&fake, &request);
    // Whatever state the first request left, the next one is answered too.
    answer(&fake, &request);
    assert!(fake.journal().requests() == 2);
    first
}

pub(crate) fn answer(fake: &Fake, request: &WireRequest) -> bool {
    let DeliveryKind::Reply(reply) = fake.handle(request).kind else { panic!("no fault was injected") };
    check_reply(&reply, request);
    reply.status == 200 && !reply.body.is_empty() && !contains(&reply.body, b"KalturaAPIException")
}

/// Checks the status, the size and, unless the request chose another content type, the JSON of a reply.
pub(crate) fn check_reply(reply: &WireReply, request: &WireRequest) {
    assert!(matches!(reply.status, 200 | 301 | 400 | 404 | 405 | 413 | 414 | 500), "{}", reply.status);
    assert!(reply.body.len() <= 80 << 20, "{} bytes", reply.body.len());
    let content_type = reply.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let overridden = contains(&request.body, b"content-type") || contains(request.target.as_bytes(), b"content-type");
    if content_type.is_some_and(|(_, value)| value == "application/json") && !overridden && !reply.body.is_empty() {
        let json: Result<serde_json::Value, _> = serde_json::from_slice(&reply.body);
        assert!(json.is_ok(), "{}", String::from_utf8_lossy(&reply.body));
    }
}

pub(crate) fn read(input: &[u8], fake: &Fake) -> Option<WireRequest> {
    let end = input.windows(2).position(|window| window == b"\n\n")?;
    let (head, body) = input.split_at(end);
    let admin = fake.admin_session(PartnerId::new(101).ok()?)?;
    let action = action(input).unwrap_or_default();
    let with_session = |text: &str| text.replace("$ADMIN", admin.expose()).replace("$ACTION", &action);
    let head = with_session(&String::from_utf8_lossy(head));
    let mut lines = head.lines();
    let (method, target) = lines.next()?.split_once(' ')?;
    let headers =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_owned(), value.to_owned()));
    let body = body.get(2..).unwrap_or_default();
    let body = match std::str::from_utf8(body) {
        Ok(text) => with_session(text).into_bytes(),
        Err(_) => body.to_vec(),
    };
    Some(WireRequest { method: method.to_owned(), target: target.to_owned(), headers: headers.collect(), body })
}

/// The path of one of all actions.
fn action(input: &[u8]) -> Option<String> {
    let table = include_str!("../../crates/apptoken-transport-fake/data/actions.tsv");
    let sum: usize = input.iter().map(|byte| usize::from(*byte)).sum();
    let row = table.lines().nth(sum % table.lines().count())?;
    let (service, rest) = row.split_once('\t')?;
    let (name, _) = rest.split_once('\t')?;
    Some(format!("service/{service}/action/{name}"))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
