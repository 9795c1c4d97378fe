//! Sends the requests of a scenario to the fake and parses the replies.

use apptoken_transport_fake::{DeliveryKind, Fake, WireRequest};
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value};

use super::template::text;

/// A reply in the form of the scenarios.
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) content_type: String,
    headers: Vec<(String, String)>,
    pub(super) body: Value,
}

const FORM: &str = "application/x-www-form-urlencoded";

impl Response {
    pub(super) fn of(fake: &Fake, request: &Value) -> Self {
        let delivery = fake.handle(&wire_request(request));
        let DeliveryKind::Reply(reply) = delivery.kind else { panic!("no fault was injected") };
        let header = |name: &str| reply.header(name).unwrap_or_default().replace(' ', "").to_lowercase();
        let content_type = header("Content-Type");
        let body = read(&content_type, &String::from_utf8_lossy(&reply.body));
        let headers = reply.headers.into_iter().map(|(name, value)| (name.into_owned(), value.into_owned()));
        Self { status: reply.status, content_type, headers: headers.collect(), body }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The value at a dotted path; the whole body for an empty one.
    pub(super) fn at(&self, path: &str) -> Option<&Value> {
        if path.is_empty() {
            return Some(&self.body);
        }
        path.split('.').try_fold(&self.body, |value, key| match value {
            Value::Array(items) => items.get(key.parse::<usize>().ok()?),
            value => value.get(key),
        })
    }
}

fn wire_request(request: &Value) -> WireRequest {
    let part = |name: &str| request.get(name).and_then(Value::as_str);
    let method = part("method").unwrap_or("POST");
    let mut target = part("path").expect("a path").to_owned();
    let mut kind = part("content_type").map(str::to_owned);
    let mut body = Vec::new();
    if let Some(json) = request.get("json") {
        kind.get_or_insert_with(|| "application/json".to_owned());
        body = json.to_string().into_bytes();
    } else if let Some(raw) = part("body") {
        body = match part("encoding") {
            Some("latin-1") => raw.chars().map(|each| u8::try_from(u32::from(each)).expect("latin-1")).collect(),
            _ => raw.as_bytes().to_vec(),
        };
    } else if let Some(params) = request.get("params").and_then(Value::as_object) {
        if matches!(method, "GET" | "HEAD" | "DELETE") {
            target = format!("{target}{}{}", if target.contains('?') { '&' } else { '?' }, form(params));
        } else if kind.as_deref() == Some("multipart/form-data") {
            body = multipart(params).into_bytes();
            kind = Some(format!("multipart/form-data; boundary={BOUNDARY}"));
        } else {
            kind.get_or_insert_with(|| FORM.to_owned());
            body = form(params).into_bytes();
        }
    }
    let given = request.get("headers").and_then(Value::as_object).into_iter().flatten();
    let mut headers: Vec<_> = given.map(|(name, value)| (name.clone(), text(value))).collect();
    headers.push(("Host".to_owned(), "fake".to_owned()));
    headers.extend(kind.filter(|kind| !kind.is_empty()).map(|kind| ("Content-Type".to_owned(), kind)));
    WireRequest { method: method.to_owned(), target: quoted(&target), headers, body }
}

/// Encodes characters that a target must not contain.
fn quoted(target: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-~/:?&=%[]{},*~@!$'()+;#|".contains(&byte);
    target
        .bytes()
        .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

const BOUNDARY: &str = "--------conformance";

fn multipart(params: &Map<String, Value>) -> String {
    let part = |(name, value): (&String, &Value)| {
        format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{}\r\n", python(value))
    };
    params.iter().map(part).collect::<String>() + &format!("--{BOUNDARY}--\r\n")
}

fn form(params: &Map<String, Value>) -> String {
    let encode = |text: &str| -> String {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-~".contains(&byte);
        let encoded = |byte: u8| match byte {
            b' ' => "+".to_owned(),
            byte if is_plain(byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        };
        text.bytes().map(encoded).collect()
    };
    let pairs: Vec<_> =
        params.iter().map(|(name, value)| format!("{}={}", encode(name), encode(&python(value)))).collect();
    pairs.join("&")
}

/// A value as text, in the form of the Python recorder.
fn python(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        other => text(other),
    }
}

fn read(content_type: &str, body: &str) -> Value {
    let parsed = if content_type.contains("json") {
        serde_json::from_str(body).ok()
    } else if content_type.contains("xml") {
        read_xml(body)
    } else {
        None
    };
    parsed.unwrap_or_else(|| body.into())
}

/// The name and content of the root: a text, an object of its children, or a list if names repeat.
fn read_xml(body: &str) -> Option<Value> {
    let mut reader = Reader::from_str(body);
    let mut open: Vec<Element> = Vec::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                open.push((String::from_utf8(start.name().as_ref().to_vec()).ok()?, Vec::new(), String::new()))
            }
            Event::Text(found) => {
                if let Some((_, _, text)) = open.last_mut() {
                    text.push_str(&found.decode().ok()?);
                }
            }
            Event::GeneralRef(found) => {
                let (_, _, text) = open.last_mut()?;
                text.push_str(quick_xml::escape::resolve_predefined_entity(&found.decode().ok()?)?);
            }
            Event::End(_) => {
                let (name, children, text) = open.pop()?;
                let value = content(children, text);
                match open.last_mut() {
                    Some((_, siblings, _)) => siblings.push((name, value)),
                    None => return Some(Value::Object([(name, value)].into_iter().collect())),
                }
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}

/// The name, children and text of an open element.
type Element = (String, Vec<(String, Value)>, String);

fn content(children: Vec<(String, Value)>, text: String) -> Value {
    if children.is_empty() {
        return text.into();
    }
    let names: std::collections::BTreeSet<_> = children.iter().map(|(name, _)| name.clone()).collect();
    if names.len() == children.len() {
        return children.into_iter().collect::<Map<_, _>>().into();
    }
    children.into_iter().map(|(name, value)| Value::Object([(name, value)].into_iter().collect())).collect()
}
