//! Calls an action that this library does not know, right after a login.
//!
//!     cargo run --example other_action

use std::error::Error;

use apptoken::{Action, Builder, Credential, Endpoint, HashType, PartnerId, Repeat};
use apptoken_transport_fake::{Fake, TokenSpec};

/// `system.getTime`. Any action in Kaltura's API reference can be described like this.
#[derive(serde::Serialize)]
struct GetTime {}

impl Action for GetTime {
    type Reply = i64;
    const SERVICE: &'static str = "system";
    const ACTION: &'static str = "getTime";
    const REPEAT: Repeat = Repeat::Always;
}

fn main() -> Result<(), Box<dyn Error>> {
    let kaltura = Fake::new();
    let partner = PartnerId::new(101)?;
    let token = kaltura.add_token(partner, TokenSpec::new(HashType::Sha1).user("alice"));
    let credential = Credential::new(partner, token.id, token.secret, HashType::Sha1);

    let client = Builder::new(Endpoint::parse("http://localhost")?)
        .transport(kaltura.clone())
        .clock(kaltura.clock())
        .client(credential);
    let session = client.login()?;
    println!("the server's clock: {}", client.call(session.ks(), GetTime {})?);
    Ok(())
}
