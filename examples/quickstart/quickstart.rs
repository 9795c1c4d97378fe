//! Logs in to the fake server and prints each step, without secrets.
//!
//!     cargo run --example quickstart

use std::error::Error;
use std::time::Duration;

use apptoken_core::value::ApproximateDuration;
use apptoken_core::{
    Clock as _, Credential, Endpoint, HashType, HttpRequest, Login, PartnerId, Privileges, Session, Step,
    Transport as _,
};
use apptoken_transport_fake::{Fake, TokenSpec};
use serde_json::{Map, Value};

const HOUR: Duration = Duration::from_secs(3600);

fn main() -> Result<(), Box<dyn Error>> {
    // An account with an app token, as an administrator would create it.
    let kaltura = Fake::new();
    let partner = PartnerId::new(101)?;
    let token = TokenSpec::new(HashType::Sha256).user("alice").privileges("list:*").duration(HOUR);
    let token = kaltura.add_token(partner, token);

    // The credential that the administrator hands over, and a login with it that requests more than this token allows.
    let credential = Credential::new(partner, token.id, token.secret, token.hash_type);
    let login = Login::new(Endpoint::parse("http://localhost")?, credential)
        .lifetime(8 * HOUR)
        .privileges(Privileges::parse("edit:1_ab12cd34"));

    // This is the loop of `drive`, written out to show each step.
    let clock = kaltura.clock();
    let mut exchange = login.start(clock.now())?;
    let session = loop {
        show_request(exchange.request(), token.hash_type)?;
        let reply = kaltura.send(exchange.request())?;
        println!("  received           status {}, {} bytes\n", reply.status(), reply.body().len());
        exchange = match exchange.receive(&reply, clock.now())? {
            Step::Send(next) => next,
            Step::Wait(pause, next) => {
                println!("wait {pause:?}\n");
                clock.sleep(pause);
                next
            }
            Step::Done(session) => break session,
        };
    };

    show_session(&session);
    println!("next");
    println!("  cargo run --example login     the same login to a real server, see README.md for its settings");
    println!("  cargo run --example worker    a session that stays valid through outages and rotated tokens");
    Ok(())
}

fn show_request(request: &HttpRequest, hash_type: HashType) -> Result<(), Box<dyn Error>> {
    let parameters: Map<String, Value> = serde_json::from_slice(request.body())?;
    if let Some(hash) = parameters.get("tokenHash").and_then(Value::as_str) {
        println!("hash");
        println!("  type               {hash_type}");
        println!("  of                 the KS in the reply, then the value of the token");
        println!("  gives              {} hex digits [redacted]\n", hash.len());
    }
    // The path is /api_v3/service/<service>/action/<action>.
    let mut names = request.url().split(['/', '?']).skip_while(|part| *part != "service");
    if let (Some(service), Some(action)) = (names.nth(1), names.nth(1)) {
        println!("{service}.{action}");
    }
    println!("  sent               {} {}", request.method(), request.url());
    for (name, value) in &parameters {
        match name.as_str() {
            "ks" | "tokenHash" => println!("  {name:<18} [redacted]"),
            _ => println!("  {name:<18} {value}"),
        }
    }
    Ok(())
}

fn show_session(session: &Session) {
    println!("session");
    println!("  ks                 {:?}", session.ks());
    println!("  user               {}", session.user_id());
    println!("  privileges         {}", session.privileges());
    println!("  lifetime           {}", ApproximateDuration(session.lifetime()));
    println!("  expires            {}", session.expires_at());
    let changes = session.changes();
    if let Some(lifetime) = changes.shortened {
        println!(
            "  changed            lifetime: {} requested, {} granted",
            ApproximateDuration(lifetime.requested),
            ApproximateDuration(lifetime.granted)
        );
    }
    if !changes.dropped_privileges.is_empty() {
        println!("  changed            privileges: {} not granted", changes.dropped_privileges);
    }
    println!();
}
