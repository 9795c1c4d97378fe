//! `appToken.list`: filters, order, pages, and the form of the reply.

use std::time::Duration;

use apptoken_core::api::Pager;
use apptoken_core::api::app_token::{
    AppTokenChanges, AppTokenFilter, AppTokenOrder, AppTokenStatus, Delete, List, Update,
};
use apptoken_core::api::user;
use apptoken_core::api::user::NewUser;
use apptoken_core::{AllPages, AppTokenId, HashType, UnixSeconds};
use apptoken_transport_fake::{DeliveryKind, TokenSpec, TokenStatus, WireRequest};
use serde_json::{Value, json};

use super::{World, endpoint, is_invalid_input, of_user};
use crate::client::partner;

/// Five tokens `a` to `e`, ten seconds apart. `b` is disabled, `c` is deleted, `d` was changed last.
struct Shelf {
    world: World,
    tokens: Vec<(char, AppTokenId)>,
    began: i64,
}

impl Shelf {
    fn new() -> Self {
        let world = World::new();
        let began = world.now();
        let add = |(name, user): (char, &str)| {
            let spec = TokenSpec::new(HashType::Sha256).user(user).description(&name.to_string());
            let id = world.fake.add_token(partner(), spec).id;
            world.fake.clock().advance(Duration::from_secs(10));
            (name, id)
        };
        let tokens: Vec<_> =
            [('a', "alice"), ('b', "bob"), ('c', "alice"), ('d', "alice"), ('e', "bob")].map(add).into();
        let id = |name: usize| tokens[name].1.clone();
        assert!(world.fake.set_token_status(&id(1), TokenStatus::Disabled));
        world.call(Delete { id: id(2) }).unwrap();
        let changes = AppTokenChanges { session_duration: Some(Duration::from_secs(60)), ..AppTokenChanges::default() };
        world.call(Update { id: id(3), changes }).unwrap();
        Self { world, tokens, began }
    }

    fn id(&self, name: char) -> AppTokenId {
        self.tokens.iter().find(|(each, _)| *each == name).unwrap().1.clone()
    }

    /// The tokens of a page by their names, in its order.
    fn names(&self, page: &Value) -> String {
        let name = |token: &Value| token["description"].as_str().unwrap().to_owned();
        page["objects"].as_array().unwrap().iter().map(name).collect()
    }

    /// The same, sorted by name, for lists without an order.
    fn sorted_names(&self, page: &Value) -> String {
        let mut names: Vec<char> = self.names(page).chars().collect();
        names.sort_unstable();
        names.into_iter().collect()
    }

    fn list_by_hand(&self, filter: Value) -> Value {
        self.world.call_by_hand("appToken.list", json!({ "filter": filter }))
    }
}

#[test]
fn typed_filters_select_tokens() {
    let shelf = Shelf::new();
    let all = AppTokenFilter::default;
    let at = |seconds: i64| Some(UnixSeconds(shelf.began + seconds));
    let ids = |names: &str| names.chars().map(|name| shelf.id(name)).collect::<Vec<_>>();
    let comma = |names: &str| ids(names).iter().map(AppTokenId::as_str).collect::<Vec<_>>().join(",");
    for (row, filter, sent, found) in [
        ("none: all but the deleted", all(), json!({}), "abde"),
        (
            "idEqual",
            AppTokenFilter { id_equal: Some(shelf.id('d')), ..all() },
            json!({ "idEqual": shelf.id('d').as_str() }),
            "d",
        ),
        (
            "idEqual of a deleted one",
            AppTokenFilter { id_equal: Some(shelf.id('c')), ..all() },
            json!({ "idEqual": shelf.id('c').as_str() }),
            "",
        ),
        ("idIn", AppTokenFilter { id_in: ids("eca"), ..all() }, json!({ "idIn": comma("eca") }), "ae"),
        (
            "statusEqual active",
            AppTokenFilter { status_equal: Some(AppTokenStatus::Active), ..all() },
            json!({ "statusEqual": 2 }),
            "ade",
        ),
        (
            "statusEqual disabled",
            AppTokenFilter { status_equal: Some(AppTokenStatus::Disabled), ..all() },
            json!({ "statusEqual": 1 }),
            "b",
        ),
        (
            "statusEqual deleted",
            AppTokenFilter { status_equal: Some(AppTokenStatus::Deleted), ..all() },
            json!({ "statusEqual": 3 }),
            "",
        ),
        (
            "createdAtGreaterThanOrEqual, its very second",
            AppTokenFilter { created_since: at(30), ..all() },
            json!({ "createdAtGreaterThanOrEqual": shelf.began + 30 }),
            "de",
        ),
        (
            "createdAtGreaterThanOrEqual, a second later",
            AppTokenFilter { created_since: at(31), ..all() },
            json!({ "createdAtGreaterThanOrEqual": shelf.began + 31 }),
            "e",
        ),
        (
            "createdAtLessThanOrEqual, its very second",
            AppTokenFilter { created_until: at(30), ..all() },
            json!({ "createdAtLessThanOrEqual": shelf.began + 30 }),
            "abd",
        ),
        (
            "updatedAtGreaterThanOrEqual",
            AppTokenFilter { updated_since: at(40), ..all() },
            json!({ "updatedAtGreaterThanOrEqual": shelf.began + 40 }),
            "de",
        ),
        (
            "updatedAtLessThanOrEqual",
            AppTokenFilter { updated_until: at(49), ..all() },
            json!({ "updatedAtLessThanOrEqual": shelf.began + 49 }),
            "abe",
        ),
        (
            "a date of 1970 is sent as one that the server takes for a date",
            AppTokenFilter { created_until: Some(UnixSeconds(3_600)), ..all() },
            json!({ "createdAtLessThanOrEqual": 315_360_001 }),
            "",
        ),
        (
            "sessionUserIdEqual",
            AppTokenFilter { session_user_id_equal: Some("alice".into()), ..all() },
            json!({ "sessionUserIdEqual": "alice" }),
            "ad",
        ),
        (
            "all conditions together",
            AppTokenFilter {
                session_user_id_equal: Some("bob".into()),
                status_equal: Some(AppTokenStatus::Active),
                created_since: at(0),
                ..all()
            },
            json!({ "sessionUserIdEqual": "bob", "statusEqual": 2, "createdAtGreaterThanOrEqual": shelf.began }),
            "e",
        ),
    ] {
        let answer = json!({ "totalCount": found.len(), "objectType": "KalturaAppTokenListResponse" });
        shelf.world.check(row, List::new(filter), json!({ "filter": sent }), answer);
        assert_eq!(shelf.sorted_names(&shelf.world.wire.borrow().answer), found, "{row}");
    }
}

#[test]
fn typed_orders_sort_tokens() {
    let shelf = Shelf::new();
    for (row, order, found) in [
        ("+createdAt", AppTokenOrder::CreatedFirst, "abde"),
        ("-createdAt", AppTokenOrder::CreatedLast, "edba"),
        ("+updatedAt", AppTokenOrder::UpdatedFirst, "abed"),
        ("-updatedAt", AppTokenOrder::UpdatedLast, "deba"),
    ] {
        let list = List::new(AppTokenFilter { order_by: Some(order), ..AppTokenFilter::default() });
        shelf.world.check(row, list, json!({ "filter": { "orderBy": row } }), json!({ "totalCount": 4 }));
        assert_eq!(shelf.names(&shelf.world.wire.borrow().answer), found, "{row}");
    }
}

#[test]
fn a_filter_by_hand_ignores_unknown_and_empty_fields() {
    let shelf = Shelf::new();
    for (row, filter, found) in [
        ("hashTypeEqual does not exist", json!({ "hashTypeEqual": "MD5" }), "abde"),
        ("sessionTypeEqual does not exist", json!({ "sessionTypeEqual": 2 }), "abde"),
        ("statusIn", json!({ "statusIn": "1,3" }), "b"),
        ("statusIn of everything", json!({ "statusIn": "1,2,3" }), "abde"),
        ("a small time is a distance from now", json!({ "createdAtGreaterThanOrEqual": -20 }), "de"),
        (
            "an empty condition is none",
            json!({ "idEqual": "", "idIn": "", "statusIn": "", "sessionUserIdEqual": "" }),
            "abde",
        ),
        ("a filter of another class", json!({ "objectType": "KalturaUserFilter", "statusEqual": 1 }), "b"),
        ("ids have no case", json!({ "idEqual": shelf.id('d').as_str().to_ascii_uppercase() }), "d"),
    ] {
        let page = shelf.list_by_hand(filter);
        assert_eq!(shelf.sorted_names(&page), found, "{row}");
        assert_eq!(page["totalCount"], found.len(), "{row}");
    }
}

#[test]
fn unknown_orders_are_ignored() {
    let shelf = Shelf::new();
    let mut by_id = shelf.tokens.clone();
    by_id.retain(|(name, _)| *name != 'c');
    by_id.sort_by(|one, other| one.1.cmp(&other.1));
    let by_id: String = by_id.iter().map(|(name, _)| *name).collect();
    for (row, order, found) in [
        ("none: by id", "", &*by_id),
        ("a name without sign", "createdAt", &by_id),
        ("a name that does not exist", "-description", &by_id),
        ("a space, which an unencoded + becomes in a form", " createdAt", &by_id),
        ("one that exists among others", "+nope,-createdAt", "edba"),
        ("the first one decides", "-createdAt,+updatedAt", "edba"),
    ] {
        assert_eq!(shelf.names(&shelf.list_by_hand(json!({ "orderBy": order }))), found, "{row}");
    }
    let of_form = |order: &str| {
        let body = format!("format=1&ks={}&filter[orderBy]={order}", shelf.world.admin.expose().replace('=', "%3D"));
        let request = WireRequest {
            method: "POST".into(),
            target: "/api_v3/service/appToken/action/list".into(),
            headers: vec![("Content-Type".into(), "application/x-www-form-urlencoded".into())],
            body: body.into_bytes(),
        };
        let DeliveryKind::Reply(reply) = shelf.world.fake.handle(&request).kind else { panic!("no reply") };
        shelf.names(&serde_json::from_slice(&reply.body).unwrap())
    };
    assert_eq!(of_form("%2BcreatedAt"), "abde", "encoded");
    assert_eq!(of_form("+createdAt"), by_id, "not encoded");
}

#[test]
fn tokens_of_equal_times_are_sorted_by_id() {
    let world = World::new();
    for _ in 0..8 {
        let _ = world.fake.add_token(partner(), TokenSpec::new(HashType::Sha1));
    }
    for order in [AppTokenOrder::CreatedFirst, AppTokenOrder::CreatedLast, AppTokenOrder::UpdatedLast] {
        let filter = AppTokenFilter { order_by: Some(order), ..AppTokenFilter::default() };
        let ids: Vec<_> = world.call(List::new(filter)).unwrap().objects.into_iter().map(|token| token.id).collect();
        assert!(ids.is_sorted(), "{order:?}: {ids:?}");
    }
}

#[test]
fn pages_have_the_requested_size() {
    let world = World::new();
    for number in 0..501 {
        let _ = world.fake.add_token(partner(), TokenSpec::new(HashType::Sha1).description(&number.to_string()));
    }
    for (row, pager, shown) in [
        ("no pager", Value::Null, 30),
        ("an empty pager", json!({}), 30),
        ("a size", json!({ "pageSize": 7 }), 7),
        ("the largest size", json!({ "pageSize": 500 }), 500),
        ("more than the largest", json!({ "pageSize": 501 }), 500),
        ("the last page", json!({ "pageSize": 500, "pageIndex": 2 }), 1),
        ("behind the last page", json!({ "pageSize": 500, "pageIndex": 3 }), 0),
        ("size 0 means no limit", json!({ "pageSize": 0 }), 501),
        ("so is a negative size", json!({ "pageSize": -1 }), 501),
        ("page 0 is the first", json!({ "pageSize": 500, "pageIndex": 0 }), 500),
        ("and so is a negative page", json!({ "pageSize": 500, "pageIndex": -5 }), 500),
    ] {
        let page = world.call_by_hand("appToken.list", json!({ "pager": pager }));
        assert_eq!(page["objects"].as_array().unwrap().len(), shown, "{row}");
        assert_eq!(page["totalCount"], 501, "{row}");
    }
    for (row, size, index) in [("size 0", 0, 1), ("size 501", 501, 1), ("page 0", 30, 0)] {
        assert!(is_invalid_input(Pager::new(size, index)), "{row} is refused before it is sent");
    }
    let mut list = List::default();
    list.pager = Some(Pager::new(200, 3).unwrap());
    let pager = json!({ "pageSize": 200, "pageIndex": 3 });
    world.check("a typed pager", list, json!({ "filter": {}, "pager": pager }), json!({ "totalCount": 501 }));
    assert_eq!(world.wire.borrow().answer["objects"].as_array().unwrap().len(), 101);
}

#[test]
fn all_pages_together_are_the_list() {
    let world = World::new();
    for number in 0..1_001 {
        let _ = world.fake.add_token(partner(), TokenSpec::new(HashType::Sha1).description(&number.to_string()));
        world.fake.clock().advance(Duration::from_secs(number % 2));
    }
    world.fake.clear_journal();
    let list = List::new(AppTokenFilter::default()).without_token_values();
    let tokens = world.run(AllPages::new(endpoint(), list, world.admin.clone())).unwrap();
    assert_eq!(world.fake.journal().count("appToken.list"), 3);
    let sent = world.wire.borrow().sent.clone();
    assert_eq!(sent["filter"], json!({ "orderBy": "+createdAt" }), "a stable order");
    assert_eq!(sent["pager"], json!({ "pageSize": 500, "pageIndex": 3 }));
    assert!(tokens.is_sorted_by_key(|token| token.created_at));
    let mut ids: Vec<_> = tokens.iter().map(|token| &token.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 1_001, "each once");
}

#[test]
fn ids_beyond_500_are_ignored() {
    let world = World::new();
    let id = world.fake.add_token(partner(), TokenSpec::new(HashType::Sha1)).id;
    for (before, found) in [(499, 1), (500, 0)] {
        let mut id_in: Vec<_> =
            (0..before).map(|number| AppTokenId::parse(format!("0_{number:08}")).unwrap()).collect();
        id_in.push(id.clone());
        let page = world.call(List::new(AppTokenFilter { id_in, ..AppTokenFilter::default() })).unwrap();
        assert_eq!(
            (page.total_count, page.objects.len()),
            (found, usize::try_from(found).unwrap()),
            "{before} before it"
        );
    }
}

#[test]
fn only_a_list_for_an_unknown_user_omits_objects() {
    let world = World::new();
    world.add(of_user("alice"));
    let none = json!({ "totalCount": 0, "objects": [], "objectType": "KalturaAppTokenListResponse" });
    let user = |id: &str| AppTokenFilter { session_user_id_equal: Some(id.into()), ..AppTokenFilter::default() };
    let other = AppTokenId::parse("0_zzzzzzzz").unwrap();
    let unknown = AppTokenFilter { id_equal: Some(other), ..AppTokenFilter::default() };
    world.call(user::Add { user: NewUser::new("bob") }).unwrap();
    for (row, filter, answer) in [
        ("a token that is unknown", unknown, none.clone()),
        ("a user without tokens", user("bob"), none),
        // The only case in which the server omits the list.
        (
            "a user that is unknown",
            user("nobody"),
            json!({ "totalCount": 0, "objectType": "KalturaAppTokenListResponse" }),
        ),
    ] {
        let page = world.call(List::new(filter)).unwrap();
        assert_eq!(world.wire.borrow().answer, answer, "{row}");
        assert_eq!((page.total_count, page.objects.len()), (0, 0), "{row}");
    }
}
