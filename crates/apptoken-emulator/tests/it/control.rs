//! The control interface.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use apptoken_core::{AppTokenId, HashType, PartnerId};
use apptoken_emulator::{Emulator, Options};
use apptoken_transport_fake::{Fake, Fault, FaultKind, TokenSpec, TokenStatus};
use serde_json::{Value, json};

use crate::client::{Client, Reply};
use crate::life::PING;

const WIDGET: &str = "/api_v3/service/session/action/startWidgetSession?format=1&widgetId=_101";

pub(crate) struct Controlled {
    emulator: Emulator,
    pub(crate) client: Client,
}

impl Controlled {
    pub(crate) fn start() -> Self {
        Self::over(Emulator::start(Fake::new()).unwrap())
    }

    pub(crate) fn over(emulator: Emulator) -> Self {
        Self { client: Client::connect(&emulator), emulator }
    }

    pub(crate) fn fake(&self) -> &Fake {
        self.emulator.fake()
    }

    pub(crate) fn call(&mut self, method: &str, path: &str, body: &str) -> Reply {
        self.client.call(method, &format!("/__control{path}"), body)
    }

    pub(crate) fn json(&mut self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let reply = self.call(method, path, &body);
        assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")), "{}", reply.text());
        serde_json::from_str(reply.text()).unwrap()
    }

    pub(crate) fn get(&mut self, path: &str) -> Value {
        self.json("GET", path, &Value::Null)
    }

    pub(crate) fn done(&mut self, method: &str, path: &str, body: &str) {
        let reply = self.call(method, path, body);
        assert_eq!((reply.status, reply.text()), (204, ""));
    }

    fn widget_session(&mut self) -> Value {
        serde_json::from_str(self.client.get(WIDGET).text()).unwrap()
    }
}

fn partner() -> PartnerId {
    PartnerId::new(101).unwrap()
}

#[test]
fn the_page_documents_every_path() {
    let mut controlled = Controlled::start();
    let reply = controlled.call("GET", "", "");
    assert_eq!(reply.header("content-type"), Some("text/markdown; charset=utf-8"));
    for path in [
        "clock",
        "clock/advance",
        "faults",
        "journal",
        "counts",
        "state",
        "reset",
        "responseCache",
        "partners",
        "appTokens",
        "sessions",
        "answers",
        "objects",
        "uploads",
        "coverage",
        "coverage.md",
        "explain",
        "sessions/inspect",
        "advice",
        "actions",
        "classes",
        "hash",
    ] {
        assert!(reply.text().contains(&format!("/__control/{path}")), "{path}");
    }
}

/// With `BLESS=1` it writes the page.
#[test]
fn the_committed_page_of_what_is_modelled_is_current() {
    let mut controlled = Controlled::start();
    let reply = controlled.call("GET", "/coverage.md", "");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/coverage.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, reply.text()).unwrap();
    }
    assert!(std::fs::read_to_string(path).unwrap() == reply.text(), "write docs/coverage.md anew with BLESS=1");
    assert_eq!(reply.header("content-type"), Some("text/markdown; charset=utf-8"));
}

#[test]
fn what_is_modelled_is_listed_for_machines() {
    let list = Controlled::start().get("/coverage");
    let of = |service: &str, action: &str| {
        let mut all = list.as_array().unwrap().iter();
        all.find(|each| each["service"] == service && each["action"] == action).unwrap()["coverage"].clone()
    };
    assert_eq!(of("appToken", "add"), "modelled");
    assert_eq!(of("media", "list"), "modelled");
    assert_eq!(of("bulkUpload", "list"), "empty");
    assert_eq!(of("media", "approve"), "unknownId");
    assert_eq!(of("partner", "getInfo"), "needsAnswer");
}

#[test]
fn the_clock_is_read_set_and_advanced() {
    let mut controlled = Controlled::start();
    let start = controlled.fake().clock().time().0;
    assert_eq!(controlled.get("/clock"), json!({ "time": start }));
    assert_eq!(controlled.json("POST", "/clock/advance?seconds=90", &Value::Null), json!({ "time": start + 90 }));
    assert_eq!(controlled.json("POST", "/clock", &json!({ "time": 1_000 })), json!({ "time": 1_000 }));
    assert_eq!(controlled.json("POST", "/clock/advance?seconds=0.5", &Value::Null), json!({ "time": 1_000 }));
    assert_eq!(controlled.json("POST", "/clock/advance?seconds=0.5", &Value::Null), json!({ "time": 1_001 }));
    let now = controlled.json("POST", "/clock", &json!({ "time": "now" }))["time"].as_u64().unwrap();
    let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert!(now.abs_diff(real) < 60);
}

#[test]
fn faults_are_added_listed_and_cleared() {
    let mut controlled = Controlled::start();
    let fault = json!({ "action": "system.ping", "trouble": { "cutAfter": 2 }, "nth": 2, "afterCommit": true });
    assert_eq!(controlled.json("POST", "/faults", &fault), json!({ "id": 1 }));
    assert_eq!(
        controlled.json("POST", "/faults", &json!({ "trouble": "reset", "probability": 0.0 })),
        json!({ "id": 2 })
    );
    assert_eq!(controlled.fake().faults()[0].1, Fault::on("system.ping", FaultKind::CutAfter(2)).nth(2).after_commit());
    let list = controlled.get("/faults");
    assert_eq!((list[0]["id"].as_u64(), &list[0]["trouble"]), (Some(1), &json!({ "cutAfter": 2 })));
    controlled.done("DELETE", "/faults/1", "");
    assert_eq!(controlled.call("DELETE", "/faults/1", "").status, 404);
    assert_eq!(controlled.get("/faults").as_array().unwrap().len(), 1);
    controlled.done("DELETE", "/faults", "");
    assert_eq!(controlled.get("/faults"), json!([]));
}

#[test]
fn a_fault_from_the_control_interface_applies() {
    let mut controlled = Controlled::start();
    controlled.json("POST", "/faults", &json!({ "action": "system.ping", "trouble": { "status": 503 }, "nth": 1 }));
    assert_eq!(controlled.client.get(PING).status, 503);
    assert_eq!(controlled.client.get(PING).text(), "true");
}

#[test]
fn every_kind_of_fault_is_read_from_json() {
    let mut controlled = Controlled::start();
    for trouble in [
        FaultKind::Refused,
        FaultKind::Reset,
        FaultKind::CutAfter(3),
        FaultKind::EmptyReply,
        FaultKind::Html(502),
        FaultKind::Xml,
        FaultKind::Null,
        FaultKind::Truncated,
        FaultKind::Malformed,
        FaultKind::Redirect { status: 302, location: "https://localhost/".into() },
        FaultKind::Status(429),
        FaultKind::ApiError("INTERNAL_SERVERL_ERROR".into()),
        FaultKind::ActionBlocked,
        FaultKind::Delay(Duration::from_millis(1)),
        FaultKind::Drip { chunk: 1, pause: Duration::from_millis(1) },
    ] {
        let fault = Fault::on("system.ping", trouble);
        controlled.json("POST", "/faults", &serde_json::to_value(&fault).unwrap());
        assert_eq!(controlled.fake().faults().last().unwrap().1, fault);
    }
}

#[test]
fn the_journal_is_filtered_and_holds_no_secret() {
    let mut controlled = Controlled::start();
    let ks = controlled.widget_session()["ks"].as_str().unwrap().to_owned();
    controlled.client.get(PING);
    controlled.client.get("/api_v3/service/nope/action/x?format=1");
    let parts = json!({ "format": 1, "1": { "service": "system", "action": "ping", "ks": ks } }).to_string();
    controlled.client.post("/api_v3/service/multirequest", &parts);

    let all = controlled.get("/journal");
    assert_eq!((all["requests"].as_u64(), all["count"].as_u64()), (Some(4), Some(4)));
    assert!(!all.to_string().contains(&ks));
    for (query, expected) in [
        ("action=system.ping", vec![2, 4]),
        ("action=SYSTEM.PING", vec![2, 4]),
        ("action=multirequest", vec![4]),
        ("partner=101", vec![1]),
        ("outcome=SERVICE_DOES_NOT_EXISTS", vec![3]),
        ("action=system.ping&outcome=SERVICE_DOES_NOT_EXISTS", vec![]),
        ("status=200&after=2", vec![3, 4]),
        ("status=500", vec![]),
    ] {
        let found = controlled.get(&format!("/journal?{query}"));
        let numbers: Vec<_> =
            found["entries"].as_array().unwrap().iter().map(|entry| entry["number"].as_u64().unwrap()).collect();
        assert_eq!(numbers, expected, "{query}");
        assert_eq!(found["count"].as_u64(), Some(expected.len() as u64), "{query}");
    }
    let newest = controlled.get("/journal?limit=1");
    assert_eq!((newest["count"].as_u64(), newest["entries"][0]["number"].as_u64()), (Some(4), Some(4)));

    controlled.done("DELETE", "/journal", "");
    let cleared = controlled.get("/journal");
    assert_eq!((&cleared["requests"], &cleared["count"], &cleared["entries"]), (&json!(0), &json!(0), &json!([])));
}

#[test]
fn counts_exclude_the_control_interface() {
    let mut controlled = Controlled::start();
    controlled.client.get(PING);
    controlled.get("/clock");
    assert_eq!(
        controlled.get("/counts"),
        json!({ "connections": 1, "requests": 1, "fullHandshakes": 0, "resumedHandshakes": 0 })
    );
}

#[test]
fn the_state_is_read_loaded_and_reset() {
    let mut controlled = Controlled::start();
    let _ = controlled.fake().add_token(partner(), TokenSpec::new(HashType::Sha1));
    let with_one = controlled.call("GET", "/state", "").text().to_owned();
    let _ = controlled.fake().add_token(partner(), TokenSpec::new(HashType::Sha1));
    controlled.done("PUT", "/state", &with_one);
    assert_eq!(controlled.fake().tokens(partner()).len(), 1);

    controlled.fake().inject(Fault::on("system.ping", FaultKind::Reset));
    controlled.widget_session();
    controlled.done("POST", "/reset", "");
    assert!(controlled.fake().tokens(partner()).is_empty());
    assert!(controlled.fake().faults().is_empty());
    assert_eq!(controlled.fake().journal().requests(), 0);
    assert!(controlled.widget_session()["ks"].is_string());
}

#[test]
fn the_response_cache_is_switched() {
    let mut controlled = Controlled::start();
    let is_repeated =
        |controlled: &mut Controlled| controlled.widget_session()["ks"] == controlled.widget_session()["ks"];
    assert!(!is_repeated(&mut controlled));
    controlled.done("POST", "/responseCache", r#"{"on":true}"#);
    assert!(is_repeated(&mut controlled));
    controlled.done("POST", "/responseCache", r#"{"on":false}"#);
    assert!(!is_repeated(&mut controlled));
}

#[test]
fn accounts_are_changed_as_no_api_call_can() {
    let mut controlled = Controlled::start();
    let lifetime = |controlled: &mut Controlled| {
        let expiry = controlled.client.get(&format!("{WIDGET}&expiry=999999"));
        let _: Value = serde_json::from_str(expiry.text()).unwrap();
        controlled.fake().accounts()
    };
    controlled.done("POST", "/partners/101", r#"{"ksMaxExpiry":3600}"#);
    assert!(format!("{:?}", lifetime(&mut controlled)).contains("max_lifetime: Some(3600)"));
    controlled.done("POST", "/partners/101", r#"{"ksMaxExpiry":null}"#);
    assert!(format!("{:?}", lifetime(&mut controlled)).contains("max_lifetime: None"));
    controlled.done("POST", "/partners/101", r#"{"anonymousUser":true}"#);

    let list = "/api_v3/service/appToken/action/list";
    let ks = controlled.fake().admin_session(partner()).unwrap();
    let body = json!({ "ks": ks.expose(), "format": 1 }).to_string();
    assert!(controlled.client.post(list, &body).text().contains("KalturaAppTokenListResponse"));
    controlled.done("POST", "/partners/101", r#"{"status":2}"#);
    assert!(controlled.client.post(list, &body).text().contains("SERVICE_FORBIDDEN_CONTENT_BLOCKED"));
    controlled.done("POST", "/partners/101", r#"{"status":1}"#);
    assert!(controlled.client.post(list, &body).text().contains("KalturaAppTokenListResponse"));
}

#[test]
fn tokens_are_disabled_as_no_api_call_can() {
    let mut controlled = Controlled::start();
    let token = controlled.fake().add_token(partner(), TokenSpec::new(HashType::Sha1));
    let status = |controlled: &Controlled, id: &AppTokenId| controlled.fake().token(id).unwrap().status;
    for (code, expected) in [(1, TokenStatus::Disabled), (2, TokenStatus::Active), (3, TokenStatus::Deleted)] {
        controlled.done("POST", &format!("/appTokens/{}", token.id), &json!({ "status": code }).to_string());
        assert_eq!(status(&controlled, &token.id), expected);
    }
}

#[test]
fn app_tokens_are_listed_with_their_values() {
    let mut controlled = Controlled::start();
    let token = controlled.fake().add_token(partner(), TokenSpec::new(HashType::Sha512).user("alice"));
    controlled.fake().set_token_status(&token.id, TokenStatus::Disabled);
    let listed: Value = serde_json::from_str(controlled.call("GET", "/appTokens", "").text()).unwrap();
    let row = listed.as_array().unwrap().iter().find(|row| row["id"] == token.id.as_str()).unwrap();
    assert_eq!(row["token"], token.secret.expose());
    assert_eq!(
        (&row["hashType"], &row["status"], &row["sessionUserId"]),
        (&json!("SHA512"), &json!(1), &json!("alice"))
    );
}

/// The vectors of RFC 1321 and FIPS 180.
#[test]
fn a_text_is_hashed_with_each_type() {
    let mut controlled = Controlled::start();
    for (hash_type, start) in [
        ("MD5", "900150983cd24fb0"),
        ("SHA1", "a9993e364706816a"),
        ("SHA256", "ba7816bf8f01cfea"),
        ("SHA512", "ddaf35a193617aba"),
    ] {
        let body = json!({ "hashType": hash_type, "text": "abc" }).to_string();
        let reply: Value = serde_json::from_str(controlled.call("POST", "/hash", &body).text()).unwrap();
        assert!(reply["hash"].as_str().unwrap().starts_with(start), "{hash_type}: {reply}");
    }
}

#[test]
fn invalid_requests_name_the_problem() {
    let mut controlled = Controlled::start();
    for (method, path, body, status, text) in [
        ("GET", "/nothing", "", 404, "GET /__control returns the documentation"),
        ("GET", "/clock/advance", "", 405, "expected POST"),
        ("DELETE", "/clock", "", 405, "expected GET, POST"),
        ("PATCH", "", "", 405, "expected GET"),
        ("POST", "/clock/advance", "", 400, "seconds: expected a non-negative number of seconds"),
        ("POST", "/clock/advance?seconds=-1", "", 400, "seconds: expected a non-negative number of seconds"),
        ("POST", "/clock/advance?seconds=inf", "", 400, "seconds: expected a non-negative number of seconds"),
        ("POST", "/clock/advance?second=1", "", 400, "second: expected one of seconds"),
        ("POST", "/clock", r#"{"time":"then"}"#, 400, "expected a Unix time in seconds or \"now\""),
        ("POST", "/faults", "{", 400, "invalid body"),
        ("POST", "/faults", r#"{"trouble":"earthquake"}"#, 400, "earthquake"),
        ("POST", "/faults", r#"{"action":"media.lsit","trouble":"reset"}"#, 400, "the nearest is media.list"),
        ("DELETE", "/faults/x", "", 400, "fault: expected its number"),
        ("GET", "/journal?acton=x", "", 400, "acton: expected one of action"),
        ("GET", "/journal?action=media.lsit", "", 400, "action: no action has the name media.lsit; the nearest is"),
        ("GET", "/journal?status=x", "", 400, "status: expected an HTTP status"),
        ("PUT", "/state", "{}", 400, "not a snapshot"),
        ("POST", "/partners/101", r#"{"status":4}"#, 400, "status: expected 1 (active)"),
        ("POST", "/partners/101", r#"{"colour":4}"#, 400, "unknown field `colour`"),
        ("POST", "/partners/999", r#"{"status":1}"#, 404, "no partner has the id 999"),
        ("POST", "/partners/x", r#"{"status":1}"#, 404, "no partner has the id x"),
        ("POST", "/appTokens/0_nothere", r#"{"status":1}"#, 404, "no app token has the id 0_nothere"),
        ("PUT", "/appTokens", "", 405, "expected GET, POST"),
        ("POST", "/hash", r#"{"hashType":"CRC","text":""}"#, 400, "hashType: expected MD5, SHA1, SHA256 or SHA512"),
        ("POST", "/appTokens/0_nothere", r#"{"status":9}"#, 400, "status: expected 1 (disabled)"),
    ] {
        let reply = controlled.call(method, path, body);
        let error = serde_json::from_str::<Value>(reply.text()).unwrap()["error"].as_str().unwrap().to_owned();
        assert_eq!(reply.status, status, "{method} {path}: {error}");
        assert!(error.contains(text), "{method} {path}: {error}");
    }
}

#[test]
fn web_pages_cannot_use_the_control_interface() {
    let mut controlled = Controlled::start();
    controlled.client.send("POST /__control/reset HTTP/1.1\r\nHost: a\r\nOrigin: https://www.example.org\r\n\r\n");
    assert_eq!(controlled.client.reply().unwrap().status, 403);
}

/// The request of a web page whose host name was rebound to this machine.
#[test]
fn a_rebound_host_name_cannot_read_secrets() {
    let mut controlled = Controlled::start();
    let secret = controlled.fake().admin_secret(partner()).unwrap();
    for (headers, status) in [
        ("Host: localhost\r\n", 200),
        ("Host: rebound.example\r\n", 403),
        ("Host: rebound.example\r\nSec-Fetch-Site: same-origin\r\n", 403),
        ("Host: localhost\r\nSec-Fetch-Site: cross-site\r\n", 403),
        ("Host: localhost\r\nOrigin: http://rebound.example\r\n", 403),
    ] {
        for path in ["state", "journal", "counts", "clock"] {
            controlled.client.send(format!("GET /__control/{path} HTTP/1.1\r\n{headers}\r\n"));
            let reply = controlled.client.reply().unwrap();
            assert_eq!(reply.status, status, "{path} {headers}");
            assert!(status == 200 || !reply.text().contains(secret.expose()));
        }
    }
}

#[test]
fn an_allowed_host_name_is_accepted() {
    let emulator = Options::new().control_host("emulator.test").start(Fake::new()).unwrap();
    let mut client = Client::connect(&emulator);
    for (host, status) in [("emulator.test:8080", 200), ("other.test", 403)] {
        client.send(format!("GET /__control/clock HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert_eq!(client.reply().unwrap().status, status, "{host}");
    }
}

#[test]
fn a_state_with_account_0_is_rejected() {
    let mut controlled = Controlled::start();
    let state = controlled.call("GET", "/state", "").text().replace("\"id\":101,", "\"id\":0,");
    let reply = controlled.call("PUT", "/state", &state);
    assert_eq!(reply.status, 400);
    assert!(reply.text().contains("expected an account id"), "{}", reply.text());
    assert!(controlled.widget_session()["ks"].is_string());
}

#[test]
fn paths_with_a_similar_prefix_reach_the_fake() {
    let mut controlled = Controlled::start();
    assert_eq!(controlled.client.get("/__controls").status, 404);
    assert_eq!(controlled.emulator.counts().requests, 1);
}

#[test]
fn objects_are_added_listed_and_removed() {
    let mut control = Controlled::start();
    let ids = control.json("POST", "/objects", &json!({ "media": [{ "id": "0_a", "name": "Film" }] }));
    assert_eq!(ids, json!({ "media": ["0_a"] }));
    let listed = control.get("/objects");
    assert_eq!((&listed[0]["service"], &listed[0]["properties"]["name"]), (&json!("media"), &json!("Film")));
    control.done("DELETE", "/objects/media/0_a", "");
    assert_eq!(control.call("DELETE", "/objects/media/0_a", "").status, 404);
    control.done("POST", "/uploads", r#"{"readyAfter": 30}"#);
    assert_eq!(control.call("POST", "/uploads", r#""soon""#).status, 400);
    assert_eq!(control.call("POST", "/objects", r#"{"meida": []}"#).status, 400);
    control.done("DELETE", "/objects", "");
}

#[test]
fn an_app_token_is_added_and_deleted_as_the_api_does() {
    let mut controlled = Controlled::start();
    let token =
        json!({ "partnerId": 101, "id": "0_mine", "token": "value", "hashType": "SHA256", "sessionUserId": "me" });
    let added = controlled.json("POST", "/appTokens", &token);
    assert_eq!(added, json!({ "partnerId": 101, "id": "0_mine", "token": "value", "hashType": "SHA256" }));
    let again = controlled.call("POST", "/appTokens", &token.to_string());
    assert_eq!((again.status, again.text()), (400, "{\"error\":\"id: expected an id that no other app token has\"}\n"));
    let generated = controlled.json("POST", "/appTokens", &json!({ "partnerId": 101 }));
    assert_eq!((generated["token"].as_str().unwrap().len(), &generated["hashType"]), (32, &json!("SHA1")));
    controlled.done("DELETE", "/appTokens/0_mine", "");
    assert_eq!(controlled.call("DELETE", "/appTokens/0_mine", "").status, 404);
    let id = AppTokenId::parse("0_mine").unwrap();
    assert_eq!(controlled.fake().token(&id).unwrap().status, TokenStatus::Deleted);
}

#[test]
fn each_kind_of_session_is_made_in_one_request() {
    let mut controlled = Controlled::start();
    let now = controlled.fake().clock().time().0;
    let reader = controlled.fake().admin_session(partner()).unwrap();
    let mut read = |asked: &Value, ks: &str| -> Value {
        let mut body = asked.clone();
        body["partnerId"] = json!(101);
        let made = controlled.json("POST", "/sessions", &body);
        let ks = if ks.is_empty() { made["ks"].as_str().unwrap() } else { ks };
        let read = json!({ "ks": ks, "session": made["ks"] }).to_string();
        serde_json::from_str(controlled.client.post("/api_v3/service/session/action/get?format=1", &read).text())
            .unwrap()
    };
    for (asked, user, kind, expiry) in [
        (json!({ "type": "admin" }), "admin", "2", now + 86_400),
        (json!({ "type": "admin", "userId": "root", "expiry": 60 }), "root", "2", now + 60),
        (json!({ "type": "user" }), "", "0", now + 86_400),
        (json!({ "type": "user", "userId": "alice", "privileges": "sview:*" }), "alice", "0", now + 86_400),
        (json!({ "type": "widget" }), "0", "0", now + 86_400),
    ] {
        let session = read(&asked, reader.expose());
        let shown = ["userId", "sessionType", "expiry"].map(|name| session[name].as_str().unwrap_or_default());
        assert_eq!(shown, [user, kind, &expiry.to_string()], "{asked}: {session}");
    }
    for kind in ["admin", "user", "widget"] {
        assert_eq!(read(&json!({ "type": kind, "expiry": -1 }), "")["args"]["KSID"], "EXPIRED", "{kind}");
    }
    for (body, status, error) in [
        (r#"{"partnerId":5,"type":"admin"}"#, 404, "no partner has the id 5"),
        (r#"{"partnerId":101,"type":"widget","userId":"a"}"#, 400, "userId: expected no user for a widget session"),
        (r#"{"partnerId":101,"type":"root"}"#, 400, "expected one of `admin`, `user`, `widget`"),
    ] {
        let reply = controlled.call("POST", "/sessions", body);
        assert_eq!(reply.status, status, "{body}");
        assert!(reply.text().contains(error), "{body}: {}", reply.text());
    }
}

#[test]
fn the_health_endpoint_is_for_everybody_and_not_counted() {
    let mut controlled = Controlled::start();
    controlled.client.send("GET /__health HTTP/1.1\r\nHost: kaltura:8080\r\n\r\n");
    let reply = controlled.client.reply().unwrap();
    assert_eq!((reply.status, reply.text()), (200, "ok\n"));
    assert_eq!(controlled.client.post("/__health", "").status, 405);
    assert_eq!(controlled.get("/counts")["requests"], 0);
}

#[test]
fn the_control_token_is_accepted_under_any_host_name() {
    let emulator = Options::new().control_token("t0ken").start(Fake::new()).unwrap();
    let mut client = Client::connect(&emulator);
    for (authorization, status) in [("Bearer t0ken", 204), ("Bearer other", 403)] {
        client.send(format!(
            "POST /__control/reset HTTP/1.1\r\nHost: kaltura\r\nAuthorization: {authorization}\r\nContent-Length: 0\r\n\r\n"
        ));
        assert_eq!(client.reply().unwrap().status, status, "{authorization}");
    }
}
