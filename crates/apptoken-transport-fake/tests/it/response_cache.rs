//! The response cache keeps replies as long as the server does, also under load.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{call, code, fake, ks_of, widget_ks};

#[test]
fn a_reply_stays_for_its_time_under_load() {
    let fake = fake();
    fake.set_response_cache(true);
    let first = widget_ks(&fake);
    let wrong = json!({ "ks": first.expose(), "id": "0_none", "tokenHash": "" });
    let error = |nonce: usize| {
        let mut params = wrong.clone();
        params["nonce"] = nonce.into();
        call(&fake, "appToken.startSession", params)
    };
    assert_eq!(code(&error(0)), "APP_TOKEN_ID_NOT_FOUND");
    for nonce in 1..=1_500 {
        let other = ks_of(&call(&fake, "session.startWidgetSession", json!({ "widgetId": "_101", "nonce": nonce })));
        assert!(!other.is_same(&first));
        let _ = error(nonce);
    }
    fake.clock().advance(Duration::from_secs(599));
    assert!(widget_ks(&fake).is_same(&first), "599 s later it is still the same");
    fake.clock().advance(Duration::from_secs(1));
    assert!(!widget_ks(&fake).is_same(&first));
}

#[test]
fn an_error_is_repeated_for_two_minutes() {
    let fake = fake();
    fake.set_response_cache(true);
    let add = |name: &str| {
        fake.add_widget(apptoken_transport_fake::Widget::new(&format!("_{name}"), crate::client::partner()));
    };
    let start =
        |name: &str| -> Value { call(&fake, "session.startWidgetSession", json!({ "widgetId": format!("_{name}") })) };
    assert_eq!(code(&start("new")), "INVALID_WIDGET_ID");
    add("new");
    fake.clock().advance(Duration::from_secs(119));
    assert_eq!(code(&start("new")), "INVALID_WIDGET_ID");
    fake.clock().advance(Duration::from_secs(1));
    assert_eq!(code(&start("new")), "");
}
