//! Replaces an app token by a successor without a moment in which none works, and revokes the old one a day later.
//!
//!     cargo run --example rotate

use std::error::Error;
use std::time::Duration;

use apptoken::admin::OldToken;
use apptoken::value::Printable;
use apptoken::{Builder, Endpoint, HashType, PartnerId};
use apptoken_transport_fake::{Fake, TokenSpec};

/// The longest session of the old token: after that time no session of it is left.
const OVERLAP: Duration = Duration::from_secs(86_400);

fn main() -> Result<(), Box<dyn Error>> {
    let kaltura = Fake::new();
    let endpoint = Endpoint::parse("http://localhost")?;
    let partner = PartnerId::new(101)?;
    let old = kaltura.add_token(partner, TokenSpec::new(HashType::Sha256).user("importer").duration(OVERLAP));
    let secret = kaltura.admin_secret(partner).ok_or("the fake has this account")?;
    let admin = Builder::new(endpoint.clone()).transport(kaltura.clone()).clock(kaltura.clock()).admin(partner, secret);

    // A successor with the same settings, which a login has verified. The old token still works.
    let rotation = admin.run(admin.rotate(old.id.clone(), OldToken::DeleteAfter(OVERLAP))?)?;
    let pending = rotation.pending_revocation.ok_or("a day is too long to wait for")?;
    println!("{} is the successor of {}", rotation.successor.id, old.id);
    let due = pending.due;
    let in_a_day = due.relative_to(kaltura.clock().time());
    println!("give it to every program; {} is to be revoked {in_a_day}, at {due}", pending.id);

    // A program that has it by then works on.
    let client = Builder::new(endpoint)
        .transport(kaltura.clone())
        .clock(kaltura.clock())
        .client(rotation.successor.credential());
    println!("logged in as {} with the successor", Printable(client.login()?.user_id()));

    // A day later. It may be another process, which knows the id and the date.
    kaltura.clock().advance(OVERLAP);
    let revocation = admin.run(pending.revoke_with(admin.session()?))?;
    println!("the old token existed until now: {}", revocation.existed);
    Ok(())
}
