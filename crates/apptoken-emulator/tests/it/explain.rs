//! Explanations through the control interface.

use apptoken_core::{HashType, PartnerId};
use apptoken_transport_fake::TokenSpec;
use serde_json::{Value, json};

use crate::control::Controlled;
use crate::life::PING;

fn session(controlled: &mut Controlled, body: Value) -> Value {
    controlled.json("POST", "/sessions", &body)["ks"].clone()
}

#[test]
fn a_refused_call_is_explained_and_repaired() {
    let mut controlled = Controlled::start();
    let ks = session(&mut controlled, json!({ "partnerId": 101, "type": "user", "userId": "alice" }));
    let call = json!({ "action": "appToken.add", "ks": ks, "parameters": { "appToken": {} } });
    let explained = controlled.json("POST", "/explain", &call);
    assert_eq!(explained["allowed"], false);
    let failed: Vec<&Value> =
        explained["checks"].as_array().unwrap().iter().filter(|check| check["outcome"] == "failed").collect();
    assert_eq!((failed.len(), &failed[0]["check"]), (1, &json!("permission")));
    let refusal = &explained["refusal"];
    assert_eq!((&refusal["code"], &refusal["args"]["SERVICE"]), (&json!("SERVICE_FORBIDDEN"), &json!("appToken->add")));
    // The words are those of the library for the reply to the real call.
    let reply = controlled
        .client
        .post("/api_v3/service/appToken/action/add?format=1", &json!({ "ks": ks, "appToken": {} }).to_string());
    let body = reply.text().to_owned();
    let advice = controlled.json("POST", "/advice", &json!({ "action": "appToken.add", "body": body }));
    assert_eq!(refusal["library"], advice["error"]);
    assert!(refusal["library"]["advice"].as_str().is_some_and(|advice| !advice.is_empty()));

    let repair = &explained["repairs"][0];
    assert_eq!(repair["allows"], true);
    let path = repair["request"]["path"].as_str().unwrap().strip_prefix("/__control").unwrap().to_owned();
    let repaired = controlled.json("POST", &path, &repair["request"]["body"])["ks"].clone();
    let again = json!({ "action": "appToken.add", "ks": repaired, "parameters": { "appToken": {} } });
    assert_eq!(controlled.json("POST", "/explain", &again)["allowed"], true);
}

#[test]
fn an_invalid_question_is_an_error() {
    let mut controlled = Controlled::start();
    for body in ["", "{}", r#"{"action":1}"#, r#"{"action":"media.list","nope":1}"#] {
        assert_eq!(controlled.call("POST", "/explain", body).status, 400, "{body}");
        assert_eq!(controlled.call("POST", "/sessions/inspect", body).status, 400, "{body}");
    }
    let reply = controlled.call("POST", "/explain", r#"{"action":"media.list","parameters":1}"#);
    assert_eq!(reply.text(), "{\"error\":\"parameters: expected an object\"}\n");
    assert_eq!(controlled.call("GET", "/explain", "").status, 405);
}

#[test]
fn a_session_is_inspected_without_secrets() {
    let mut controlled = Controlled::start();
    let partner = PartnerId::new(101).unwrap();
    let token = controlled.fake().add_token(partner, TokenSpec::new(HashType::Sha256).user("alice"));
    let privileges = format!("sessionid:{0},apptoken:{0}", token.id);
    let ks = session(
        &mut controlled,
        json!({ "partnerId": 101, "type": "user", "userId": "alice", "privileges": privileges, "expiry": 60 }),
    );
    let shown = controlled.json("POST", "/sessions/inspect", &json!({ "ks": ks }));
    assert_eq!((&shown["readable"], &shown["valid"], &shown["kind"]), (&json!(true), &json!(true), &json!("user")));
    assert_eq!(shown["expiresAt"].as_i64().unwrap() - shown["now"].as_i64().unwrap(), 60);
    assert_eq!(shown["appToken"]["id"], token.id.as_str());
    assert!(shown["privileges"][0]["meaning"].as_str().unwrap().contains("revoked together"));
    assert!(!shown.to_string().contains(token.secret.expose()));

    controlled.json("POST", "/clock/advance?seconds=61", &Value::Null);
    let expired = controlled.json("POST", "/sessions/inspect", &json!({ "ks": ks }));
    assert_eq!((&expired["valid"], &expired["refusal"]["check"]), (&json!(false), &json!("expiry")));
    let garbage = controlled.json("POST", "/sessions/inspect", &json!({ "ks": "?" }));
    assert_eq!(garbage["readable"], false);
    assert!(garbage["refusal"]["library"]["advice"].is_string());
}

#[test]
fn actions_and_classes_are_described() {
    let mut controlled = Controlled::start();
    let list = controlled.call("GET", "/actions", "");
    // A page loads all of it at once.
    assert!(list.body.len() < 40_000, "{}", list.body.len());
    let list: Value = serde_json::from_str(list.text()).unwrap();
    assert_eq!(list["appToken"]["startSession"], "modelled");
    let action = controlled.get("/actions/APPTOKEN.startsession");
    assert_eq!((&action["action"], &action["parameters"][0]["name"]), (&json!("appToken.startSession"), &json!("id")));
    let unknown = controlled.call("GET", "/actions/media.lsit", "");
    assert!(unknown.status == 404 && unknown.text().contains("media.list"), "{}", unknown.text());
    let class = controlled.get("/classes/KalturaAppToken");
    let id = class["properties"].as_array().unwrap().iter().find(|property| property["name"] == "id").unwrap();
    assert_eq!((&id["type"], &id["access"]), (&json!("string"), &json!("never")));
    assert_eq!(controlled.call("GET", "/classes/KalturaNope", "").status, 404);
}

#[test]
fn accounts_are_listed_without_secrets() {
    let mut controlled = Controlled::start();
    let secret = controlled.fake().admin_secret(PartnerId::new(101).unwrap()).unwrap();
    let list = controlled.get("/partners");
    assert_eq!((&list[0]["id"], &list[0]["ksVersion"], &list[0]["status"]), (&json!(101), &json!(2), &json!(1)));
    assert!(!list.to_string().contains(secret.expose()));
}

#[test]
fn the_journal_is_read_in_chunks() {
    let mut controlled = Controlled::start();
    for _ in 0..5 {
        controlled.client.get(PING);
    }
    let numbers = |reply: &Value| {
        let entries = reply["entries"].as_array().unwrap();
        entries.iter().map(|entry| entry["number"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let chunk = controlled.get("/journal?after=1&first=2");
    assert_eq!((numbers(&chunk), &chunk["count"], &chunk["requests"]), (vec![2, 3], &json!(4), &json!(5)));
    assert_eq!(numbers(&controlled.get("/journal?after=3&first=9")), [4, 5]);
    assert_eq!(numbers(&controlled.get("/journal?after=5&first=9")), Vec::<u64>::new());
    assert_eq!(numbers(&controlled.get("/journal?limit=2")), [4, 5]);
    assert!(chunk["time"].is_i64());
    assert_eq!(controlled.call("GET", "/journal?first=1&limit=1", "").status, 400);
}
