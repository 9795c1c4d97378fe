//! Replaces an app token by a successor without a moment in which none works, then shuts the old one off.
//!
//!     cargo run --example rotate

use std::error::Error;

use apptoken::admin::OldToken;
use apptoken::value::Printable;
use apptoken::{Admin, Client, Endpoint, HashType, PartnerId};
use apptoken_transport_fake::{Fake, TokenSpec};

fn main() -> Result<(), Box<dyn Error>> {
    let kaltura = Fake::new();
    let endpoint = Endpoint::parse("http://localhost")?;
    let partner = PartnerId::new(101)?;
    let old = kaltura.add_token(partner, TokenSpec::new(HashType::Sha256).user("importer"));
    let secret = kaltura.admin_secret(partner).ok_or("the fake has this account")?;
    let admin = Admin::with_transport(endpoint.clone(), partner, secret, kaltura.clone()).clock(kaltura.clock());

    // A successor with the same settings, proved by a login; the old token goes on.
    let rotated = admin.run(admin.rotate(old.id.clone())?.old_token(OldToken::Keep))?;
    println!("{} is followed by {}", old.id, rotated.successor.id);

    // When every program uses the successor, the old one is shut off; its sessions end with it.
    let client =
        Client::with_transport(endpoint, rotated.successor.credential(), kaltura.clone()).clock(kaltura.clock());
    println!("logged in as {} with the successor", Printable(client.login()?.user_id()));
    let revoked = admin.run(admin.revoke(old.id)?)?;
    println!("the old token was there until now: {}", revoked.existed);
    Ok(())
}
