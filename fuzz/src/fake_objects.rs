use apptoken_transport_fake::{DeliveryKind, Fake, WireRequest};

use crate::fake_request::{answer, check_reply, read};
use crate::script::split_once;

/// Objects of a test's own in JSON, and a conversation about them.
///
/// The first line is read by `Fake::add_objects`. The rest are requests as [`fake_request`](crate::fake_request()) reads
/// them, with `---` between them; `$ID` in a request is the id in the last reply. Refused objects change nothing. After the
/// conversation, a fake with the snapshot of the first one gives the same replies. Valid is a conversation whose last request
/// succeeds.
pub fn fake_objects(input: &[u8]) -> bool {
    let (seeds, mut rest) = split_once(input, b"\n");
    let Ok(seeds) = std::str::from_utf8(seeds) else { return false };
    let fake = Fake::new();
    let before = fake.snapshot();
    match fake.add_objects(seeds) {
        Ok(ids) => assert!(serde_json::from_str::<serde_json::Value>(&ids).is_ok_and(|ids| ids.is_object()), "{ids}"),
        Err(_) => {
            assert!(fake.snapshot() == before, "refused objects change nothing");
            return false;
        }
    }
    let (mut last, mut id) = (None, String::new());
    while !rest.is_empty() {
        let (text, after) = split_once(rest, b"\n---\n");
        rest = after;
        let Some(mut request) = read(text, &fake) else { return false };
        put_id(&mut request, &id);
        let reply = body(&fake, &request);
        if let Some(new) = id_in(&reply) {
            id = new;
        }
        last = Some(request);
    }
    let Some(last) = last else { return false };
    let copy = Fake::new();
    copy.restore(&fake.snapshot()).expect("a snapshot of its own");
    assert!(copy.snapshot() == fake.snapshot());
    copy.set_response_cache(false);
    fake.set_response_cache(false);
    let (of_fake, of_copy) = (body(&fake, &last), body(&copy, &last));
    assert!(
        without_times(&of_fake) == without_times(&of_copy),
        "{}\n{}",
        String::from_utf8_lossy(&of_fake),
        String::from_utf8_lossy(&of_copy)
    );
    answer(&fake, &last)
}

fn body(fake: &Fake, request: &WireRequest) -> Vec<u8> {
    let DeliveryKind::Reply(reply) = fake.handle(request).kind else { panic!("no fault was injected") };
    check_reply(&reply, request);
    reply.body
}

fn put_id(request: &mut WireRequest, id: &str) {
    request.target = request.target.replace("$ID", id);
    if let Ok(text) = std::str::from_utf8(&request.body) {
        request.body = text.replace("$ID", id).into_bytes();
    }
}

/// The id of an object in a reply in JSON.
fn id_in(reply: &[u8]) -> Option<String> {
    let reply: serde_json::Value = serde_json::from_slice(reply).ok()?;
    let object = reply.get("objects").and_then(|objects| objects.get(0)).unwrap_or(&reply);
    Some(object.get("id")?.as_str()?.to_owned())
}

/// The reply without the execution time, which the server measures.
fn without_times(reply: &[u8]) -> String {
    let text = String::from_utf8_lossy(reply);
    text.split("<executionTime>").next().unwrap_or_default().to_owned()
}
