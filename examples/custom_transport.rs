//! Logs in over an HTTP client of one's own choice, here minreq.
//!
//!     cargo run --example custom_transport

use std::error::Error;

use apptoken::{Client, Credential, HashType, HttpRequest, HttpResponse, PartnerId, Transport, TransportFailure};
use apptoken_emulator::Emulator;
use apptoken_transport_fake::{Fake, TokenSpec};

struct Minreq;

impl Transport for Minreq {
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, TransportFailure> {
        let mut post =
            minreq::post(request.url()).with_timeout(30).with_body(request.body()).with_follow_redirects(false);
        for (name, value) in request.headers() {
            post = post.with_header(*name, *value);
        }
        // minreq does not say whether a request left the machine, and "unknown" is always allowed.
        let reply = post.send().map_err(TransportFailure::unknown)?;
        let (status, headers) = (u16::try_from(reply.status_code), reply.headers.clone());
        Ok(HttpResponse::new(status.map_err(TransportFailure::unknown)?, headers, reply.into_bytes()))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let partner = PartnerId::new(101)?;
    let kaltura = Emulator::start(Fake::new())?;
    let token = kaltura.fake().add_token(partner, TokenSpec::new(HashType::Sha512).user("alice"));

    let credential = Credential::new(partner, token.id, token.secret, HashType::Sha512);
    let client = Client::with_transport(kaltura.endpoint().clone(), credential, Minreq).clock(kaltura.fake().clock());
    println!("logged in as {}", client.login()?.user_id());
    Ok(())
}
