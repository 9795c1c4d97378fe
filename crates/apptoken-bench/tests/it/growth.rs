//! What a session costs the fake, however many tokens and sessions there are.

use allocation_counter::{AllocationInfo, measure};
use apptoken::{Builder, Credential, Endpoint, HashType, PartnerId};
use apptoken_transport_fake::{Account, Fake, Token, TokenSpec, WireRequest};

fn partner() -> PartnerId {
    PartnerId::new(101).unwrap()
}

/// A server that remembers few requests, so that its journal does not grow, with one token.
fn server() -> (Fake, Token) {
    let fake = Fake::builder().journal_capacity(10).build();
    fake.add_account(Account::new(partner()));
    let token = fake.add_token(partner(), TokenSpec::new(HashType::Sha256));
    (fake, token)
}

fn start_session(fake: &Fake, token: &Token) -> WireRequest {
    let credential = Credential::new(partner(), token.id.clone(), token.secret.clone(), HashType::Sha256);
    let endpoint = Endpoint::parse("https://www.kaltura.com").unwrap();
    let session = Builder::with_transport(endpoint, fake.clone()).client(credential).login().unwrap();
    let ks = &session.widget().unwrap().ks;
    let hash = HashType::Sha256.token_hash(ks, &token.secret);
    let body = serde_json::json!({"ks": ks.expose(), "id": token.id, "tokenHash": hash.expose(), "format": 1});
    WireRequest {
        method: "POST".into(),
        target: "/api_v3/service/appToken/action/startSession".into(),
        headers: vec![("Content-Type".into(), "application/json".into())],
        body: body.to_string().into_bytes(),
    }
}

fn cost_of(fake: &Fake, request: &WireRequest, sessions: u32) -> AllocationInfo {
    // Fills the journal first.
    for _ in 0..10 {
        let _ = fake.handle(request);
    }
    measure(|| (0..sessions).for_each(|_| drop(fake.handle(request))))
}

#[test]
fn a_session_costs_the_same_however_many_tokens_there_are() {
    let (fake, token) = server();
    let request = start_session(&fake, &token);
    let with_one = cost_of(&fake, &request, 100);
    for _ in 0..10_000 {
        let _ = fake.add_token(partner(), TokenSpec::new(HashType::Sha256));
    }
    let with_many = cost_of(&fake, &request, 100);
    assert!(with_one.count_total > 0);
    assert_eq!(with_many.count_total, with_one.count_total);
    // A session string is a few bytes longer or shorter, as its random bytes decide.
    let difference = with_many.bytes_total.abs_diff(with_one.bytes_total);
    assert!(difference * 1_000 < with_one.bytes_total, "{difference} bytes of {}", with_one.bytes_total);
}

#[test]
fn a_session_leaves_no_memory_behind() {
    let (fake, token) = server();
    let request = start_session(&fake, &token);
    let sessions = cost_of(&fake, &request, 1_000);
    assert!(sessions.bytes_current.abs() < 1_000, "{} bytes are left of 1,000 sessions", sessions.bytes_current);
}
