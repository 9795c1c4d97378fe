//! `user.list`: its filter, and what filters of all lists have in common.

use serde_json::{Value, json};

use super::{World, refused};

/// Three users: `ann` with two roles, `bob` with a login, `cat` who is an administrator.
fn world() -> World {
    let world = World::new();
    let own_role = world.role(&["APP_TOKEN_BASE"]);
    let ann = json!({
        "id": "ann", "screenName": "Zed One", "email": "ann@x.com", "firstName": "Fay", "lastName": "Low",
        "tags": "red wine,blue", "roleIds": format!("5,{own_role}"),
    });
    let bob = json!({ "id": "bob", "screenName": "Yob", "email": "bob@y.org", "roleIds": "6", "password": "Abcdef1!" });
    let cat = json!({ "id": "cat", "type": 1 });
    for user in [ann, bob, cat] {
        assert_eq!(super::error_code(&world.call_by_hand("user.add", json!({ "user": user }))), None);
    }
    world.call_by_hand("user.update", json!({ "userId": "cat", "user": { "isAdmin": true } }));
    world
}

/// The first letters of the users that are found.
fn found(world: &World, filter: Value) -> String {
    let page = world.call_by_hand("user.list", json!({ "filter": filter }));
    let id = |user: &Value| user["id"].as_str().unwrap().chars().next().unwrap();
    let mut names: Vec<char> = page["objects"].as_array().unwrap_or_else(|| panic!("{page}")).iter().map(id).collect();
    assert_eq!(page["totalCount"], names.len());
    names.sort_unstable();
    names.into_iter().collect()
}

#[test]
fn every_condition_selects_users() {
    let world = world();
    let own = world.call_by_hand("user.get", json!({ "userId": "ann" }))["roleIds"].clone();
    let own_role: i64 = own.as_str().unwrap().split_once(',').unwrap().1.parse().unwrap();
    for (name, value, expected) in [
        ("isAdminEqual", json!(1), "c"),
        ("isAdminEqual", json!(true), "c"),
        ("isAdminEqual", json!(0), "ab"),
        ("isAdminEqual", json!(""), "ab"),
        ("isAdminEqual", json!(-1), "abc"),
        ("loginEnabledEqual", json!(1), "b"),
        ("loginEnabledEqual", json!("false"), "ac"),
        ("loginEnabledEqual", json!(-1), "abc"),
        ("roleIdEqual", json!(5), "a"),
        ("roleIdEqual", json!(own_role), "a"),
        ("roleIdEqual", json!("6"), "b"),
        ("roleIdEqual", json!("x"), ""),
        ("roleIdsEqual", own.clone(), "a"),
        ("roleIdsEqual", json!("5"), ""),
        ("roleIdsEqual", json!(""), "abc"),
        ("roleIdsIn", json!("5,6"), ""),
        ("typeEqual", json!(0), "ab"),
        ("typeEqual", json!(1), "c"),
        ("typeIn", json!("0,1"), "abc"),
        ("typeIn", json!("1"), "c"),
        ("screenNameLike", json!("ZED one"), "a"),
        ("screenNameLike", json!("zed"), "a"),
        ("screenNameLike", json!("ze"), ""),
        ("screenNameLike", json!(""), "abc"),
        ("screenNameStartsWith", json!("zed"), "a"),
        ("screenNameStartsWith", json!("One"), ""),
        ("screenNameStartsWith", json!("Z"), ""),
        ("emailLike", json!("ANN@x.com"), "a"),
        ("emailLike", json!("ann"), ""),
        ("emailStartsWith", json!("bob@"), "b"),
        ("idOrScreenNameStartsWith", json!("ann"), "a"),
        ("idOrScreenNameStartsWith", json!("yob"), "b"),
        ("idOrScreenNameStartsWith", json!("yob,cat"), "bc"),
        ("idOrScreenNameStartsWith", json!("q"), ""),
        ("firstNameStartsWith", json!("Fay"), ""),
        ("lastNameStartsWith", json!("Low"), ""),
        ("firstNameOrLastNameStartsWith", json!("fay"), "a"),
        ("tagsMultiLikeOr", json!("blue,green"), "a"),
        ("tagsMultiLikeAnd", json!("blue,green"), ""),
        ("tagsMultiLikeOr", json!("red wine"), "a"),
        ("permissionNamesMultiLikeOr", json!("APP_TOKEN_BASE"), "a"),
        ("permissionNamesMultiLikeOr", json!("APP_TOKEN_BASE,WIDGET_SESSION_PERMISSION"), "ab"),
        ("permissionNamesMultiLikeAnd", json!("APP_TOKEN_BASE,ANALYTICS_BASE"), "a"),
        ("permissionNamesMultiLikeAnd", json!("APP_TOKEN_BASE,WIDGET_SESSION_PERMISSION"), ""),
        ("permissionNamesMultiLikeOr", json!("NOPE"), ""),
        ("permissionNamesMultiLikeOr", json!(""), "abc"),
        ("firstNameLike", json!("does not exist"), "abc"),
        ("idIn", json!("ann,bob"), "ab"),
        ("updatedAtLessThanOrEqual", json!(world.now() - 1), ""),
    ] {
        assert_eq!(found(&world, json!({ name: value })), expected, "{name} {value}");
    }
    assert_eq!(found(&world, json!({ "isAdminEqual": 0, "loginEnabledEqual": 1 })), "b");
    assert_eq!(found(&world, json!({ "roleIdEqual": 5, "emailLike": "bob@y.org" })), "");
}

#[test]
fn a_role_with_all_permissions_matches_any_permission() {
    let world = world();
    world.call_by_hand("user.update", json!({ "userId": "cat", "user": { "roleIds": "2" } }));
    for name in ["permissionNamesMultiLikeOr", "permissionNamesMultiLikeAnd"] {
        assert_eq!(
            found(&world, json!({ name: "NOPE,APP_TOKEN_BASE" })),
            if name.ends_with("Or") { "ac" } else { "c" }
        );
    }
}

#[test]
fn a_value_outside_of_an_enumeration_is_an_error() {
    let world = world();
    for (name, value, of) in [
        ("isAdminEqual", json!(2), "KalturaNullableBoolean"),
        ("loginEnabledEqual", json!("x"), "KalturaNullableBoolean"),
        ("typeEqual", json!(""), "KalturaUserType"),
        ("typeEqual", json!("x"), "KalturaUserType"),
        ("statusEqual", json!("x"), "KalturaUserStatus"),
    ] {
        let expected = refused("INVALID_ENUM_VALUE", json!({ "PARAM_NAME": name, "ENUM_TYPE": of }));
        world.check_by_hand(name, "user.list", json!({ "filter": { name: value } }), expected);
    }
}

#[test]
fn a_null_in_a_condition_fails_or_is_ignored() {
    let world = world();
    for (action, failing, ignored) in [
        (
            "user.list",
            &["idEqual", "idIn", "statusIn", "typeIn", "screenNameLike", "emailStartsWith", "orderBy", "roleIdEqual"][..],
            &["statusEqual", "isAdminEqual", "typeEqual", "createdAtLessThanOrEqual", "loginEnabledEqual", "foo"][..],
        ),
        (
            "userRole.list",
            &["idEqual", "statusEqual", "nameEqual", "tagsMultiLikeOr", "updatedAtLessThanOrEqual", "orderBy"],
            &["roleIdEqual", "advancedSearch"],
        ),
        (
            "appToken.list",
            &["idIn", "statusEqual", "sessionUserIdEqual", "createdAtGreaterThanOrEqual", "orderBy"],
            &["foo", "advancedSearch"],
        ),
    ] {
        for (name, fails) in failing.iter().map(|name| (name, true)).chain(ignored.iter().map(|name| (name, false))) {
            let answer = world.call_by_hand(action, json!({ "filter": { format!("{name}__null"): "" } }));
            assert_eq!(super::error_code(&answer), fails.then_some("INTERNAL_SERVERL_ERROR"), "{action} {name}");
        }
        for (name, fails) in [("pageSize", true), ("pageIndex", false)] {
            let answer = world.call_by_hand(action, json!({ "pager": { format!("{name}__null"): "" } }));
            assert_eq!(super::error_code(&answer), fails.then_some("INTERNAL_SERVERL_ERROR"), "{action} {name}");
        }
    }
}

#[test]
fn a_search_condition_is_built_but_has_no_effect() {
    let world = world();
    let operator = |items: Value| json!({ "objectType": "KalturaSearchOperator", "type": 1, "items": items });
    let condition = json!({ "objectType": "KalturaSearchCondition", "field": "f", "value": "v" });
    for (search, code) in [
        (operator(json!([])), None),
        (operator(json!([condition, operator(json!([]))])), None),
        (condition.clone(), None),
        (json!({ "objectType": "KalturaSearchOperator" }), None),
        (json!("x"), None),
        (json!({ "objectType": "KalturaSearchOperator", "type": "x" }), Some("INVALID_ENUM_VALUE")),
        (json!({}), Some("OBJECT_TYPE_ABSTRACT")),
        (json!({ "objectType": "KalturaSearchItem" }), Some("OBJECT_TYPE_ABSTRACT")),
        (json!({ "objectType": "KalturaNope" }), Some("OBJECT_TYPE_ABSTRACT")),
        (operator(json!([{}])), Some("OBJECT_TYPE_ABSTRACT")),
        (operator(json!(["x"])), Some("PROPERTY_VALIDATION_WRONG_FORMAT")),
    ] {
        for action in ["user.list", "userRole.list", "appToken.list"] {
            let answer = world.call_by_hand(action, json!({ "filter": { "advancedSearch": search } }));
            assert_eq!(super::error_code(&answer), code, "{action} {search}");
        }
    }
    assert_eq!(found(&world, json!({ "advancedSearch": condition })), "abc");
}
