//! An empty or odd `partnerId` in a request.

use apptoken_core::{HashType, Ks};
use apptoken_transport_fake::TokenSpec;
use serde_json::{Value, json};

use super::{World, error_code};
use crate::client::{self, partner};

fn code(world: &World, action: &str, params: Value) -> String {
    error_code(&world.call_by_hand(action, params)).unwrap_or_default().to_owned()
}

#[test]
fn an_odd_account_is_compared_loosely() {
    let world = World::new();
    for (partner_id, expected) in [
        (json!(101), "INVALID_USER_ID"),
        (json!(" 101"), "INVALID_USER_ID"),
        (json!("101 "), "INVALID_USER_ID"),
        (json!("101.0"), "INVALID_USER_ID"),
        (json!(101.0), "INVALID_USER_ID"),
        (json!("0101"), "INVALID_USER_ID"),
        (json!(0), "INVALID_USER_ID"),
        (json!("0"), "INVALID_USER_ID"),
        (json!(null), "INVALID_USER_ID"),
        (json!(false), "INVALID_USER_ID"),
        (json!(""), "INVALID_USER_ID"),
        (json!("x"), "SERVICE_FORBIDDEN"),
        (json!("101x"), "SERVICE_FORBIDDEN"),
        (json!(-1), "SERVICE_FORBIDDEN"),
        (json!("{9:result:ks}"), "SERVICE_FORBIDDEN"),
        (json!(999), "SERVICE_FORBIDDEN_CONTENT_BLOCKED"),
        (json!([]), "INTERNAL_SERVERL_ERROR"),
        (json!({}), "INTERNAL_SERVERL_ERROR"),
    ] {
        let params = json!({ "userId": "nobody", "partnerId": partner_id });
        assert_eq!(code(&world, "user.get", params), expected, "{partner_id}");
    }
    assert_eq!(code(&world, "system.ping", json!({ "partnerId": "101x" })), "SERVICE_FORBIDDEN");
}

#[test]
fn an_empty_account_is_partner_0_for_new_objects() {
    let world = World::new();
    let own = |action: &str, params: &Value| code(&world, action, params.clone());
    let empty = |action: &str, params: &Value| {
        let mut params = params.clone();
        params["partnerId"] = json!("");
        world.call_by_hand(action, params)
    };

    let token = empty("appToken.add", &json!({ "appToken": { "sessionUserId": "bob" } }));
    assert_eq!((&token["partnerId"], &token["sessionDuration"]), (&json!(0), &Value::Null));
    let token = json!({ "id": token["id"], "filter": { "idIn": token["id"] } });
    assert_eq!(own("appToken.get", &token), "APP_TOKEN_ID_NOT_FOUND");
    assert_eq!(empty("appToken.get", &token)["partnerId"], 0);
    assert_eq!(empty("appToken.list", &token)["totalCount"], 1);
    let mine = world.fake.add_token(partner(), TokenSpec::new(HashType::Md5));
    let mine = json!({ "id": mine.id.as_str() });
    assert_eq!(empty("appToken.get", &mine)["partnerId"], 101, "and those of the own account are still found");

    let user = json!({ "userId": "u", "user": { "id": "u" }, "filter": { "idEqual": "u" } });
    assert_eq!(empty("user.add", &user)["partnerId"], 0);
    assert_eq!(own("user.get", &user), "INVALID_USER_ID");
    assert_eq!(empty("user.get", &user)["partnerId"], 0);
    assert_eq!(empty("user.list", &user)["totalCount"], 0);
    assert_eq!(own("user.add", &user), "", "the id is free in the own account");
    let roles = json!({ "user": { "id": "v", "roleIds": "5" } });
    assert_eq!(error_code(&empty("user.add", &roles)), Some("INTERNAL_SERVERL_ERROR"));

    let role = empty("userRole.add", &json!({ "userRole": { "name": "zero" } }));
    assert_eq!(role["partnerId"], 0);
    let role = json!({ "userRoleId": role["id"], "userRole": { "description": "d" } });
    assert_eq!(own("userRole.get", &role), "");
    for action in ["userRole.update", "userRole.delete"] {
        assert_eq!(own(action, &role), "INVALID_OBJECT_ID", "{action}");
        assert_eq!(error_code(&empty(action, &role)), Some("INVALID_OBJECT_ID"), "{action}");
    }

    // A snapshot with these rows can be restored, and tokens of partner 0 are not among those of an account.
    world.fake.restore(&world.fake.snapshot()).unwrap();
    assert_eq!(world.fake.tokens(partner()).len(), 1);
    assert!(world.fake.token(&apptoken_core::AppTokenId::parse(token["id"].as_str().unwrap()).unwrap()).is_none());
}

#[test]
fn a_session_without_an_account_allows_what_needs_none() {
    let world = World::new();
    let token = client::token(&world.fake);
    let widget = client::widget_ks(&world.fake);
    let started = client::start(&world.fake, &widget, &token, json!({ "partnerId": "" }));
    assert_eq!(started["partnerId"], "");
    let ks = Ks::parse(started["ks"].as_str().unwrap()).unwrap();
    let call = |action: &str, partner_id: Value| {
        let params = json!({ "ks": ks.expose(), "userId": "alice", "partnerId": partner_id, "widgetId": "_101" });
        client::code(&client::call(&world.fake, action, params)).to_owned()
    };
    for partner_id in [json!(null), json!(""), json!(101)] {
        assert_eq!(call("user.get", partner_id.clone()), "SERVICE_FORBIDDEN", "{partner_id}");
        assert_eq!(call("session.get", partner_id.clone()), "SERVICE_FORBIDDEN", "{partner_id}");
        assert_eq!(call("system.ping", partner_id.clone()), "", "{partner_id}");
        assert_eq!(call("session.startWidgetSession", partner_id.clone()), "", "{partner_id}");
    }
    assert_eq!(call("system.ping", json!(999)), "SERVICE_FORBIDDEN_CONTENT_BLOCKED");
    assert_eq!(call("session.end", json!(null)), "");
    assert_eq!(call("system.ping", json!(null)), "INVALID_KS");
}
