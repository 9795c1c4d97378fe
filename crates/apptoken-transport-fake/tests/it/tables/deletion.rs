//! How deletion, updates and `session.end` affect the sessions of a token.

use apptoken_core::api::app_token::{AppTokenChanges, Delete, NewAppToken, Update};
use apptoken_core::api::session::End;
use apptoken_core::{AppTokenId, Clock as _, HashType, Ks, Privileges, SessionOptions, SessionType, drive};
use serde_json::json;

use super::{World, assert_alike, of_user};

/// The sessions of an account without those of a token.
fn others(world: &World) -> [(&'static str, Ks); 4] {
    [
        ("of another token", world.log_in(&world.add(of_user("bob"))).ks().clone()),
        ("of the widget", world.widget_ks()),
        ("of a user", world.session_of(SessionType::User, "alice")),
        ("of an administrator", world.session_of(SessionType::Admin, "boss")),
    ]
}

#[test]
fn deleting_a_token_ends_only_its_own_sessions() {
    let world = World::new();
    let token = world.add(of_user("alice"));
    let (first, second) = (world.log_in(&token), world.log_in(&token));
    let others = others(&world);
    world.call(Delete { id: token.id }).unwrap();
    assert_eq!(world.fault_of(first.ks()), "LOGOUT");
    assert_eq!(world.fault_of(second.ks()), "LOGOUT");
    for (row, ks) in &others {
        assert_eq!(world.fault_of(ks), "", "{row}");
    }
}

#[test]
fn an_update_of_a_token_ends_no_session() {
    let world = World::new();
    let token = world.add(of_user("alice"));
    let session = world.log_in(&token);
    let changes = AppTokenChanges {
        hash_type: Some(HashType::Sha512),
        session_user_id: "bob".to_owned().into(),
        session_privileges: Privileges::parse("list:*").into(),
        ..AppTokenChanges::default()
    };
    let changed = world.call(Update { id: token.id.clone(), changes }).unwrap();
    assert_eq!(world.fault_of(session.ks()), "");
    assert_eq!(world.open(session.ks()).user_id.as_deref(), Some("alice"));
    assert!(world.start(&token, SessionOptions::default()).is_err(), "the old hash type is refused at once");
    let renewed = world.log_in(&changed);
    assert_eq!((renewed.user_id(), renewed.privileges().values("list").is_some()), ("bob", true));
}

#[test]
fn ending_a_session_keeps_sessions_of_other_tokens() {
    let world = World::new();
    let token = world.add(of_user("alice"));
    let (first, second) = (world.log_in(&token), world.log_in(&token));
    let others = others(&world);
    world.call_with(Some(first.ks()), End::every_session_of_the_app_token_for_a_day()).unwrap();
    assert_eq!(world.fault_of(first.ks()), "LOGOUT");
    assert_eq!(world.fault_of(second.ks()), "LOGOUT");
    let later = world.log_in(&token);
    assert_eq!(world.fault_of(later.ks()), "LOGOUT", "the login succeeds, its session is dead");
    for (row, ks) in &others {
        assert_eq!(world.fault_of(ks), "", "{row}");
    }
}

#[test]
fn ending_a_session_without_token_ends_only_that_session() {
    let world = World::new();
    for (row, ks) in others(&world).into_iter().skip(1) {
        assert_eq!(world.call_with(Some(&ks), End::session_without_app_token()).ok(), Some(()), "{row}");
        let (fault, second) = match row {
            "of the widget" => ("", true),
            _ => ("LOGOUT", false),
        };
        assert_eq!(world.fault_of(&ks), fault, "{row}");
        let again = world.call_with(Some(&ks), End::session_without_app_token());
        assert_eq!(again.is_ok(), second, "{row}: ended twice");
    }
    let session = world.session_of(SessionType::User, "alice");
    assert_eq!(world.call_with(None, End::session_without_app_token()).ok(), Some(()), "without a session");
    assert_eq!(world.fault_of(&session), "");
}

/// The session id is the token id as the login sends it, and deletion revokes the id as it is sent to it.
#[test]
fn deleting_a_token_keeps_sessions_of_its_upper_case_id() {
    let world = World::new();
    let token = world.add(of_user("alice"));
    let mut shouted = token.clone();
    shouted.id = AppTokenId::parse(token.id.as_str().to_ascii_uppercase()).unwrap();
    let (session, usual) = (world.log_in(&shouted), world.log_in(&token));
    assert!(session.privileges().values("sessionid").unwrap().eq([shouted.id.as_str()]));
    world.call(Delete { id: token.id }).unwrap();
    assert_eq!(world.fault_of(usual.ks()), "LOGOUT");
    assert_eq!(world.fault_of(session.ks()), "");
}

#[test]
fn the_session_id_is_always_the_token_id() {
    let world = World::new();
    let privileges = Some(Privileges::parse("sessionid:other"));
    let token = world.add(NewAppToken { session_privileges: privileges, ..of_user("alice") });
    let session = world.log_in(&token);
    assert!(session.privileges().values("sessionid").unwrap().eq([token.id.as_str(), "other"]));
    world.call(Delete { id: token.id }).unwrap();
    assert_eq!(world.fault_of(session.ks()), "LOGOUT");
}

#[test]
fn an_ended_session_cannot_start_another() {
    let world = World::new();
    let (token, other) = (world.add(of_user("alice")), world.add(of_user("bob")));
    let session = world.log_in(&token);
    let before = world.start_from(session.ks(), &other, SessionOptions::default()).unwrap();
    world.call(Delete { id: token.id }).unwrap();
    assert!(world.start_from(session.ks(), &other, SessionOptions::default()).is_err());
    let expected =
        json!({ "code": "INVALID_KS", "args": { "KSID": "LOGOUT", "ERR_CODE": "-1", "ERR_DESC": "INVALID_STR" } });
    assert_alike("started from it", &world.wire.borrow().answer, &expected);
    assert_eq!(world.fault_of(&before.ks), "", "what it started before goes on");
    let clock = world.fake.clock();
    let login = world.login(&other).start_with_or_widget(session.ks().clone(), clock.now()).unwrap();
    assert_eq!(drive(login, &world, clock).unwrap().user_id(), "bob", "the login helps itself with a widget session");
}
