//! Arbitrary answers of a test's own, and requests that get them.

use apptoken_transport_fake::{DeliveryKind, Fake, SetAnswer};
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::fake_request::{answer, read};

/// Reads the first line as an answer in JSON and the rest as a request, as [`fake_request`](crate::fake_request()) does.
///
/// A refused answer changes nothing. An accepted one survives a snapshot, and whatever it contains, a reply in JSON is valid
/// JSON and one in XML is well formed. Valid is an answer that the request gets.
pub fn fake_answer(input: &[u8]) -> bool {
    let Some(end) = input.iter().position(|byte| *byte == b'\n') else { return false };
    let (json, request) = input.split_at(end);
    let Ok(json) = std::str::from_utf8(json) else { return false };
    let fake = Fake::new();
    if fake.answer_from_json(json).is_err() {
        assert!(fake.answers().is_empty());
        return false;
    }
    let snapshot = fake.snapshot();
    let other = Fake::new();
    other.restore(&snapshot).expect("a snapshot of its own");
    assert!(other.snapshot() == snapshot);
    let listed = serde_json::to_string(&fake.answers()).expect("a list of answers");
    assert!(serde_json::from_str::<serde_json::Value>(&listed).is_ok(), "{listed}");

    let text = request.get(1..).unwrap_or_default();
    let Some(request) = read(text, &fake) else { return false };
    answer(&fake, &request);
    // Later calls get further values.
    answer(&fake, &request);
    if let DeliveryKind::Reply(reply) = fake.handle(&request).kind
        && reply.body.starts_with(b"<?xml")
    {
        check_xml(&reply.body);
        // The server repeats what a client sends, also what XML cannot contain; an answer cannot hold such characters.
        if text.iter().all(is_xml) && !text.contains(&b'%') && !text.contains(&b'\\') {
            assert!(reply.body.iter().all(is_xml), "{}", String::from_utf8_lossy(&reply.body));
        }
    }
    fake.answers().iter().map(SetAnswer::given).sum::<u64>() > 0
}

/// Whether XML can contain this byte of a text.
fn is_xml(byte: &u8) -> bool {
    *byte >= b' ' || b"\t\n\r".contains(byte)
}

fn check_xml(body: &[u8]) {
    let mut reader = Reader::from_reader(body);
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => return,
            Ok(Event::Start(element)) => {
                let is_name = |name: &[u8]| name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
                assert!(is_name(element.name().0) && element.attributes().next().is_none());
            }
            Ok(_) => {}
            Err(error) => panic!("{error}: {}", String::from_utf8_lossy(body)),
        }
    }
}
