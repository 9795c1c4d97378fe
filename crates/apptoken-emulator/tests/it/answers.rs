//! Answers of a test's own over HTTP.

use apptoken_core::PartnerId;
use apptoken_emulator::{Emulator, Options};
use apptoken_transport_fake::Fake;
use serde_json::{Value, json};

use crate::control::Controlled;
use crate::life::PING;

/// The reply to `partner.getInfo` of an administrator.
fn info(controlled: &mut Controlled) -> Value {
    let ks = controlled.fake().admin_session(PartnerId::new(101).unwrap()).unwrap();
    let body = json!({ "ks": ks.expose(), "format": 1 }).to_string();
    serde_json::from_str(controlled.client.post("/api_v3/service/partner/action/getInfo", &body).text()).unwrap()
}

#[test]
fn answers_are_set_listed_and_removed() {
    let mut controlled = Controlled::start();
    let answer = json!({ "action": "partner.getInfo", "value": { "name": "mine" } });
    assert_eq!(controlled.json("POST", "/answers", &answer), json!({ "id": 1 }));
    assert_eq!(info(&mut controlled), json!({ "name": "mine", "objectType": "KalturaPartner" }));
    let conditional = json!({ "action": "media.get", "error": { "code": "X" }, "when": { "entryId": "0_a" } });
    assert_eq!(controlled.json("POST", "/answers", &conditional), json!({ "id": 2 }));
    assert_eq!(
        controlled.get("/answers"),
        json!([
            { "id": 1, "given": 1, "action": "partner.getInfo", "value": { "name": "mine" } },
            { "id": 2, "given": 0, "action": "media.get", "error": { "code": "X" }, "when": { "entryId": "0_a" } },
        ])
    );
    assert_eq!(controlled.get("/journal?limit=1")["entries"][0]["answers"], json!([1]));
    controlled.done("DELETE", "/answers/1", "");
    assert_eq!(controlled.call("DELETE", "/answers/1", "").status, 404);
    assert_eq!(controlled.get("/answers").as_array().unwrap().len(), 1);
    controlled.done("DELETE", "/answers", "");
    assert_eq!(controlled.get("/answers"), json!([]));
}

#[test]
fn the_keys_of_an_answer_keep_their_order() {
    let mut controlled = Controlled::start();
    let answer = r#"{"action":"system.ping","value":{"z":1,"a":{}}}"#;
    assert_eq!(controlled.call("POST", "/answers", answer).status, 200);
    assert_eq!(controlled.client.get(PING).text(), r#"{"z":1,"a":{}}"#);
    assert_eq!(controlled.call("GET", "/answers", "").text(), format!(r#"[{{"id":1,"given":1,{}]"#, &answer[1..]));
}

#[test]
fn a_reset_keeps_the_answers_of_the_configuration() {
    let config = r#"{"partners": [{"id": 101, "adminSecret": "a", "secret": "b"}],
        "answers": [{"action": "system.ping", "values": [1, 2]}]}"#;
    let mut controlled = Controlled::over(Emulator::start(Fake::from_config(config).unwrap()).unwrap());
    assert_eq!(controlled.client.get(PING).text(), "1");
    controlled.json("POST", "/answers", &json!({ "action": "system.ping", "value": "other" }));
    controlled.json("POST", "/answers", &json!({ "action": "partner.getInfo", "value": {} }));
    assert_eq!(controlled.client.get(PING).text(), r#""other""#);
    controlled.done("POST", "/reset", "");
    assert_eq!(controlled.get("/answers").as_array().unwrap().len(), 1);
    // The list of values begins anew.
    assert_eq!(controlled.client.get(PING).text(), "1");
}

#[test]
fn a_state_file_keeps_answers() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("state.json");
    let start = || Controlled::over(Options::new().state_file(&file).start(Fake::new()).unwrap());
    start().json("POST", "/answers", &json!({ "action": "system.ping", "value": "kept" }));
    assert_eq!(start().client.get(PING).text(), r#""kept""#);
}

#[test]
fn an_invalid_answer_names_the_problem() {
    let mut controlled = Controlled::start();
    for (body, text) in [
        ("{", "expected JSON (line 1, column 1)"),
        ("7", "expected an object"),
        (r#"{"action":"media.list","values":1}"#, "values: expected a list"),
        (
            r#"{"action":"media.list","answer":1}"#,
            "answer: expected one of the keys action, when, value, values, error",
        ),
        (
            r#"{"action":"media.lsit","value":1}"#,
            "action: expected an action of the API; the nearest name is media.list",
        ),
        (
            r#"{"action":"media.list","value":1,"when":{"entryId":1}}"#,
            "when.entryId: expected a parameter of media.list",
        ),
    ] {
        let reply = controlled.call("POST", "/answers", body);
        let error: Value = serde_json::from_str(reply.text()).unwrap();
        assert_eq!(reply.status, 400, "{body}");
        assert!(error["error"].as_str().unwrap().starts_with(text), "{error}");
    }
    assert_eq!(controlled.call("PUT", "/answers", "").status, 405);
    assert_eq!(controlled.call("DELETE", "/answers/x", "").status, 400);
    assert_eq!(controlled.get("/answers"), json!([]));
}
