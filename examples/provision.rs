//! Creates what a service needs to log in: a role, a user with that role, and an app token, which it tests with a login.
//!
//!     cargo run --example provision

use std::error::Error;
use std::time::Duration;

use apptoken::admin::ServiceRole;
use apptoken::api::user;
use apptoken::{Builder, Endpoint, PartnerId, Privileges};
use apptoken_transport_fake::Fake;

fn main() -> Result<(), Box<dyn Error>> {
    let kaltura = Fake::new();
    let partner = PartnerId::new(101)?;
    let secret = kaltura.admin_secret(partner).ok_or("the fake has this account")?;
    let admin = Builder::new(Endpoint::parse("http://localhost")?)
        .transport(kaltura.clone())
        .clock(kaltura.clock())
        .admin(partner, secret);

    let wanted = || {
        Ok::<_, apptoken::Error>(
            admin
                .provision("importer", "importer@example.org")?
                .role(ServiceRole::with_permissions("Importer", &["BASE_USER_SESSION_PERMISSION"]))
                .privileges(Privileges::new().list_all().enable_entitlement().privacy_context("portal")?)
                .session_duration(Duration::from_secs(3600))
                // The importer reads its own user first: this is tried with the new token, too.
                .proof(&user::Get::default())?
                .description("imports lectures every night"),
        )
    };
    let handover = admin.run(wanted()?)?;
    println!("{handover}");
    println!("(the token's value, {} characters, is handed over separately)", handover.token.expose().len());

    // Running it again changes nothing: the same token comes back.
    let again = admin.run(wanted()?)?;
    println!("\nsecond run returned the same token: {}", again.id == handover.id);
    println!("requests in total: {}", kaltura.journal().requests());
    Ok(())
}
