//! Whole lists, with scripted replies.

use apptoken_core::api::Pager;
use apptoken_core::api::app_token::{AppTokenFilter, List};
use apptoken_core::api::user_role;
use apptoken_core::{AllPages, ErrorKind, Flow as _, Ks, RetryPolicy, drive};
use serde_json::json;

use crate::support::{FRESH_KS, KS, NOW, Script, VirtualClock, endpoint, not_sent, now, reply};

fn all_tokens() -> AllPages<List> {
    AllPages::new(endpoint(), List::new(AppTokenFilter::default()), Ks::parse(KS).unwrap())
}

/// The ids of the whole list, and the number of requests.
fn ids(pages: &[(i64, &[&str])]) -> (Vec<String>, usize) {
    let script = Script::new(pages.iter().map(|(total, ids)| {
        let token = |id| json!({ "id": id, "hashType": "SHA256", "status": 2, "createdAt": NOW, "updatedAt": NOW, "partnerId": 101 });
        let objects: Vec<_> = ids.iter().map(token).collect();
        reply(200, json!({ "totalCount": total, "objects": objects }).to_string())
    }));
    let tokens = drive(all_tokens().start(now()).unwrap(), &script, VirtualClock::default()).unwrap();
    (tokens.iter().map(|token| token.id.to_string()).collect(), script.actions().len())
}

#[test]
fn a_token_that_moves_to_the_next_page_is_returned_once() {
    assert_eq!(
        ids(&[(600, &["1_a", "1_b"]), (600, &["1_b", "1_c"])]),
        (vec!["1_a".into(), "1_b".into(), "1_c".into()], 2)
    );
}

#[test]
fn a_list_ends_with_an_empty_page_or_with_its_count() {
    assert_eq!(ids(&[(600, &["1_a"]), (600, &[])]), (vec!["1_a".into()], 2));
    for total in [1, 500, 0, -1000] {
        assert_eq!(ids(&[(total, &["1_a"])]), (vec!["1_a".into()], 1), "{total}");
    }
    assert_eq!(ids(&[(501, &["1_a"]), (501, &["1_b"])]), (vec!["1_a".into(), "1_b".into()], 2));
}

#[test]
fn roles_are_read_page_by_page_in_the_order_of_their_ids() {
    let page = |ids: &[i64]| {
        let role = |id| json!({ "id": id, "name": "importer", "status": 1, "partnerId": 101 });
        let objects: Vec<_> = ids.iter().map(role).collect();
        reply(200, json!({ "totalCount": 600, "objects": objects }).to_string())
    };
    let script = Script::new([page(&[1, 2]), page(&[2, 3])]);
    let all = AllPages::new(endpoint(), user_role::List::default(), Ks::parse(KS).unwrap());
    let roles = drive(all.start(now()).unwrap(), &script, VirtualClock::default()).unwrap();
    assert!(roles.iter().map(|role| role.id).eq([1, 2, 3]));
    for (request, page) in [(0, 1), (1, 2)] {
        let sent = script.body(request);
        assert_eq!(sent["pager"], json!({ "pageSize": 500, "pageIndex": page }));
        assert_eq!(sent["filter"]["orderBy"], "+id");
    }
}

#[test]
fn a_list_follows_its_retry_policy() {
    let script = Script::new([not_sent()]);
    let exchange = all_tokens().retry(RetryPolicy::none()).start(now()).unwrap();
    let error = drive(exchange, &script, VirtualClock::default()).unwrap_err().error;
    assert_eq!((error.kind(), script.actions().len()), (ErrorKind::NotSent, 1));
}

#[test]
fn a_copy_with_another_session_reads_the_same_list() {
    let all = all_tokens();
    assert_eq!(all.session().unwrap().expose(), KS);
    let copy = all.with_other_session(Ks::parse(FRESH_KS).unwrap()).unwrap();
    let script = Script::new([reply(200, json!({ "totalCount": 0, "objects": [] }).to_string())]);
    drive(copy.start(now()).unwrap(), &script, VirtualClock::default()).unwrap();
    assert_eq!((&script.body(0)["ks"], script.actions()), (&FRESH_KS.into(), vec!["list".to_owned()]));
}

#[test]
fn a_page_that_the_server_would_change_is_refused() {
    for (size, index) in [(0, 1), (501, 1), (1, 0)] {
        assert_eq!(Pager::new(size, index).unwrap_err().kind(), ErrorKind::InvalidInput, "{size} {index}");
    }
    assert_eq!(serde_json::to_value(Pager::new(500, 1).unwrap()).unwrap(), json!({ "pageSize": 500, "pageIndex": 1 }));
    assert_eq!(serde_json::to_value(Pager::new(1, 7).unwrap()).unwrap(), json!({ "pageSize": 1, "pageIndex": 7 }));
}
