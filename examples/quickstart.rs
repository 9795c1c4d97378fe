//! Logs in to a Kaltura in memory, one exchange at a time, and shows each without its secrets.
//!
//!     cargo run --example quickstart

use std::error::Error;

use apptoken::value::Printable;
use apptoken::{Clock as _, Credential, Endpoint, HashType, Login, PartnerId, Step, Transport as _};
use apptoken_transport_fake::{Fake, TokenSpec};

fn main() -> Result<(), Box<dyn Error>> {
    // An account with an app token, as an administrator would create it.
    let kaltura = Fake::new();
    let partner = PartnerId::new(101)?;
    let token = kaltura.add_token(partner, TokenSpec::new(HashType::Sha256).user("alice").privileges("list:*"));

    // What the administrator hands over, and a login with it.
    let credential = Credential::new(partner, token.id, token.secret, HashType::Sha256);
    let login = Login::new(Endpoint::parse("http://localhost")?, credential);

    // `drive` is this loop; here it is written out to show what happens.
    let clock = kaltura.clock();
    let mut exchange = login.start(clock.now())?;
    let session = loop {
        println!("send     {:?}", exchange.request());
        let reply = kaltura.send(exchange.request())?;
        println!("receive  {reply:?}");
        exchange = match exchange.receive(&reply, clock.now())? {
            Step::Send(next) => next,
            Step::Wait(pause, next) => {
                println!("wait     {pause:?}");
                clock.sleep(pause);
                next
            }
            Step::Done(session) => break session,
        };
    };

    println!("\nsession  {:?}", session.ks());
    println!("user     {}", Printable(session.user_id()));
    println!("lasts    {:?}", session.lifetime());
    println!("may      {}", Printable(session.privileges()));
    Ok(())
}
