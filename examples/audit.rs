//! Checks all app tokens of an account for risks.
//!
//!     cargo run --example audit

use std::error::Error;
use std::time::Duration;

use apptoken::value::Printable;
use apptoken::{Builder, Endpoint, HashType, PartnerId, SessionType};
use apptoken_transport_fake::{Fake, TokenSpec};

fn main() -> Result<(), Box<dyn Error>> {
    let kaltura = Fake::new();
    let partner = PartnerId::new(101)?;
    let soon = kaltura.clock().time().plus(Duration::from_secs(10 * 86_400));
    let _ = kaltura.add_token(
        partner,
        TokenSpec::new(HashType::Sha256).user("a").session_type(SessionType::User).expires_at(soon),
    );
    let _ = kaltura.add_token(partner, TokenSpec::new(HashType::Md5).user("b").privileges("edit:*,disableentitlement"));
    let secret = kaltura.admin_secret(partner).ok_or("the fake has this account")?;
    let admin = Builder::new(Endpoint::parse("http://localhost")?)
        .transport(kaltura.clone())
        .clock(kaltura.clock())
        .admin(partner, secret);

    for audited in admin.run(admin.audit()?.expiring_within(Duration::from_secs(30 * 86_400)))? {
        println!(
            "{} ({})",
            audited.token.id,
            Printable(audited.token.session_user_id.as_deref().unwrap_or("any user"))
        );
        for finding in audited.findings {
            println!("  - {finding}");
        }
    }
    Ok(())
}
