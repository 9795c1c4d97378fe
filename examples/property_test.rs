//! Tests a program's own code offline, against the fake server with random faults.
//!
//!     cargo run --example property_test

use apptoken::value::Printable;
use apptoken::{Builder, Credential, Endpoint, Error, HashType, PartnerId, Session};
use apptoken_transport_fake::{Fake, Fault, FaultKind, TokenSpec};
use proptest::prelude::*;

/// The code under test: how a program presents the result of a login.
fn greeting(login: Result<Session, Error>) -> String {
    match login {
        Ok(session) => format!("hello {}", Printable(session.user_id())),
        Err(error) if error.is_transient() => "please try again later".to_owned(),
        Err(error) => format!("please ask your administrator: {}", error.advice()),
    }
}

fn trouble() -> impl Strategy<Value = FaultKind> {
    prop_oneof![
        Just(FaultKind::Refused),
        Just(FaultKind::Reset),
        Just(FaultKind::EmptyReply),
        Just(FaultKind::Truncated),
        (400..600_u16).prop_map(FaultKind::Html),
        (0..300_usize).prop_map(FaultKind::CutAfter),
        Just(FaultKind::ApiError("APP_TOKEN_EXPIRED".to_owned())),
    ]
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let partner = PartnerId::new(101)?;
    let mut runner = proptest::test_runner::TestRunner::default();
    runner.run(&(trouble(), 1..4_u64, any::<u64>()), |(trouble, call, seed)| {
        let kaltura = Fake::builder().seed(seed).build();
        let token = kaltura.add_token(partner, TokenSpec::new(HashType::Sha256).user("alice"));
        kaltura.inject(Fault::on_any(trouble).nth(call));

        let credential = Credential::new(partner, token.id, token.secret.clone(), HashType::Sha256);
        let endpoint = Endpoint::parse("http://localhost").map_err(|error| TestCaseError::fail(error.to_string()))?;
        let client = Builder::new(endpoint).transport(kaltura.clone()).clock(kaltura.clock()).client(credential);
        let text = greeting(client.login());

        prop_assert!(text.starts_with("hello alice") || text.starts_with("please"), "{}", text);
        prop_assert!(!text.contains(token.secret.expose()));
        prop_assert!(kaltura.journal().requests() <= 12);
        Ok(())
    })?;
    println!("256 logins with random faults: each result is a greeting or a helpful message");
    Ok(())
}
