//! Requests over HTTP get the same replies as direct calls of the fake.

use std::io::Write as _;
use std::time::Duration;

use apptoken_core::{HashType, PartnerId};
use apptoken_emulator::Options;
use apptoken_transport_fake::{DeliveryKind, Fake, TokenSpec, WireReply, WireRequest};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::client::{Client, Reply};

/// A step of a client. Numbers select existing objects.
#[derive(Clone, Debug)]
enum Deed {
    Wait(u64),
    StartWidgetSession,
    StartSession { ks: usize, token: usize, hash: &'static str },
    Manage { action: &'static str, ks: usize, token: usize },
    EndSession { ks: usize },
    Multirequest { ks: usize, parts: Vec<&'static str> },
    Anything { method: &'static str, target: String, kind: &'static str, body: Vec<u8> },
}

/// How the parameters are sent.
#[derive(Clone, Copy, Debug)]
enum Dress {
    Json,
    Form,
    Query,
}

fn deed() -> impl Strategy<Value = Deed> {
    let parts = select(vec!["system/ping", "session/get", "appToken/list", "user/get", "nope/nope"]);
    prop_oneof![
        (0_u64..100_000).prop_map(Deed::Wait),
        Just(Deed::StartWidgetSession),
        (any::<usize>(), any::<usize>(), select(vec!["MD5", "SHA1", "SHA256", "SHA512", "wrong"]))
            .prop_map(|(ks, token, hash)| Deed::StartSession { ks, token, hash }),
        (select(vec!["add", "get", "list", "update", "delete"]), any::<usize>(), any::<usize>())
            .prop_map(|(action, ks, token)| Deed::Manage { action, ks, token }),
        any::<usize>().prop_map(|ks| Deed::EndSession { ks }),
        (any::<usize>(), proptest::collection::vec(parts, 0..4))
            .prop_map(|(ks, parts)| Deed::Multirequest { ks, parts }),
        (
            select(vec!["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"]),
            "(/api_v3/service/[a-zA-Z]{0,8}(/action/[a-z]{0,8})?|/api_v3/?|/[a-z_/]{0,12})(\\?[a-z0-9=&:%]{0,30})?",
            select(vec![
                "application/json",
                "application/x-www-form-urlencoded",
                "multipart/form-data; boundary=b",
                "text/xml",
                ""
            ]),
            proptest::collection::vec(any::<u8>(), 0..200),
        )
            .prop_map(|(method, target, kind, body)| Deed::Anything { method, target, kind, body }),
    ]
}

/// The values that a client uses from earlier replies.
#[derive(Default)]
struct Memory {
    sessions: Vec<String>,
    tokens: Vec<(String, String)>,
}

impl Memory {
    fn ks(&self, number: usize) -> &str {
        self.sessions.get(number % self.sessions.len().max(1)).map_or("none", String::as_str)
    }

    fn token(&self, number: usize) -> (&str, &str) {
        self.tokens.get(number % self.tokens.len().max(1)).map_or(("0_none", ""), |(id, value)| (id, value))
    }

    fn learn(&mut self, reply: &WireReply) {
        let Ok(json) = serde_json::from_slice::<Value>(&reply.body) else { return };
        self.sessions.extend(json["ks"].as_str().map(str::to_owned));
        if let (Some(id), Some(value)) = (json["id"].as_str(), json["token"].as_str()) {
            self.tokens.push((id.to_owned(), value.to_owned()));
        }
    }

    fn request(&self, deed: &Deed, dress: Dress, format: u8) -> Option<WireRequest> {
        let (service, action, mut params) = match deed {
            Deed::Wait(_) => return None,
            Deed::Anything { method, target, kind, body } => {
                return Some(request(method, target.clone(), kind, body.clone()));
            }
            Deed::StartWidgetSession => ("session", "startWidgetSession", json!({ "widgetId": "_101" })),
            Deed::StartSession { ks, token, hash } => {
                let (id, value) = self.token(*token);
                let ks = self.ks(*ks);
                ("appToken", "startSession", json!({ "ks": ks, "id": id, "tokenHash": proof(hash, ks, value) }))
            }
            Deed::Manage { action, ks, token } => {
                let token_object = json!({ "hashType": "SHA256", "sessionUserId": "replay", "description": action });
                (
                    "appToken",
                    *action,
                    json!({ "ks": self.ks(*ks), "id": self.token(*token).0, "appToken": token_object }),
                )
            }
            Deed::EndSession { ks } => ("session", "end", json!({ "ks": self.ks(*ks) })),
            Deed::Multirequest { ks, parts } => {
                let mut params = json!({ "ks": self.ks(*ks) });
                for (number, part) in (1..).zip(parts) {
                    let (service, action) = part.split_once('/').unwrap();
                    params[number.to_string()] = json!({ "service": service, "action": action });
                }
                ("multirequest", "", params)
            }
        };
        params["format"] = json!(format);
        Some(dressed(service, action, &params, dress))
    }
}

fn proof(hash: &str, ks: &str, token: &str) -> String {
    use sha2::Digest as _;
    match hash {
        "SHA256" => hex::encode(sha2::Sha256::digest(format!("{ks}{token}"))),
        other => format!("no proof for {other}"),
    }
}

fn dressed(service: &str, action: &str, params: &Value, dress: Dress) -> WireRequest {
    let path = format!("/api_v3/service/{service}/action/{action}");
    match dress {
        Dress::Json => request("POST", path, "application/json", params.to_string().into_bytes()),
        Dress::Form => request("POST", path, "application/x-www-form-urlencoded", flat(params).into_bytes()),
        Dress::Query => request("GET", format!("{path}?{}", flat(params)), "", Vec::new()),
    }
}

fn request(method: &str, target: String, kind: &str, body: Vec<u8>) -> WireRequest {
    let headers = [("Host", "localhost"), ("Content-Type", kind)];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    WireRequest { method: method.to_owned(), target, headers, body }
}

/// The parameters as a form.
fn flat(params: &Value) -> String {
    fn add(prefix: &str, value: &Value, form: &mut form_urlencoded::Serializer<'_, String>) {
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}:{key}") };
                    add(&name, value, form);
                }
            }
            Value::String(text) => drop(form.append_pair(prefix, text)),
            other => drop(form.append_pair(prefix, &other.to_string())),
        }
    }
    let mut form = form_urlencoded::Serializer::new(String::new());
    add("", params, &mut form);
    form.finish()
}

fn over_http(client: &mut Client, request: &WireRequest) -> Reply {
    let WireRequest { method, target, headers, body } = request;
    let mut bytes = format!("{method} {target} HTTP/1.1\r\n").into_bytes();
    for (name, value) in headers {
        write!(bytes, "{name}: {value}\r\n").unwrap();
    }
    write!(bytes, "Content-Length: {}\r\n\r\n", body.len()).unwrap();
    client.send([bytes, body.clone()].concat());
    if method == "HEAD" { client.head().unwrap() } else { client.reply().unwrap() }
}

/// The headers with names in lower case, without those that HTTP adds.
fn headers<T: AsRef<str>>(headers: &[(T, T)]) -> Vec<(String, &str)> {
    let mut headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.as_ref().to_ascii_lowercase(), value.as_ref()))
        .filter(|(name, _)| name != "content-length")
        .collect();
    headers.sort();
    headers
}

fn fake(seed: u64, response_cache: bool) -> Fake {
    let fake = Fake::builder().seed(seed).response_cache(response_cache).build();
    let _ = fake.add_token(PartnerId::new(101).unwrap(), TokenSpec::new(HashType::Sha256).user("replay"));
    fake
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn http_does_not_change_replies(
        seed in any::<u64>(),
        response_cache in any::<bool>(),
        deeds in proptest::collection::vec((deed(), select(vec![Dress::Json, Dress::Form, Dress::Query]), select(vec![1_u8, 1, 1, 2, 3])), 1..40),
    ) {
        let direct = fake(seed, response_cache);
        let carried = fake(seed, response_cache);
        // Without the console, which Kaltura does not have at `/`.
        let emulator = Options::new().allow_other_machines().start(carried.clone()).unwrap();
        let mut client = Client::connect(&emulator);
        let partner = PartnerId::new(101).unwrap();
        let mut memory = Memory::default();
        for fake in [&direct, &carried] {
            memory.sessions = vec![fake.admin_session(partner).unwrap().expose().to_owned()];
            memory.tokens = fake.tokens(partner).iter().map(|token| (token.id.to_string(), token.secret.expose().to_owned())).collect();
        }
        for (deed, dress, format) in deeds {
            if let Deed::Wait(seconds) = deed {
                direct.clock().advance(Duration::from_secs(seconds));
                carried.clock().advance(Duration::from_secs(seconds));
            }
            let Some(request) = memory.request(&deed, dress, format) else { continue };
            let DeliveryKind::Reply(expected) = direct.handle(&request).kind else { panic!("no fault was asked for") };
            let came = over_http(&mut client, &request);
            prop_assert_eq!(came.status, expected.status, "{:?}", deed);
            prop_assert_eq!(headers(&came.headers), headers(&expected.headers), "{:?}", deed);
            prop_assert_eq!(String::from_utf8_lossy(&came.body), String::from_utf8_lossy(&expected.body), "{:?}", deed);
            memory.learn(&expected);
        }
        prop_assert_eq!(direct.snapshot(), carried.snapshot());
    }
}
