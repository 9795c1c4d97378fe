//! Replaces an app token by a successor while the old one still works, then revokes the old one.
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

    // A successor with the same settings, tested with a login. The old token stays valid.
    let rotated = admin.run(admin.rotate(old.id.clone())?.old_token(OldToken::Keep))?;
    println!("{} was replaced by {}", old.id, rotated.successor.id);

    // When all programs use the successor, the old token is revoked, and its sessions with it.
    let client =
        Client::with_transport(endpoint, rotated.successor.credential(), kaltura.clone()).clock(kaltura.clock());
    println!("logged in as {} with the successor", Printable(client.login()?.user_id()));
    let revoked = admin.run(admin.revoke(old.id)?)?;
    println!("the old token existed until now: {}", revoked.existed);
    Ok(())
}
