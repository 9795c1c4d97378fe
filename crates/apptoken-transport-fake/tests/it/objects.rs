//! Stored objects: those that a test seeds, and those that a program adds.

use std::time::Duration;

use apptoken_core::Ks;
use apptoken_transport_fake::{DeliveryKind, Fake, Uploads, WireRequest};
use serde_json::{Value, json};

use crate::client::{admin, call, code, fake, partner, reply};

/// Calls an action as an administrator.
fn as_admin(fake: &Fake, action: &str, mut params: Value) -> Value {
    params["ks"] = admin(fake).expose().into();
    call(fake, action, params)
}

fn user(fake: &Fake, id: &str, privileges: &str) -> Ks {
    let secret = fake.admin_secret(partner()).unwrap();
    let params = json!({
        "secret": secret.expose(), "partnerId": 101, "type": 0, "userId": id, "expiry": 3600, "privileges": privileges,
    });
    Ks::parse(call(fake, "session.start", params).as_str().unwrap()).unwrap()
}

fn ids(list: &Value) -> Vec<&str> {
    list["objects"].as_array().unwrap().iter().map(|each| each["id"].as_str().unwrap()).collect()
}

/// Uploads a piece of a file.
fn upload(fake: &Fake, token: &str, fields: &[(&str, &str)], piece: &[u8]) -> Value {
    let ks = admin(fake);
    let all = [("ks", ks.expose()), ("uploadTokenId", token), ("format", "1")];
    let mut body = Vec::new();
    for (name, value) in all.iter().chain(fields) {
        body.extend(format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
    }
    body.extend(b"--b\r\nContent-Disposition: form-data; name=\"fileData\"; filename=\"film.mp4\"\r\n\r\n");
    body.extend(piece);
    body.extend(b"\r\n--b--\r\n");
    let request = WireRequest {
        method: "POST".into(),
        target: "/api_v3/service/uploadToken/action/upload".into(),
        headers: vec![("Content-Type".into(), "multipart/form-data; boundary=b".into())],
        body,
    };
    let DeliveryKind::Reply(reply) = fake.handle(&request).kind else { panic!("no fault was injected") };
    serde_json::from_slice(&reply.body).unwrap()
}

fn entry_with_file(fake: &Fake) -> String {
    let entry = as_admin(fake, "media.add", json!({ "entry": { "mediaType": 1, "name": "Film" } }));
    let token = as_admin(fake, "uploadToken.add", json!({}));
    let (entry, token) = (entry["id"].as_str().unwrap(), token["id"].as_str().unwrap());
    upload(fake, token, &[], b"content");
    let resource = json!({ "objectType": "KalturaUploadedFileTokenResource", "token": token });
    as_admin(fake, "media.addContent", json!({ "entryId": entry, "resource": resource }));
    entry.to_owned()
}

fn status(fake: &Fake, entry: &str) -> Value {
    as_admin(fake, "media.get", json!({ "entryId": entry }))["status"].clone()
}

#[test]
fn a_seeded_object_is_read_changed_and_deleted() {
    let fake = fake();
    let id = fake.add_object("media", r#"{"name": "Film", "duration": 90, "tags": "A,b, Two"}"#).unwrap();
    let entry = as_admin(&fake, "media.get", json!({ "entryId": id }));
    let shown = [&entry["name"], &entry["duration"], &entry["status"], &entry["tags"], &entry["mediaType"]];
    assert_eq!(shown, [&json!("Film"), &json!(90), &json!(2), &json!("two"), &json!(1)]);
    let change = json!({ "entryId": id, "mediaEntry": { "name": "Renamed" } });
    assert_eq!(as_admin(&fake, "media.update", change)["name"], "Renamed");
    assert_eq!(ids(&as_admin(&fake, "baseEntry.list", json!({}))), [&id]);
    assert_eq!(fake.add_object("media", &json!({ "id": id, "status": 1 }).to_string()).unwrap(), id);
    assert_eq!((status(&fake, &id), as_admin(&fake, "media.count", json!({}))), (json!(1), json!(0)));
    as_admin(&fake, "media.delete", json!({ "entryId": id }));
    assert_eq!(code(&as_admin(&fake, "media.get", json!({ "entryId": id }))), "ENTRY_ID_NOT_FOUND");
}

#[test]
fn an_object_of_another_account_is_not_listed() {
    let json = r#"{"partners": [{"id": 101, "adminSecret": "a", "secret": "b"}, {"id": 102, "adminSecret": "c", "secret": "d"}],
        "objects": {"media": [{"id": "0_own", "partnerId": 101}, {"id": "0_other", "partnerId": 102}],
            "category": [{"id": 7, "partnerId": 102, "name": "Other"}]}}"#;
    let fake = Fake::from_config(json).unwrap();
    assert_eq!(ids(&as_admin(&fake, "media.list", json!({}))), ["0_own"]);
    assert_eq!(code(&as_admin(&fake, "category.get", json!({ "id": 7 }))), "CATEGORY_NOT_FOUND");
    let change = json!({ "entryId": "0_other", "mediaEntry": { "name": "x" } });
    assert_eq!(code(&as_admin(&fake, "media.update", change)), "ENTRY_ID_NOT_FOUND");
}

#[test]
fn pages_hold_every_object_once() {
    let fake = fake();
    let all: Vec<Value> = (0..65).map(|number| json!({ "id": format!("0_{number:02}") })).collect();
    fake.add_objects(&json!({ "media": all }).to_string()).unwrap();
    let mut seen = Vec::new();
    for page in 1..=4 {
        let pager = json!({ "pageSize": 30, "pageIndex": page });
        let list = as_admin(&fake, "media.list", json!({ "pager": pager }));
        assert_eq!(list["totalCount"], 65);
        seen.push(list["objects"].as_array().unwrap().len());
    }
    assert_eq!(seen, [30, 30, 5, 0]);
    let list = as_admin(&fake, "media.list", json!({ "pager": { "pageSize": 500 }, "filter": { "orderBy": "-id" } }));
    let (listed, mut expected): (Vec<_>, Vec<_>) =
        (ids(&list), all.iter().map(|each| each["id"].as_str().unwrap()).collect());
    expected.reverse();
    assert_eq!(listed, expected);
}

#[test]
fn each_condition_of_a_filter_selects_entries() {
    let fake = fake();
    let seeds = json!({
        "category": [{ "id": 5, "name": "Top" }, { "id": 6, "name": "Below", "parentId": 5 }],
        "media": [
            { "id": "0_a", "name": "Red Apple", "createdAt": 100, "referenceId": "r1", "categoriesIds": "5", "userId": "ann" },
            { "id": "0_b", "name": "Blue", "createdAt": 200, "tags": "sky", "mediaType": 2, "categories": "Top>Below" },
            { "id": "0_c", "name": "Green", "createdAt": 300, "status": 7, "adminTags": "secret" },
            { "id": "0_d", "name": "Held", "moderationStatus": 1 },
        ],
    });
    fake.add_objects(&seeds.to_string()).unwrap();
    for (filter, expected) in [
        (json!({}), &["0_a", "0_b"][..]),
        (json!({ "idEqual": "0_c" }), &["0_c"]),
        (json!({ "idEqual": "0_d" }), &["0_d"]),
        (json!({ "statusIn": "2,7" }), &["0_a", "0_b", "0_c", "0_d"]),
        (json!({ "statusNotEqual": "2" }), &["0_c"]),
        (json!({ "moderationStatusEqual": 1 }), &["0_d"]),
        (json!({ "idNotIn": "0_a" }), &["0_b"]),
        (json!({ "nameLike": "apple" }), &["0_a"]),
        (json!({ "nameLike": "app" }), &[]),
        (json!({ "tagsMultiLikeOr": "x,sky" }), &["0_b"]),
        (json!({ "mediaTypeIn": "2,5" }), &["0_b"]),
        (json!({ "userIdEqual": "ANN" }), &["0_a"]),
        (json!({ "referenceIdEqual": "r1" }), &["0_a"]),
        (json!({ "createdAtGreaterThanOrEqual": 1_000_000_000 }), &[]),
        (json!({ "freeText": "apple red" }), &[]),
        (json!({ "freeText": "red apple" }), &["0_a"]),
        (json!({ "categoriesIdsMatchOr": "5" }), &["0_a"]),
        (json!({ "categoryAncestorIdIn": "5" }), &["0_a", "0_b"]),
        (json!({ "categoriesMatchOr": "top>below" }), &["0_b"]),
        (json!({ "orderBy": "-createdAt" }), &["0_b", "0_a"]),
        (json!({ "orderBy": "+name" }), &["0_b", "0_a"]),
        (json!({ "unknown": "x", "orderBy": "nope" }), &["0_a", "0_b"]),
    ] {
        let list = as_admin(&fake, "media.list", json!({ "filter": filter }));
        assert_eq!(ids(&list), expected, "{filter}");
        assert_eq!(as_admin(&fake, "media.count", json!({ "filter": filter })), expected.len(), "{filter}");
    }
}

#[test]
fn a_seeded_category_counts_its_entries() {
    let fake = fake();
    let seeds = r#"{"media": [{"id": "0_a", "categoriesIds": "6"}],
        "category": [{"id": 5, "name": "Top"}, {"id": 6, "name": "Below", "parentId": 5}],
        "categoryEntry": [{"categoryId": 5, "entryId": "0_a"}]}"#;
    fake.add_objects(seeds).unwrap();
    let top = as_admin(&fake, "category.get", json!({ "id": 5 }));
    assert_eq!([&top["directEntriesCount"], &top["entriesCount"], &top["directSubCategoriesCount"]], [1, 2, 1]);
    let below = as_admin(&fake, "category.get", json!({ "id": 6 }));
    assert_eq!([&below["fullName"], &below["fullIds"]], ["Top>Below", "5>6"]);
    as_admin(&fake, "media.delete", json!({ "entryId": "0_a" }));
    assert_eq!(as_admin(&fake, "category.get", json!({ "id": 5 }))["entriesCount"], 0);
}

#[test]
fn a_seed_that_cannot_be_stored_names_its_key() {
    let fake = fake();
    for (json, message) in [
        (r#"{"meida": []}"#, "meida: expected a service with objects: baseEntry, media, data,"),
        (r#"{"media": [{}, {"titel": "x"}]}"#, "media[1].titel: expected a property of KalturaMediaEntry"),
        (r#"{"media": [{"partnerId": 7}]}"#, "media[0].partnerId: expected the id of an account"),
        (r#"{"media": [{"name": "\u0001"}]}"#, "media[0].name: expected characters that XML can contain"),
        (r#"{"media": [{"objectType": "KalturaCategory"}]}"#, "media[0].objectType: expected KalturaMediaEntry or"),
        (r#"{"media": [{"categoriesIds": "9"}]}"#, "media[0].categories: expected Category id \"9\" not found"),
        (r#"{"media": 7}"#, "media: expected"),
    ] {
        let error = fake.add_objects(json).unwrap_err().to_string();
        assert!(error.starts_with(message), "{json}: {error}");
    }
    assert_eq!(fake.objects(), "[]");
}

#[test]
fn a_user_changes_only_their_own_entries() {
    let fake = fake();
    fake.add_object("media", r#"{"id": "0_a", "userId": "ann", "entitledUsersEdit": "eve"}"#).unwrap();
    let update = |ks: Ks, object: Value| {
        let params = json!({ "ks": ks.expose(), "entryId": "0_a", "mediaEntry": object });
        code(&call(&fake, "media.update", params)).to_owned()
    };
    let name = || json!({ "name": "x" });
    assert_eq!(update(user(&fake, "ann", ""), name()), "");
    assert_eq!(update(user(&fake, "eve", ""), name()), "");
    assert_eq!(update(user(&fake, "bob", ""), name()), "INVALID_KS");
    assert_eq!(update(user(&fake, "bob", "edit:0_a"), name()), "");
    assert_eq!(update(user(&fake, "ann", ""), json!({ "adminTags": "x" })), "PROPERTY_VALIDATION_ADMIN_PROPERTY");
    let delete = |ks: Ks| {
        let params = json!({ "ks": ks.expose(), "entryId": "0_a" });
        code(&call(&fake, "baseEntry.delete", params)).to_owned()
    };
    // Only this action is for the owner alone.
    assert_eq!((delete(user(&fake, "eve", "")), delete(user(&fake, "ann", ""))), ("INVALID_KS".into(), String::new()));
}

#[test]
fn an_entry_with_a_file_is_ready_at_once() {
    let fake = fake();
    let id = entry_with_file(&fake);
    let entry = as_admin(&fake, "media.get", json!({ "entryId": id }));
    assert_eq!((&entry["status"], &entry["duration"]), (&json!(2), &json!(60)));
    let flavors = as_admin(&fake, "flavorAsset.list", json!({ "filter": { "entryIdEqual": id } }));
    assert_eq!(flavors["objects"][0]["size"], 7);
    let url = as_admin(&fake, "flavorAsset.getUrl", json!({ "id": flavors["objects"][0]["id"] }));
    assert!(url.as_str().unwrap().starts_with("http://"), "{url}");
}

#[test]
fn an_entry_becomes_ready_after_a_time_of_the_clock() {
    let fake = fake();
    fake.set_uploads(Uploads::ReadyAfter(30));
    let id = entry_with_file(&fake);
    fake.clock().advance(Duration::from_secs(29));
    assert_eq!(status(&fake, &id), 1);
    let snapshot = fake.snapshot();
    fake.clock().advance(Duration::from_secs(1));
    assert_eq!(status(&fake, &id), 2);
    fake.restore(&snapshot).unwrap();
    assert_eq!(status(&fake, &id), 2);
}

#[test]
fn an_entry_in_conversion_becomes_ready_by_the_test() {
    let fake = fake();
    fake.set_uploads(Uploads::Converting);
    let id = entry_with_file(&fake);
    fake.clock().advance(Duration::from_secs(86_400));
    assert_eq!(status(&fake, &id), 1);
    fake.add_object("media", &json!({ "id": id, "status": 2, "duration": 5 }).to_string()).unwrap();
    assert_eq!(status(&fake, &id), 2);
}

#[test]
fn an_entry_waits_for_the_rest_of_its_file() {
    let fake = fake();
    let entry = as_admin(&fake, "media.add", json!({ "entry": { "mediaType": 1 } }));
    let token = as_admin(&fake, "uploadToken.add", json!({}));
    let (entry, token) = (entry["id"].as_str().unwrap(), token["id"].as_str().unwrap());
    let resource = json!({ "objectType": "KalturaUploadedFileTokenResource", "token": token });
    as_admin(&fake, "media.addContent", json!({ "entryId": entry, "resource": resource }));
    assert_eq!(upload(&fake, token, &[("finalChunk", "0")], b"hello ")["status"], 1);
    assert_eq!(status(&fake, entry), 0);
    upload(&fake, token, &[("resume", "1"), ("resumeAt", "6")], b"world");
    assert_eq!(status(&fake, entry), 2);
}

#[test]
fn a_snapshot_keeps_an_upload_in_its_middle() {
    let fake = fake();
    let token = as_admin(&fake, "uploadToken.add", json!({}))["id"].as_str().unwrap().to_owned();
    upload(&fake, &token, &[("finalChunk", "0")], b"hello ");
    let snapshot = fake.snapshot();
    fake.clear_objects();
    fake.restore(&snapshot).unwrap();
    let done = upload(&fake, &token, &[("resume", "1"), ("resumeAt", "-1")], b"world");
    assert_eq!((&done["status"], &done["uploadedFileSize"]), (&json!(2), &json!("11")));
    let objects: Value = serde_json::from_str(&fake.objects()).unwrap();
    // The hash of "hello world".
    assert_eq!(objects[0]["file"]["sha256"], "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9");
}

#[test]
fn a_seeded_caption_is_served() {
    let fake = fake();
    fake.add_object("media", r#"{"id": "0_a"}"#).unwrap();
    let caption = json!({ "id": "0_c", "entryId": "0_a", "language": "Hebrew", "content": "1\n00:00:01,000 --> 00:00:02,500\nHi\n" });
    fake.add_object("caption_captionAsset", &caption.to_string()).unwrap();
    let listed = as_admin(&fake, "caption_captionAsset.list", json!({ "filter": { "entryIdEqual": "0_a" } }));
    assert_eq!((&listed["objects"][0]["languageCode"], &listed["objects"][0]["status"]), (&json!("he"), &json!(2)));
    let params = json!({ "ks": admin(&fake).expose(), "captionAssetId": "0_c" });
    let served = reply(&fake, "caption_captionAsset.serveAsJson", &params);
    let expected = json!({ "objects": [{ "startTime": 1000, "endTime": 2500, "content": [{ "text": "Hi" }] }] });
    assert_eq!(serde_json::from_slice::<Value>(&served.body).unwrap(), expected);
    assert_eq!(served.header("Content-Type"), Some("application/json"));
}

/// The URL of `getUrl` has no KS, and clients follow it as it is.
#[test]
fn the_url_of_a_caption_gives_its_text_without_a_ks() {
    let fake = fake();
    fake.add_object("media", r#"{"id": "0_a"}"#).unwrap();
    fake.add_object("caption_captionAsset", r#"{"id": "0_c", "entryId": "0_a", "content": "a caption"}"#).unwrap();
    let url = as_admin(&fake, "caption_captionAsset.getUrl", json!({ "id": "0_c" }));
    let (_, target) = url.as_str().unwrap().split_once("/api_v3").unwrap();
    let request =
        WireRequest { method: "GET".into(), target: format!("/api_v3{target}"), headers: Vec::new(), body: Vec::new() };
    let DeliveryKind::Reply(reply) = fake.handle(&request).kind else { panic!("no fault was injected") };
    assert_eq!(reply.body, b"a caption");
}

#[test]
fn a_playlist_gives_its_ready_entries_in_its_order() {
    let fake = fake();
    let seeds = r#"{"media": [{"id": "0_a"}, {"id": "0_b", "status": 1}, {"id": "0_c"}],
        "playlist": [{"id": "0_p", "playlistType": 3, "playlistContent": "0_c,0_b,0_x,0_a"}]}"#;
    fake.add_objects(seeds).unwrap();
    let entries = as_admin(&fake, "playlist.execute", json!({ "id": "0_p" }));
    let shown: Vec<_> = entries.as_array().unwrap().iter().map(|each| each["id"].as_str().unwrap()).collect();
    assert_eq!(shown, ["0_c", "0_a"]);
}

#[test]
fn a_removed_object_has_never_existed() {
    let fake = fake();
    fake.add_objects(r#"{"media": [{"id": "0_a"}, {"id": "0_b"}]}"#).unwrap();
    assert_eq!((fake.remove_object("media", "0_a"), fake.remove_object("media", "0_a")), (Ok(true), Ok(false)));
    assert!(fake.remove_object("user", "0_a").is_err());
    assert_eq!(ids(&as_admin(&fake, "media.list", json!({ "filter": { "statusIn": "2,3" } }))), ["0_b"]);
    fake.clear_objects();
    assert_eq!(fake.objects(), "[]");
}
