//! Many identities of one token.

use std::num::NonZeroUsize;
use std::time::Duration;

use apptoken::{
    Builder, Credential, ErrorKind, HashChoice, HashType, Privileges, Provider, RetryPolicy, SessionOptions,
    SessionType, UreqTransport, UserSession,
};
use apptoken_emulator::Emulator;
use apptoken_transport_fake::{Fake, Fault, FaultKind, Token, TokenSpec};

use super::support::{DAY, HOUR, Notes, START, WIDGET, builder_with, credential, logins, partner, requests_to};

fn open_token(fake: &Fake) -> Token {
    fake.add_token(partner(), TokenSpec::new(HashType::Sha256).duration(DAY))
}

fn users(number: usize) -> Vec<String> {
    (0..number).map(|number| format!("user{number}")).collect()
}

fn provider(fake: &Fake) -> Provider {
    builder_with(fake, &open_token(fake)).build()
}

#[test]
fn identities_have_their_own_session_and_share_the_widget() {
    let fake = Fake::new();
    let provider = provider(&fake);
    let mut options = SessionOptions::default();
    options.session_type = Some(SessionType::Admin);
    options.lifetime = Some(HOUR);
    options.privileges = Some(Privileges::parse("appid:importer"));
    let admin = provider.with_options(options);
    let alice = provider.for_user("alice");
    assert_eq!(admin.session().unwrap().session_type(), SessionType::Admin);
    assert_eq!(admin.for_user("carol").session().unwrap().lifetime(), HOUR);
    assert_eq!(alice.session().unwrap().user_id(), "alice");
    assert!(provider.for_user("alice").session().unwrap().ks().is_same(alice.session().unwrap().ks()));
    assert_eq!((fake.journal().count(WIDGET), logins(&fake)), (1, 3));
    alice.invalidate(admin.session().unwrap().ks());
    alice.invalidate(alice.session().unwrap().ks());
    admin.session().unwrap();
    assert_eq!(logins(&fake), 3);
    alice.session().unwrap();
    assert_eq!(logins(&fake), 4);
}

#[test]
fn identities_are_cached_up_to_a_limit() {
    let fake = Fake::new();
    let provider = builder_with(&fake, &open_token(&fake)).identities(NonZeroUsize::new(3).unwrap()).build();
    for user in ["a", "b", "c", "a", "d"] {
        provider.for_user(user).session().unwrap();
    }
    assert_eq!(logins(&fake), 4);
    for user in ["a", "c", "d"] {
        provider.for_user(user).session().unwrap();
    }
    assert_eq!(logins(&fake), 4);
    provider.for_user("b").session().unwrap();
    assert_eq!(logins(&fake), 5);
}

#[test]
fn many_users_cost_one_request_for_a_hundred() {
    for (number, requests) in [(1, 2), (100, 2), (101, 3), (1000, 11)] {
        let fake = Fake::new();
        let provider = provider(&fake);
        let users = users(number);
        let sessions = provider.start_many(&users);
        assert_eq!(fake.journal().requests(), requests, "{number}");
        assert_eq!(sessions.len(), number);
        for (UserSession { user_id, session, .. }, expected) in sessions.iter().zip(&users) {
            assert_eq!((user_id, session.as_ref().unwrap().user_id()), (expected, expected.as_str()));
            assert_eq!(session.as_ref().unwrap().lifetime(), DAY);
        }
        for user in &users {
            provider.for_user(user).session().unwrap();
        }
        assert_eq!(fake.journal().requests(), requests, "they are cached");
    }
}

#[test]
fn a_thousand_users_need_one_connection() {
    let emulator = Emulator::start(Fake::new()).unwrap();
    let fake = emulator.fake();
    let provider = Builder::new(emulator.endpoint().clone())
        .transport(UreqTransport::new())
        .clock(fake.clock())
        .provider(credential(&open_token(fake)))
        .build();
    let sessions = provider.start_many(users(1000));
    assert!(sessions.iter().all(|user| user.session.is_ok()));
    assert_eq!((emulator.counts().requests, emulator.counts().connections), (11, 1));
}

#[test]
fn each_user_has_its_own_result() {
    let fake = Fake::new();
    let provider = provider(&fake);
    let known = provider.for_user("known").session().unwrap();
    fake.inject(Fault::on(START, FaultKind::ApiError("ACTION_BLOCKED".into())).nth(2));
    let sessions = provider.start_many(["a", "known", "b", "a", "c\n", "", "d"]);
    let result = |user: &str| &sessions.iter().find(|found| found.user_id == user).unwrap().session;
    let order: Vec<&str> = sessions.iter().map(|found| found.user_id.as_str()).collect();
    assert_eq!(order, ["a", "known", "b", "c\n", "", "d"]);
    assert!(result("known").as_ref().unwrap().ks().is_same(known.ks()));
    assert!(result("a").is_ok() && result("d").is_ok());
    assert_eq!(result("b").as_ref().unwrap_err().code(), Some("ACTION_BLOCKED"));
    for unsendable in ["c\n", ""] {
        assert_eq!(result(unsendable).as_ref().unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(fake.journal().count(START), 1 + 3);
    assert!(provider.start_many(Vec::<String>::new()).is_empty());
}

#[test]
fn an_outage_ends_all_batches() {
    let fake = Fake::new();
    let provider = requests_to(&fake).retry(RetryPolicy::none()).provider(credential(&open_token(&fake))).build();
    provider.session().unwrap();
    fake.inject(Fault::on("multirequest", FaultKind::Refused));
    let sessions = provider.start_many(users(1000));
    assert_eq!(sessions.len(), 1000);
    assert!(sessions.iter().all(|user| user.session.as_ref().unwrap_err().kind() == ErrorKind::NotSent));
    assert_eq!(fake.journal().count("multirequest"), 1);
}

#[test]
fn an_expired_widget_session_is_replaced_for_the_batch() {
    let fake = Fake::new();
    let provider = provider(&fake);
    fake.inject(Fault::on(START, FaultKind::ApiError("INVALID_KS".into())).nth(1));
    fake.inject(Fault::on(START, FaultKind::ApiError("INVALID_APP_TOKEN_HASH".into())).nth(2));
    let sessions = provider.start_many(users(10));
    assert!(sessions.iter().all(|user| user.session.is_ok()));
    assert_eq!((fake.journal().count(WIDGET), fake.journal().count(START)), (2, 12));
}

#[test]
fn the_hash_type_is_detected_once_for_all() {
    let fake = Fake::new();
    let found = Credential { hash: HashChoice::Detect, ..credential(&open_token(&fake)) };
    let provider =
        Builder::new(super::support::endpoint()).transport(fake.clone()).clock(fake.clock()).provider(found).build();
    let sessions = provider.start_many(users(10));
    assert!(sessions.iter().all(|user| user.session.as_ref().unwrap().hash_type() == HashType::Sha256));
    assert!(fake.journal().requests() <= 5 + 1);
}

#[test]
fn a_token_that_fixes_the_user_refuses_all_others() {
    let fake = Fake::new();
    let fixed = fake.add_token(partner(), TokenSpec::new(HashType::Sha256).user("alice"));
    let refused = builder_with(&fake, &fixed).build().start_many(["bob"]);
    assert_eq!(refused[0].session.as_ref().unwrap_err().kind(), ErrorKind::WrongSession);
    let mut options = SessionOptions::default();
    options.token_may_override = true;
    let sessions = builder_with(&fake, &fixed).options(options).build().start_many(["bob"]);
    let session = sessions[0].session.as_ref().unwrap();
    assert_eq!((session.user_id(), session.changes().requested_user.as_deref()), ("alice", Some("bob")));
}

#[test]
fn the_progress_of_batches_and_their_result_are_reported() {
    let (fake, notes) = (Fake::new(), Notes::default());
    let provider = builder_with(&fake, &open_token(&fake)).observer(notes.clone()).build();
    drop(provider.start_many(users(150)));
    let progress = "sessions of 100 of 150 users are done";
    assert_eq!(notes.take(), [progress, "150 sessions started, 0 failed (3 requests, 0.0ns)"]);
}

#[test]
fn an_outage_ends_the_start_of_many_after_one_batch() {
    let fake = Fake::new();
    let token = open_token(&fake);
    let provider = requests_to(&fake).retry(RetryPolicy::none()).provider(credential(&token)).build();
    drop(provider.start_many(["first"]));
    fake.inject(Fault::on("multirequest", FaultKind::Refused).probability(1.0));
    let before = fake.journal().requests();
    assert!(provider.start_many(users(1000)).iter().all(|user| user.session.is_err()));
    assert!(fake.journal().requests() <= before + 1);
}

#[test]
fn sessions_of_a_batch_are_renewed_like_others() {
    let fake = Fake::new();
    let provider = provider(&fake);
    drop(provider.start_many(["a", "b"]));
    fake.clock().advance(Duration::from_secs(80_000));
    let before = fake.journal().requests();
    provider.for_user("a").session().unwrap();
    assert_eq!(fake.journal().requests(), before + 1);
}
