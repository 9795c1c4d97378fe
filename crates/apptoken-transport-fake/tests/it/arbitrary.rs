//! Every request gets a reply, in linear time and with limited memory.

use apptoken_transport_fake::{DeliveryKind, Fake, WireReply, WireRequest};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::client::{admin, call, code, fake, partner, reply, request, token, widget_ks};
use crate::every_action::ROWS;

fn handle(fake: &Fake, request: &WireRequest) -> WireReply {
    match fake.handle(request).kind {
        DeliveryKind::Reply(reply) => reply,
        other => panic!("{other:?}"),
    }
}

fn check(fake: &Fake, request: &WireRequest) -> Result<(), TestCaseError> {
    let before = fake.journal().requests();
    let reply = handle(fake, request);
    prop_assert!([200, 301, 400, 404, 500].contains(&reply.status), "{}", reply.status);
    for (name, value) in &reply.headers {
        prop_assert!(!name.is_empty() && !value.contains(['\r', '\n']), "{name}: {value:?}");
    }
    if reply.header("content-type") == Some("application/json") && request.method != "HEAD" {
        prop_assert!(
            serde_json::from_slice::<Value>(&reply.body).is_ok(),
            "{:?}",
            String::from_utf8_lossy(&reply.body)
        );
    }
    prop_assert_eq!(fake.journal().requests(), before + 1);
    Ok(())
}

/// Known and unknown words.
fn word() -> impl Strategy<Value = String> {
    let known = [
        "service",
        "action",
        "format",
        "ks",
        "session",
        "appToken",
        "user",
        "userRole",
        "multirequest",
        "start",
        "add",
        "list",
        "get",
        "update",
        "delete",
        "startSession",
        "startWidgetSession",
        "id",
        "tokenHash",
        "filter",
        "pager",
        "orderBy",
        "objectType",
        "KalturaAppToken",
        "1",
        "2",
        "0",
        "-1",
        "true",
        "null",
        "{1:result:ks}",
        "{1:result}",
        "expiry",
        "expiry__null",
        "partnerId",
        "p",
        "101",
        "_101",
        "widgetId",
        "clientTag",
        "callback",
        "nocache",
        "language",
        "responseProfile",
        "ignoreNull",
        "kalsig",
        "type",
        "privileges",
        "sessionPrivileges",
        "userId",
        "roleIds",
        "permissionNames",
        "name",
        "firstName__null",
        "status__null",
        "idIn__null",
        "isAdmin",
        "email",
        "a@b.co",
        "password",
        "Abcdef1!",
        "externalId",
        "user",
        "roleIdEqual",
        "isAdminEqual",
        "idOrScreenNameStartsWith",
        "permissionNamesMultiLikeOr",
        "advancedSearch",
        "KalturaSearchOperator",
        "items",
        "a[b][]",
        "a:b:c",
        "1:service",
        "secret",
    ];
    prop_oneof![
        8 => proptest::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => ".{0,12}",
        1 => "[<>&\"'/:;%+=\\[\\]{}?#\\\\\u{0}-\u{1f}\u{80}\u{1f600}]{0,8}",
    ]
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((word(), inner), 0..6).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn target() -> impl Strategy<Value = String> {
    let path = prop_oneof![
        Just("/api_v3/index.php".to_owned()),
        Just("/api_v3/".to_owned()),
        (word(), word()).prop_map(|(service, action)| format!("/api_v3/service/{service}/action/{action}")),
        vec(word(), 0..8).prop_map(|words| format!("/api_v3/{}", words.join("/"))),
        ".{0,30}",
    ];
    let query = vec((word(), word()), 0..4).prop_map(|pairs| {
        pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    });
    (path, query).prop_map(|(path, query)| format!("{path}?{query}"))
}

fn any_request() -> impl Strategy<Value = WireRequest> {
    let method = prop_oneof![
        6 => Just("POST".to_owned()), 2 => Just("GET".to_owned()), 1 => Just("HEAD".to_owned()),
        1 => Just("OPTIONS".to_owned()), 1 => "\\PC{0,6}",
    ];
    let form = vec((word(), word()), 0..8).prop_map(|pairs| {
        pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    });
    let multipart = vec((word(), word()), 0..5).prop_map(|fields| {
        let parts = fields
            .iter()
            .map(|(name, value)| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
        parts.collect::<String>() + "--b--\r\n"
    });
    let of_kind = |kind: &'static str| move |body: String| (kind.to_owned(), body.into_bytes());
    let body = prop_oneof![
        4 => json_value().prop_map(|json| ("application/json".to_owned(), json.to_string().into_bytes())),
        3 => form.prop_map(of_kind("application/x-www-form-urlencoded")),
        2 => multipart.prop_map(of_kind("multipart/form-data; boundary=b")),
        2 => ("(application/json|application/x-www-form-urlencoded|multipart/form-data; boundary=[ab]?|.{0,8})", vec(any::<u8>(), 0..200)),
    ];
    (method, target(), body).prop_map(|(method, target, (kind, body))| WireRequest {
        method,
        target,
        headers: vec![("Content-Type".into(), kind), ("Host".into(), "localhost".into())],
        body,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn every_request_gets_a_reply(requests in vec(any_request(), 1..4), stores in any::<bool>()) {
        let fake = fake();
        fake.set_response_cache(stores);
        for request in &requests {
            check(&fake, request)?;
        }
    }

    #[test]
    fn every_action_handles_any_arguments(action in 0..ROWS.len(), params in vec((word(), json_value()), 0..6)) {
        let fake = fake();
        let mut all: serde_json::Map<String, Value> = params.into_iter().collect();
        all.insert("ks".into(), admin(&fake).expose().into());
        for name in ["service", "action", "format"] {
            all.remove(name);
        }
        check(&fake, &request(&ROWS[action].name, &Value::Object(all)))?;
    }

    #[test]
    fn a_damaged_request_gets_a_reply(at in any::<prop::sample::Index>(), byte in any::<u8>(), len in any::<prop::sample::Index>()) {
        let fake = fake();
        let params = json!({ "ks": admin(&fake).expose(), "appToken": { "sessionUserId": "alice", "expiry": 60 } });
        let mut request = request("appToken.add", &params);
        let at = at.index(request.body.len());
        request.body[at] = byte;
        check(&fake, &request)?;
        request.body.truncate(len.index(request.body.len()));
        check(&fake, &request)?;
    }
}

/// The services with actions that use numbers.
const MODELLED: [&str; 5] = ["appToken.", "session.", "user.", "userAppRole.", "userRole."];

/// The reply to a large request. Quadratic work would take hours.
fn answered(request: &WireRequest) -> WireReply {
    let fake = fake();
    fake.set_response_cache(true);
    handle(&fake, request)
}

fn form(body: String) -> WireRequest {
    let mut request = request("session.startWidgetSession", &Value::Null);
    request.headers = vec![("Content-Type".into(), "application/x-www-form-urlencoded".into())];
    request.body = body.into_bytes();
    request
}

fn post_json(body: String) -> WireRequest {
    WireRequest { body: body.into_bytes(), ..request("session.startWidgetSession", &Value::Null) }
}

#[test]
fn extreme_numbers_do_not_overflow() {
    let fake = fake();
    fake.change_account(partner(), |account| account.max_lifetime(None));
    let secret = fake.admin_secret(partner()).unwrap();
    let far = json!({
        "secret": secret.expose(), "partnerId": 101, "type": 2, "privileges": format!("reftime:{}", i64::MAX),
    });
    let (plain, far) = (json!(admin(&fake).expose()), call(&fake, "session.start", far));
    let token = token(&fake);
    let names = [
        "expiry",
        "type",
        "partnerId",
        "p",
        "impersonatedPartnerId",
        "userRoleId",
        "sessionDuration",
        "sessionType",
        "status",
        "dateOfBirth",
        "createdAtGreaterThanOrEqual",
        "pageSize",
        "pageIndex",
        "idEqual",
        "roleIds",
        "format",
    ];
    let with_numbers = ROWS
        .iter()
        .map(|row| row.name.as_str())
        .filter(|name| MODELLED.iter().any(|service| name.starts_with(service)));
    for (action, name) in with_numbers.flat_map(|action| names.map(|name| (action, name))) {
        for number in [i64::MIN, -1, i64::MAX] {
            let object = json!({ name: number });
            let mut params = json!({
                "ks": far, "secret": secret.expose(), "partnerId": 101, "widgetId": "_101", "userRoleId": 1,
                "privileges": "downloadasset:x", "id": token.id.as_str(), "userId": "alice",
                "appToken": object, "user": object, "userRole": object, "filter": object, "pager": object,
            });
            let in_objects = reply(&fake, action, &params).status;
            params["ks"] = plain.clone();
            params[name] = json!(number);
            let status = reply(&fake, action, &params).status;
            assert!([in_objects, status].iter().all(|status| [200, 500].contains(status)), "{action} {name} {number}");
        }
    }
}

#[test]
fn a_download_session_with_the_maximum_expiry_is_created() {
    let fake = fake();
    let secret = fake.admin_secret(partner()).unwrap();
    let params = json!({
        "secret": secret.expose(), "partnerId": 101, "expiry": i64::MAX, "privileges": "downloadasset:x",
    });
    assert!(call(&fake, "session.start", params.clone()).is_string());
    let _ = widget_ks(&fake);
    // The fast path has no maximum lifetime.
    assert!(call(&fake, "session.start", params).is_string());
}

#[test]
fn other_requests_run_between_the_parts_of_a_multirequest() {
    const PARTS: usize = 20_000;
    let fake = fake();
    let parts: String =
        (1..=PARTS).map(|number| format!("\"{number}\":{{\"service\":\"system\",\"action\":\"ping\"}},")).collect();
    let mut large = post_json(format!("{{{parts}\"format\":1}}"));
    large.target = "/api_v3/service/multirequest".into();
    std::thread::scope(|scope| {
        let running = scope.spawn(|| handle(&fake, &large));
        // Its parts are counted one by one, but its journal entry is added at the end.
        while fake.journal().count("system.ping") == 0 {
            std::thread::yield_now();
        }
        let small = call(&fake, "system.getTime", json!({}));
        assert!(small.is_number());
        assert_eq!(running.join().unwrap().status, 200);
    });
    let order: Vec<_> = fake.journal().entries().map(|entry| entry.action.clone()).collect();
    assert_eq!(order, ["system.getTime", "multirequest"]);
}

#[test]
fn too_many_searches_in_a_multirequest_are_a_crash() {
    let fake = fake();
    let ks = admin(&fake);
    for _ in 0..10_000 {
        let _ = token(&fake);
    }
    let list = json!({ "service": "appToken", "action": "list", "filter": { "statusEqual": 1 } });
    let parts = |count: usize| {
        let mut params: serde_json::Map<_, _> = (1..=count).map(|number| (number.to_string(), list.clone())).collect();
        params.insert("ks".into(), ks.expose().into());
        Value::Object(params)
    };
    assert_eq!(reply(&fake, "multirequest", &parts(10)).status, 200);
    assert_eq!(reply(&fake, "multirequest", &parts(1_100)).status, 500, "as when PHP runs out of time");
}

#[test]
fn stored_data_of_clients_is_limited_in_bytes() {
    let fake = fake();
    let ks = admin(&fake);
    let texts = json!({ "description": "d".repeat(60_000), "sessionPrivileges": "p".repeat(60_000) });
    let add = json!({ "ks": ks.expose(), "appToken": texts });
    let added = (0..300).take_while(|_| code(&call(&fake, "appToken.add", add.clone())).is_empty()).count();
    assert!((100..200).contains(&added), "{added}");
    assert_eq!(code(&call(&fake, "appToken.add", add)), "INTERNAL_DATABASE_ERROR");
    let user = |number: usize| {
        json!({
            "ks": ks.expose(),
            "user": { "id": format!("u{number}"), "firstName": "f".repeat(70_000), "country": "c".repeat(70_000) },
        })
    };
    let fake = self::fake();
    let added = (0..300).take_while(|number| code(&call(&fake, "user.add", user(*number))).is_empty()).count();
    assert!((100..300).contains(&added), "{added}");
    assert!(fake.snapshot().len() < 20 << 20);
}

#[test]
fn a_huge_request_takes_linear_time() {
    const MANY: usize = 100_000;
    let numbered = |each: fn(usize) -> String| (0..MANY).map(each).collect::<String>();
    let requests = [
        ("many fields", form(numbered(|n| format!("f{n}=1&")) + "widgetId=_101")),
        ("many nested fields", form(numbered(|n| format!("a[{n}][b][c]=1&")))),
        ("many fields of one list", form("a[]=1&".repeat(MANY))),
        ("deep names", form(format!("a{}=1", "[x]".repeat(MANY)))),
        ("open brackets", form("[".repeat(10 * MANY))),
        ("percent signs", form("%".repeat(10 * MANY))),
        ("colons", form(format!("{}=1", "a:".repeat(MANY)))),
        ("many values", post_json(format!("{{{}\"widgetId\":\"_101\"}}", numbered(|n| format!("\"f{n}\":1,"))))),
        ("deep arrays", post_json(format!("{{\"a\":{}", "[".repeat(10 * MANY)))),
        ("deep objects", post_json("{\"a\":".repeat(MANY))),
        ("a long text", post_json(json!({ "widgetId": "x".repeat(50 * MANY) }).to_string())),
        ("markup", post_json(json!({ "widgetId": "<a \"".repeat(5 * MANY) }).to_string())),
        ("many tags", post_json(json!({ "widgetId": "<b>".repeat(5 * MANY) }).to_string())),
        ("comments", post_json(json!({ "widgetId": "<!--".repeat(5 * MANY) }).to_string())),
    ];
    for (what, request) in requests {
        let reply = answered(&request);
        assert_eq!(reply.status, 200, "{what}");
    }
    let mut long = form(String::new());
    long.target = format!("/api_v3/service/{}?{}", "a/".repeat(MANY), "b=1&".repeat(MANY));
    assert_eq!(answered(&long).status, 200);
    let mut parts = form("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n".repeat(MANY));
    parts.headers = vec![("Content-Type".into(), "multipart/form-data; boundary=b".into())];
    assert_eq!(answered(&parts).status, 200);
    parts.body = "--b".repeat(5 * MANY).into_bytes();
    assert_eq!(answered(&parts).status, 200);
}

#[test]
fn a_large_multirequest_takes_linear_time() {
    const MANY: usize = 20_000;
    let multi = |each: fn(usize) -> String| {
        let parts: String = (1..=MANY).map(each).collect();
        let mut request = post_json(format!("{{{}", parts.trim_end_matches(',')) + "}");
        request.target = "/api_v3/service/multirequest?format=1".into();
        request
    };
    let ping = multi(|n| format!("\"{n}\":{{\"service\":\"system\",\"action\":\"ping\"}},"));
    let reply = answered(&ping);
    assert_eq!(reply.body.len(), "true,".len() * MANY + 1);
    let chain =
        multi(|n| format!("\"{n}\":{{\"service\":\"system\",\"action\":\"ping\",\"x\":\"{{{}:result}}\"}},", n - 1));
    assert_eq!(answered(&chain).status, 200);
    let braces = json!({ "1": { "service": "system", "action": "ping", "x": "{1:result".repeat(500_000) } });
    let mut request = post_json(braces.to_string());
    request.target = "/api_v3/service/multirequest?format=1".into();
    assert_eq!(answered(&request).status, 200);
}

#[test]
fn too_large_results_of_a_multirequest_are_a_crash() {
    let fake = fake();
    let ks = admin(&fake);
    let token = json!({ "description": "d".repeat(60_000), "sessionPrivileges": "p".repeat(60_000) });
    for _ in 0..60 {
        assert_eq!(code(&call(&fake, "appToken.add", json!({ "ks": ks.expose(), "appToken": token }))), "");
    }
    let list = json!({ "service": "appToken", "action": "list", "pager": { "pageSize": 500 } });
    let parts = |count: usize| {
        let mut params: serde_json::Map<_, _> = (1..=count).map(|n| (n.to_string(), list.clone())).collect();
        params.insert("ks".into(), ks.expose().into());
        Value::Object(params)
    };
    assert_eq!(reply(&fake, "multirequest", &parts(2)).status, 200);
    assert_eq!(reply(&fake, "multirequest", &parts(50)).status, 500, "as when PHP runs out of memory");
    let grown = json!({
        "ks": ks.expose(), "1": list,
        "2": { "service": "system", "action": "ping", "x": "{1:result:objects:0:description}\n".repeat(2_000) },
    });
    assert_eq!(reply(&fake, "multirequest", &grown).status, 500);
}

#[test]
fn the_journal_keeps_the_last_requests() {
    let fake = Fake::builder().journal_capacity(3).build();
    for _ in 0..10 {
        let _ = call(&fake, "system.ping", json!({}));
    }
    let journal = fake.journal();
    let numbers: Vec<u64> = journal.entries().map(|entry| entry.number).collect();
    assert_eq!((numbers, journal.count("system.ping")), (vec![8, 9, 10], 10));
    let _ = token(&fake);
}
