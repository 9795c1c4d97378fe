use apptoken_core::PartnerId;
use apptoken_transport_fake::{DeliveryKind, Fake, WireRequest};
use serde_json::Value;

/// The field that the server stores as text and returns.
const FIELD: &str = "uploadToken[fileName]";

/// A form in a body and in a query: the fake server reads from it the same text as another parser.
///
/// PHP gives names with brackets, dots, spaces and zero bytes a meaning of their own, so forms with other names of that kind
/// are not compared. Valid is a form with a text for the field.
pub fn form(input: &[u8]) -> bool {
    let fake = Fake::new();
    let ks = fake.admin_session(PartnerId::new(101).expect("a valid id")).expect("an account of the fake");
    let (path, own) = ("/api_v3/service/uploadToken/action/add", format!("format=1&ks={}", ks.expose()).into_bytes());
    let form = [&own, input].join(&b'&');
    let body = WireRequest {
        method: "POST".to_owned(),
        target: path.to_owned(),
        headers: vec![("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned())],
        body: form.clone(),
    };
    let found = file_name(&fake, &body);
    let expected = expected(input);
    if let Some(expected) = &expected {
        assert_eq!(found.as_ref(), expected.as_ref(), "in a body");
    }
    // A target is text, and `#` ends its query.
    if let (Ok(query), false) = (String::from_utf8(form), input.contains(&b'#')) {
        let target = format!("{path}?{query}");
        let query = WireRequest { method: "GET".to_owned(), target, headers: Vec::new(), body: Vec::new() };
        assert_eq!(file_name(&fake, &query), found, "in a query");
    }
    expected.flatten().is_some_and(|text| !text.is_empty())
}

/// The text of the last such field by the other parser: `None` if the parsers need not agree, or no text if there is no field.
fn expected(input: &[u8]) -> Option<Option<String>> {
    let mut found = None;
    for (name, value) in form_urlencoded::parse(input) {
        // The other parser replaces what is not UTF-8.
        if value.contains('\u{fffd}') || name.contains('\u{fffd}') {
            return None;
        }
        if name == FIELD {
            // The server refuses what XML cannot contain.
            if value.contains(|c: char| c < ' ' && !"\t\n\r".contains(c) || matches!(c, '\u{fffe}' | '\u{ffff}')) {
                return None;
            }
            found = Some(value.into_owned());
        } else if name.contains(['[', '.', ' ', '\0']) || !name.starts_with('x') {
            return None;
        }
    }
    Some(found)
}

fn file_name(fake: &Fake, request: &WireRequest) -> Option<String> {
    let DeliveryKind::Reply(reply) = fake.handle(request).kind else { panic!("no fault was injected") };
    let reply: Value = serde_json::from_slice(&reply.body).ok()?;
    Some(reply.get("fileName")?.as_str()?.to_owned())
}
