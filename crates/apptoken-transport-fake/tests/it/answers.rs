//! Answers of a test's own.

use std::time::Duration;

use apptoken_core::Ks;
use apptoken_transport_fake::{Account, Answer, Fake, Fault, FaultKind, SetAnswer};
use serde_json::{Value, json};

use crate::client::{admin, call, code, fake, partner, reply, request, widget_ks};

const GET_INFO: &str = "partner.getInfo";

fn info(fake: &Fake, ks: &Ks) -> Value {
    call(fake, GET_INFO, json!({ "ks": ks.expose() }))
}

fn text(fake: &Fake, action: &str, params: &Value) -> String {
    String::from_utf8(reply(fake, action, params).body).unwrap()
}

#[test]
fn an_answer_is_given_only_after_the_checks() {
    let fake = fake();
    let ks = admin(&fake);
    fake.answer(GET_INFO, Answer::value(json!({ "id": 101, "name": "Test" }))).unwrap();
    fake.answer("media.get", Answer::value(json!({ "id": "0_a" }))).unwrap();
    let expected = json!({ "id": 101, "name": "Test", "objectType": "KalturaPartner" });
    assert_eq!(info(&fake, &ks), expected);

    assert_eq!(code(&info(&fake, &widget_ks(&fake))), "SERVICE_FORBIDDEN");
    assert_eq!(code(&call(&fake, GET_INFO, json!({}))), "SERVICE_FORBIDDEN");
    assert_eq!(code(&call(&fake, GET_INFO, json!({ "ks": "x" }))), "INVALID_KS");
    assert_eq!(code(&call(&fake, "media.get", json!({ "ks": ks.expose() }))), "MISSING_MANDATORY_PARAMETER");
    fake.clock().advance(Duration::from_secs(86_401));
    let expired = info(&fake, &ks);
    assert_eq!((code(&expired), &expired["args"]["KSID"]), ("INVALID_KS", &json!("EXPIRED")));
    assert_eq!(fake.answers().iter().map(SetAnswer::given).collect::<Vec<_>>(), [1, 0]);
}

#[test]
fn an_answer_replaces_what_the_fake_models() {
    let fake = fake();
    let ks = admin(&fake);
    let add = |fake: &Fake| call(fake, "appToken.add", json!({ "ks": ks.expose(), "appToken": {} }));
    let id = fake.answer("APPTOKEN.add", Answer::error("LIMIT_REACHED", "No more tokens", &[])).unwrap();
    assert_eq!((code(&add(&fake)), fake.tokens(partner()).len()), ("LIMIT_REACHED", 0));
    assert!(fake.remove_answer(id) && !fake.remove_answer(id));
    assert_eq!((code(&add(&fake)), fake.tokens(partner()).len()), ("", 1));
}

#[test]
fn an_answer_for_session_start_replaces_its_fast_path() {
    let fake = fake();
    let secret = fake.admin_secret(partner()).unwrap();
    let start = || call(&fake, "session.start", json!({ "secret": secret.expose(), "partnerId": 101, "type": 2 }));
    // The second session is the first one from the fast path.
    start();
    fake.answer("session.start", Answer::error("START_SESSION_ERROR", "Closed", &[])).unwrap();
    assert_eq!(code(&start()), "START_SESSION_ERROR");
    fake.clear_answers();
    assert!(start().is_string());
}

#[test]
fn values_are_written_in_each_format() {
    let fake = fake();
    let ks = admin(&fake);
    let entry =
        json!({ "id": "0_a", "tags": null, "plays": 2, "isOn": true, "rank": 1.5, "objectType": "KalturaMediaEntry" });
    fake.answer("media.list", Answer::value(json!({ "totalCount": 1, "objects": [entry] }))).unwrap();
    let in_format = |format: &str| {
        let mut request = request("media.list", &json!({ "ks": ks.expose() }));
        request.target = request.target.replace("format=1", format);
        let body = fake.handle(&request).kind.reply().unwrap().body.clone();
        String::from_utf8(body).unwrap()
    };
    assert_eq!(
        in_format("format=1"),
        r#"{"totalCount":1,"objects":[{"id":"0_a","plays":2,"isOn":true,"rank":1.5,"objectType":"KalturaMediaEntry"}],"objectType":"KalturaMediaListResponse"}"#
    );
    assert!(in_format("format=2").contains(
        "<result><objectType>KalturaMediaListResponse</objectType><relatedObjects></relatedObjects><totalCount>1</totalCount><objects><item><objectType>KalturaMediaEntry</objectType><relatedObjects></relatedObjects><id>0_a</id><tags></tags><plays>2</plays><isOn>1</isOn><rank>1.5</rank></item></objects></result>"
    ));
    assert!(
        in_format("format=3")
            .starts_with(r#"O:24:"KalturaMediaListResponse":2:{s:10:"totalCount";i:1;s:7:"objects";a:1:{i:0;O:17:"#)
    );
}

#[test]
fn an_error_is_written_as_kaltura_writes_it() {
    let fake = fake();
    let ks = admin(&fake);
    let message = "Entry id \"0_gone\" not found";
    let error = Answer::error("ENTRY_ID_NOT_FOUND", message, &[("ENTRY_ID", "0_gone")]);
    fake.answer("media.get", error.when("entryId", "0_gone")).unwrap();
    fake.answer("media.get", Answer::value(json!({ "id": "0_there" })).when("entryId", "0_there")).unwrap();
    let get = |id: &str| call(&fake, "media.get", json!({ "ks": ks.expose(), "entryId": id }));
    assert_eq!(
        get("0_gone"),
        json!({ "code": "ENTRY_ID_NOT_FOUND", "message": message, "objectType": "KalturaAPIException", "args": { "ENTRY_ID": "0_gone" } })
    );
    assert_eq!(get("0_there")["id"], "0_there");
    assert_eq!(fake.journal().last().unwrap().outcome, "ok");
}

#[test]
fn successive_calls_get_successive_values() {
    let fake = fake();
    let ks = admin(&fake);
    let busy = json!({ "code": "ACTION_BLOCKED", "message": "Wait", "args": [], "objectType": "KalturaAPIException" });
    fake.answer("media.count", Answer::values([busy, json!(7), json!(8)])).unwrap();
    let count = || call(&fake, "media.count", json!({ "ks": ks.expose() }));
    assert_eq!(code(&count()), "ACTION_BLOCKED");
    assert_eq!([count(), count(), count()], [7, 8, 8]);
}

#[test]
fn parts_of_a_multirequest_get_answers() {
    let fake = fake();
    let ks = admin(&fake);
    fake.answer("media.list", Answer::value(json!({ "objects": [{ "id": "0_a", "objectType": "X" }] }))).unwrap();
    let own = Answer::value(json!({ "name": "mine" }));
    fake.answer("media.get", own.when("entryId", "0_a")).unwrap();
    let parts = json!({
        "ks": ks.expose(),
        "1": { "service": "media", "action": "list" },
        "2": { "service": "media", "action": "get", "entryId": "{1:result:objects:0:id}" },
        "3": { "service": "system", "action": "ping" },
    });
    let results = call(&fake, "multirequest", parts);
    assert_eq!((&results[1]["name"], &results[2]), (&json!("mine"), &json!(true)));
    assert_eq!(fake.journal().last().unwrap().answers, [1, 2]);
}

#[test]
fn the_journal_shows_which_answer_was_given() {
    let fake = fake();
    let ks = admin(&fake);
    let _ = info(&fake, &ks);
    fake.answer(GET_INFO, Answer::value(json!({}))).unwrap();
    info(&fake, &ks);
    info(&fake, &widget_ks(&fake));
    let shown = fake
        .journal()
        .entries()
        .filter(|entry| entry.action == GET_INFO)
        .map(|entry| entry.answers.clone())
        .collect::<Vec<_>>();
    assert_eq!(shown, [vec![], vec![1], vec![]]);
}

/// The response cache repeats replies to anonymous callers for ten minutes.
#[test]
fn an_answer_is_neither_cached_nor_hidden_by_the_cache() {
    let fake = Fake::builder().response_cache(true).build();
    fake.add_account(Account::new(partner()));
    let ping = || call(&fake, "system.ping", json!({}));
    assert_eq!(ping(), true);
    fake.answer("system.ping", Answer::values([1, 2, 3])).unwrap();
    assert_eq!([ping(), ping()], [1, 2]);
    fake.clear_answers();
    assert_eq!(ping(), true);
}

#[test]
fn a_fault_wins_over_an_answer() {
    let fake = fake();
    let ks = admin(&fake);
    fake.answer(GET_INFO, Answer::value(json!({}))).unwrap();
    fake.inject(Fault::on(GET_INFO, FaultKind::ActionBlocked).nth(1));
    assert_eq!(code(&info(&fake, &ks)), "ACTION_BLOCKED");
    assert_eq!(code(&info(&fake, &ks)), "");
}

#[test]
fn a_snapshot_contains_answers() {
    let fake = fake();
    fake.answer("system.ping", Answer::values([1, 2])).unwrap();
    assert_eq!(call(&fake, "system.ping", json!({})), 1);
    let other = Fake::new();
    other.restore(&fake.snapshot()).unwrap();
    assert_eq!(call(&other, "system.ping", json!({})), 2);
    let broken = fake.snapshot().replace("system.ping", "system.pong");
    assert!(other.restore(&broken).is_err());
}

#[test]
fn mistakes_in_an_answer_are_reported() {
    let fake = fake();
    let error = |action, answer: Answer| fake.answer(action, answer).unwrap_err().to_string();
    assert_eq!(
        error("media.lsit", Answer::value(1)),
        "action: expected an action of the API; the nearest name is media.list"
    );
    assert!(
        error("media.get", Answer::value(1).when("entryID", "x"))
            .starts_with("when.entryID: expected a parameter of media.get: entryId,")
    );
    let unserializable = std::collections::BTreeMap::from([((1, 2), 3)]);
    assert_eq!(error("media.get", Answer::value(unserializable)), "value: expected a value that serializes to JSON");
    assert_eq!(error("media.get", Answer::values(Vec::<i64>::new())), "values: expected at least one value");
    assert!(fake.answers().is_empty());
}

#[test]
#[should_panic(expected = "no action has the name appToken.startSesion; the nearest is appToken.startSession")]
fn a_count_of_an_unknown_action_panics() {
    let _ = fake().journal().count("appToken.startSesion");
}

#[test]
fn answers_of_a_configuration_are_set_at_the_start() {
    let fake = Fake::from_config(
        r#"{"partners": [{"id": 101, "adminSecret": "a", "secret": "b"}],
            "answers": [{"action": "partner.getInfo", "value": {"b": 1, "a": 2}}]}"#,
    )
    .unwrap();
    // The order of the keys is that of the file.
    assert_eq!(
        text(&fake, GET_INFO, &json!({ "ks": admin(&fake).expose() })),
        r#"{"b":1,"a":2,"objectType":"KalturaPartner"}"#
    );
    assert_eq!(serde_json::to_value(fake.answers()).unwrap()[0]["given"], 1);
}
