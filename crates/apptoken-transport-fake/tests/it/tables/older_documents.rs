//! Compares what the vendor's older documents say about app tokens with what the server does.

use std::time::Duration;

use apptoken_core::api::app_token::{
    Add, AppTokenChanges, AppTokenStatus, Delete, List, NewAppToken, TokenExpiry, Update,
};
use apptoken_core::api::session::StartWidgetSession;
use apptoken_core::api::user;
use apptoken_core::api::user::{NewUser, UserChanges};
use apptoken_core::value::Change;
use apptoken_core::{
    Call, Clock as _, Endpoint, HashType, KalturaCode, Ks, Privileges, SessionOptions, SessionType, UnixSeconds,
};
use apptoken_transport_fake::{Account, DeliveryKind, Fake, TokenSpec, WireRequest};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{World, assert_alike, code, is_invalid_input, of_user, refused};
use crate::client::{self, partner};

#[test]
fn a_widget_session_lasts_as_requested_up_to_the_maximum() {
    for (row, asked, max, lifetime) in [
        ("a day, not 84600 seconds", None, Some(1_000_000), 86_400),
        ("what is asked", Some(900), Some(86_400), 900),
        ("the account's maximum at most", Some(100_000), Some(86_400), 86_400),
        ("the account's maximum also by default", None, Some(3_600), 3_600),
        ("what is asked, in accounts without a maximum", Some(1_000_000), None, 1_000_000),
        ("0 has ended when it begins", Some(0), Some(86_400), 0),
    ] {
        let fake = Fake::builder().build();
        fake.add_account(Account::new(partner()).max_lifetime(max));
        let world = World::of(fake);
        let start = StartWidgetSession { lifetime_seconds: asked, ..StartWidgetSession::of(partner()) };
        let ks = world.call_with(None, start).unwrap().ks;
        let mut sent = json!({ "widgetId": "_101" });
        if let Some(asked) = asked {
            sent["expiry"] = asked.into();
        }
        assert_eq!(world.wire.borrow().sent, sent, "{row}");
        let expires_at = world.open(&ks).expires_at().unwrap();
        assert_eq!(expires_at.seconds_since(UnixSeconds(world.now())), lifetime, "{row}");
        assert_eq!(world.fault_of(&ks), if lifetime > 0 { "" } else { "EXPIRED" }, "{row}");
    }
}

#[test]
fn unknown_actions_are_errors() {
    for (row, action, service) in [
        ("session.getWidgetSession", "getwidgetsession", "session"),
        ("user.register", "register", "user"),
        ("user.addRole", "addrole", "user"),
    ] {
        let answer = refused("ACTION_DOES_NOT_EXISTS", json!({ "ACTION_NAME": action, "SERVICE_NAME": service }));
        World::new().check_by_hand(row, row, json!({ "userId": "alice", "user": { "id": "alice" } }), answer);
    }
    let world = World::new();
    let role = world.role(&["BASE_USER_SESSION_PERMISSION"]);
    let id = || "importer".to_owned();
    let user = NewUser { role_ids: Some(role.clone()), ..NewUser::new(id()) };
    assert_eq!(world.call(user::Add { user }).unwrap().role_ids, role, "user.add has the roles");
    let changes = UserChanges { role_ids: Change::Set(String::new()), ..UserChanges::default() };
    assert_eq!(world.call(user::Update { user_id: id(), changes }).unwrap().role_ids, "", "user.update sets them");
}

#[test]
fn the_token_hash_is_a_plain_hash_of_ks_and_token() {
    let world = World::new();
    let token = world.add(NewAppToken { hash_type: Some(HashType::Sha256), ..of_user("alice") });
    let value = token.token.as_ref().unwrap().expose();
    let (ks, other) = (world.widget_ks(), world.widget_ks());
    let sha256 = |parts: &[&str]| hex::encode(Sha256::digest(parts.concat()));
    let plain = sha256(&[ks.expose(), value]);
    assert_eq!(
        HashType::Sha256.token_hash(&ks, token.token.as_ref().unwrap()).expose(),
        plain,
        "as the client makes it"
    );
    for (row, token_hash, is_right) in [
        ("session, then token", plain.clone(), true),
        ("token, then session", sha256(&[value, ks.expose()]), false),
        ("another session of the same widget", sha256(&[other.expose(), value]), false),
        ("the token alone", sha256(&[value]), false),
        ("the token itself", value.to_owned(), false),
        ("HMAC", hmac_sha256(value.as_bytes(), ks.expose().as_bytes()), false),
        ("upper case", plain.to_uppercase(), false),
        ("a line break behind the token", sha256(&[ks.expose(), value, "\n"]), false),
        ("a line break behind the hash", format!("{plain}\n"), false),
        ("nothing", String::new(), false),
    ] {
        let params = json!({ "ks": ks.expose(), "id": token.id.as_str(), "tokenHash": token_hash });
        let answer = client::call(&world.fake, "appToken.startSession", params);
        let expected = match is_right {
            true => json!({ "objectType": "KalturaSessionInfo", "userId": "alice" }),
            false => refused("INVALID_APP_TOKEN_HASH", json!([])),
        };
        assert_alike(row, &answer, &expected);
    }
}

#[test]
fn any_session_of_the_account_can_be_hashed_with_its_type() {
    let world = World::new();
    for of_token in HashType::ALL {
        let token = world.add(NewAppToken { hash_type: Some(of_token), ..of_user("alice") });
        let sessions = [
            ("a widget session", world.widget_ks()),
            ("a user session", world.session_of(SessionType::User, "alice")),
            ("a session of a token", world.log_in(&token).ks().clone()),
            ("an admin session", world.session_of(SessionType::Admin, "boss")),
        ];
        for (row, ks) in &sessions {
            for used in HashType::ALL {
                let mut believed = token.clone();
                believed.hash_type = used;
                let result = world.start_from(ks, &believed, SessionOptions::default());
                let refused = result.err().map(|error| error.code().unwrap().to_owned());
                let expected = (used != of_token).then_some("INVALID_APP_TOKEN_HASH");
                assert_eq!(refused.as_deref(), expected, "{used} over {row}, token of {of_token}");
            }
        }
    }
    let default = world.add(of_user("alice"));
    assert_eq!(default.hash_type, HashType::Sha1);
    let updated = Update {
        id: default.id.clone(),
        changes: AppTokenChanges { hash_type: Some(HashType::Md5), ..AppTokenChanges::default() },
    };
    let changed = world.call(updated).unwrap();
    assert!(world.start(&default, SessionOptions::default()).is_err(), "the type that it was created with");
    assert!(world.start(&changed, SessionOptions::default()).is_ok(), "the type that it has now");
}

#[test]
fn a_login_sets_what_the_token_does_not_set() {
    let user = |user: &str| Some(user.to_owned());
    for (row, of_token, asked, granted, is_made) in [
        ("user of the token", user("alice"), user("bob"), "alice", true),
        ("user of the token alone", user("alice"), None, "alice", true),
        ("user that is asked", None, user("bob"), "bob", false),
        ("user whom nobody could make", None, user("a b/c"), "a b/c", false),
        ("no user", None, None, "", false),
    ] {
        let world = World::new();
        let token = world.add(NewAppToken { session_user_id: of_token, ..NewAppToken::default() });
        let mut options = SessionOptions::default();
        options.user_id = asked.clone();
        options.token_may_override = true;
        assert_eq!(world.start(&token, options.clone()).unwrap().user_id, granted, "{row}");
        let session = world.run(world.login(&token).options(options)).unwrap();
        assert_eq!(
            session.changes().requested_user,
            asked.filter(|asked| asked != granted),
            "{row}: reported to the caller"
        );
        let is_user = !granted.is_empty() && world.call(user::Get { user_id: Some(granted.to_owned()) }).is_ok();
        assert_eq!(is_user, is_made, "{row}: made");
    }
    let (plain, admin) = (SessionType::User, SessionType::Admin);
    for (row, of_token, asked, granted) in [
        ("type of the token", Some(plain), Some(admin), plain),
        ("type of the token against less", Some(admin), Some(plain), admin),
        ("type of the token alone", Some(admin), None, admin),
        ("type that is asked: whoever holds the token is administrator", None, Some(admin), admin),
        ("no type", None, None, plain),
    ] {
        let world = World::new();
        let token = world.add(NewAppToken { session_type: of_token, ..of_user("alice") });
        let mut options = SessionOptions::default();
        options.session_type = asked;
        options.token_may_override = true;
        let session = world.run(world.login(&token).options(options)).unwrap();
        assert_eq!(session.session_type(), granted, "{row}");
        assert_eq!(
            session.changes().requested_type,
            asked.filter(|asked| *asked != granted),
            "{row}: reported to the caller"
        );
        let may_list = world.call_with(Some(session.ks()), List::default()).is_ok();
        assert_eq!(may_list, granted == admin, "{row}: what it may");
    }
}

#[test]
fn the_shortest_of_three_lifetimes_applies() {
    let day = 86_400;
    for (row, duration, ends_in, asked, lifetime) in [
        ("the default of the token", None, None, None, day),
        ("the token's sessionDuration", Some(600), None, None, 600),
        ("what is asked", Some(600), None, Some(60), 60),
        ("not more than sessionDuration", Some(600), None, Some(601), 600),
        ("the end of the token", Some(600), Some(50), None, 50),
        ("the end of the token against what is asked", Some(600), Some(50), Some(60), 50),
        ("what is asked against the end of the token", Some(600), Some(50), Some(40), 40),
        ("the account's maximum does not count", Some(500_000), None, None, 500_000),
    ] {
        let world = World::new();
        let seconds = Duration::from_secs;
        let now = UnixSeconds(world.now());
        let token = world.add(NewAppToken {
            session_duration: duration.map(seconds),
            expiry: ends_in.map(|end| TokenExpiry::after(seconds(end), now).unwrap()),
            ..of_user("alice")
        });
        let mut options = SessionOptions::default();
        options.lifetime = asked.map(seconds);
        let session = world.run(world.login(&token).options(options)).unwrap();
        assert_eq!(session.lifetime(), seconds(lifetime), "{row}");
        let is_shortened = asked.is_some_and(|asked| lifetime + 5 < asked);
        assert_eq!(session.changes().shortened.is_some(), is_shortened, "{row}: reported to the caller");
        world.fake.clock().advance(seconds(lifetime - 1));
        assert_eq!(world.fault_of(session.ks()), "", "{row}: to the last second");
        world.fake.clock().advance(seconds(1));
        assert_eq!(world.fault_of(session.ks()), "EXPIRED", "{row}: and no longer");
    }
    // A login rejects these privileges.
    for (row, asked, lifetime) in [("0 means not set", 0, day), ("a negative value is already expired", -60, 0)] {
        let world = World::new();
        let token = world.add(of_user("alice"));
        let ks = world.widget_ks();
        let hash = token.hash_type.token_hash(&ks, token.token.as_ref().unwrap());
        let params = json!({ "ks": ks.expose(), "id": token.id.as_str(), "tokenHash": hash.expose(), "expiry": asked });
        let session = client::ks_of(&client::call(&world.fake, "appToken.startSession", params));
        let expires_at = world.open(&session).expires_at().unwrap().seconds_since(UnixSeconds(world.now()));
        assert_eq!(expires_at.max(0), i64::try_from(lifetime).unwrap(), "{row}");
    }
}

#[test]
fn a_login_adds_allowed_privileges_to_those_of_the_token() {
    for (row, of_token, asked, granted, dropped) in [
        ("the token's", "list:*,setrole:7", "", "list:*,setrole:7", ""),
        ("one of the server's", "list:*,setrole:7", "setrole:9", "list:*,setrole:7", "setrole:9"),
        ("a wildcard is narrowed", "list:*", "list:0_abc", "list:0_abc", ""),
        ("one of the server's, token without any", "", "sview:0_abc", "", "sview:0_abc"),
        ("equal names are one", "sview:0_a,sview:0_b", "", "sview:0_a/0_b", ""),
        ("a wildcard among values", "edit:1/*", "edit:3/4", "edit:3/4", ""),
        ("one that the token has, and one of its own", "custom:1", "custom:2,other:3", "custom:1,other:3", "custom:2"),
        ("a wildcard of any name", "custom:*", "custom:2", "custom:2", ""),
        ("colons in a value, and no value", "", "a:b:c,d:,e", "a:b:c,d,e", ""),
        ("a name that is there without value", "x:", "x:1", "x", "x:1"),
        ("names have a case", "", "List:*", "List:*", ""),
        (
            "not the server's: everything, views, widgets",
            "",
            "*,all:*,view:*,appid:a-b.c",
            "*,all:*,view:*,appid:a-b.c",
            "",
        ),
        ("two of the server's and one that is not", "", "edit:1,download:2,mine:3", "mine:3", "edit:1,download:2"),
        ("the group is the token", "", "sessionid:mine,apptoken:mine", "", "sessionid:mine,apptoken:mine"),
    ] {
        let world = World::new();
        let parse = |text: &str| (!text.is_empty()).then(|| Privileges::parse(text));
        let token = world.add(NewAppToken { session_privileges: parse(of_token), ..of_user("alice") });
        let mut options = SessionOptions::default();
        options.privileges = parse(asked);
        let session = world.run(world.login(&token).options(options)).unwrap();
        let comma = if granted.is_empty() { "" } else { "," };
        let all = format!("sessionid:{0},apptoken:{0}{comma}{granted}", token.id);
        assert_eq!(world.wire.borrow().answer["privileges"], all, "{row}");
        assert_eq!(session.privileges().to_string(), all, "{row}: as the client reads it");
        assert_eq!(session.changes().dropped_privileges.to_string(), dropped, "{row}: reported to the caller");
    }
}

/// A login cannot get more than its token allows. The server drops these privileges silently.
#[test]
fn reserved_privileges_are_allowed_only_on_a_token() {
    const RESTRICTIONS: [&str; 7] =
        ["actionslimit", "iprestrict", "limitentry", "privacycontext", "restrictingrole", "setrole", "urirestrict"];
    let names = "edit sview list download downloadasset editplaylist sviewplaylist actionslimit setrole restrictingrole \
                 limitentry iprestrict urirestrict enableentitlement disableentitlement disableentitlementforentry \
                 disableentitlementforplaylist privacycontext enablecategorymoderation reftime sessionkey preview \
                 sessionid jobtype apptoken enablechangeaccount edituser enablecaptionmoderation editadmintags \
                 restrictexplicitliveview virtualeventid searchcontext disablesessiontypecheck";
    let names: Vec<&str> = names.split_whitespace().collect();
    assert_eq!(names.len(), 33);
    let world = World::new();
    let token = world.add(of_user("alice"));
    for name in names {
        // The library does not send a restriction without a value.
        let without_value = (!RESTRICTIONS.contains(&name)).then(|| name.to_owned());
        for asked in without_value.into_iter().chain([format!("{name}:1"), format!(" {name} :1")]) {
            let mut options = SessionOptions::default();
            options.privileges = Some(Privileges::parse(&asked));
            let granted = world.start(&token, options).unwrap().privileges.to_string();
            assert_eq!(granted, format!("sessionid:{0},apptoken:{0}", token.id), "{asked:?}");
        }
    }
}

#[test]
fn lists_omit_deleted_tokens_and_those_of_other_pages() {
    let world = World::new();
    for _ in 0..31 {
        let _ = world.fake.add_token(partner(), TokenSpec::new(HashType::Sha1));
    }
    let token = world.add(of_user("alice"));
    world.call(Delete { id: token.id }).unwrap();
    let page = world.call(List::default()).unwrap();
    assert_eq!((page.total_count, page.objects.len()), (31, 30));
}

#[test]
fn names_are_accepted_in_any_case_and_paths_are_checked() {
    let world = World::new();
    let get = |target: &str| {
        let body = json!({ "ks": world.admin.expose(), "format": 1 }).to_string();
        let request = WireRequest {
            method: "POST".into(),
            target: target.into(),
            headers: vec![("Content-Type".into(), "application/json".into())],
            body: body.into_bytes(),
        };
        let DeliveryKind::Reply(reply) = world.fake.handle(&request).kind else { panic!("no reply") };
        (reply.status, serde_json::from_slice::<Value>(&reply.body).unwrap_or_default())
    };
    for (row, target, status) in [
        ("as it is declared", "/api_v3/service/appToken/action/list", 200),
        ("in lower case", "/api_v3/service/apptoken/action/list", 200),
        ("in upper case", "/api_v3/service/APPTOKEN/action/LIST", 200),
        ("in the query", "/api_v3/?service=apptoken&action=list", 200),
        ("under the old name", "/api/service/apptoken/action/list", 200),
        ("as clients with a service URL in /api send it", "/api/api_v3/service/apptoken/action/list", 200),
        ("without a version", "/service/apptoken/action/list", 404),
    ] {
        let (given, answer) = get(target);
        assert_eq!(given, status, "{row}");
        assert_eq!(answer["totalCount"], if status == 200 { json!(0) } else { Value::Null }, "{row}");
    }
    for base in ["https://kaltura.example.org", "https://kaltura.example.org/", "https://kaltura.example.org/api_v3/"] {
        let call = Call::new(Endpoint::parse(base).unwrap(), List::default());
        let exchange = call.start(world.fake.clock().now()).unwrap();
        let url = "https://kaltura.example.org/api_v3/service/appToken/action/list?format=1";
        assert_eq!(exchange.request().url(), url, "{base}");
    }
}

#[test]
fn a_token_without_settings_has_the_defaults() {
    for (row, max, duration) in [("a day", Some(86_400), 86_400), ("the account's maximum", Some(259_200), 259_200)] {
        let fake = Fake::builder().build();
        fake.add_account(Account::new(partner()).max_lifetime(max));
        let token = World::of(fake).add(of_user("alice"));
        assert_eq!((token.expiry, token.session_duration), (None, Some(duration)), "{row}, and no end");
    }
    let world = World::new();
    let made = world.call(user::Add { user: NewUser::new("importer") }).unwrap();
    assert_eq!((made.role_ids.as_str(), made.role_names.as_str()), ("", ""), "a user has no role");
}

#[test]
fn the_user_of_a_token_gives_its_roles_only_if_it_is_active() {
    let world = World::new();
    let reader = world.role(&["APP_TOKEN_BASE", "BASE_USER_SESSION_PERMISSION"]);
    let user = NewUser { role_ids: Some(reader), ..NewUser::new("reader") };
    world.call(user::Add { user }).unwrap();
    let token = world.add(NewAppToken::default());
    let session = |user: &str| {
        let mut options = SessionOptions::default();
        options.user_id = Some(user.to_owned());
        world.start(&token, options).unwrap().ks
    };
    let forbidden = Some(KalturaCode::ServiceForbidden);
    let of_reader = session("reader");
    let lists = |ks: &Ks| code(world.call_with(Some(ks), List::default()).map(drop));
    assert_eq!(lists(&of_reader), None, "a user with a role");
    assert_eq!(lists(&session("READER")), None, "ids of users have no case");
    assert_eq!(lists(&session("stranger")), forbidden, "a user who is not there");
    let status = |status: u8| json!({ "userId": "reader", "user": { "status": status } });
    world.check_by_hand("block", "user.update", status(0), json!({ "status": 0 }));
    assert_eq!(lists(&of_reader), Some(KalturaCode::UserBlocked), "a user who is blocked");
    world.check_by_hand("unblock", "user.update", status(1), json!({ "status": 1 }));
    assert_eq!(lists(&of_reader), None, "and no longer");
    world.call(user::Delete { user_id: "reader".into() }).unwrap();
    assert_eq!(lists(&of_reader), forbidden, "a user who was deleted");
}

#[test]
fn a_url_without_tls_is_rejected() {
    assert!(is_invalid_input(Endpoint::parse("http://www.kaltura.com")));
    assert!(Endpoint::parse("http://127.0.0.1:8080").is_ok(), "what does not leave the machine need not be");
}

#[test]
fn status_and_privileges_are_independent_of_roles() {
    let world = World::new();
    let adder = world.role(&["APP_TOKEN_ADD", "APP_TOKEN_UPDATE"]);
    let with =
        |privileges: &str| NewAppToken { session_privileges: Some(Privileges::parse(privileges)), ..of_user("alice") };
    let ks = world.log_in(&world.add(with(&format!("setrole:{adder}")))).ks().clone();
    let added = world.call_with(Some(&ks), Add { app_token: with("*,setrole:2,disableentitlement") }).unwrap();
    assert_eq!(added.session_privileges.unwrap().to_string(), "*,setrole:2,disableentitlement", "more than it has");
    assert_eq!(added.status, AppTokenStatus::Active);
}

/// An HMAC, as one of the vendor's guides describes the token hash.
fn hmac_sha256(key: &[u8], message: &[u8]) -> String {
    let padded = |pad: u8| -> Vec<u8> { (0..64).map(|at| key.get(at).copied().unwrap_or(0) ^ pad).collect() };
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(message).finalize();
    hex::encode(Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize())
}
