//! Logs in with another HTTP client, here attohttpc.
//!
//!     cargo run --example custom_transport

use std::error::Error;
use std::io::Read as _;
use std::time::Duration;

use apptoken::value::Printable;
use apptoken::{Builder, Credential, HashType, HttpRequest, HttpResponse, PartnerId, Transport, TransportFailure};
use apptoken_emulator::Emulator;
use apptoken_transport_fake::{Fake, TokenSpec};

pub struct Attohttpc;

/// It checks the length of the body itself, because `apptoken-transport-conformance` found that this client accepts a body
/// that ends early.
impl Transport for Attohttpc {
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, TransportFailure> {
        let no_proxy = attohttpc::ProxySettings::builder().build();
        let post = attohttpc::post(request.url()).follow_redirects(false).timeout(Duration::from_secs(30));
        let post = request
            .headers()
            .iter()
            .fold(post.proxy_settings(no_proxy), |post, (name, value)| post.header(*name, *value));
        // This client does not report whether a request left the machine, and "unknown" is always allowed.
        let reply = post.bytes(request.body()).send().map_err(TransportFailure::unknown)?;
        let (status, headers, body) = reply.split();
        let mut whole = Vec::new();
        body.take(LARGEST + 1).read_to_end(&mut whole).map_err(TransportFailure::unknown)?;
        let announced = headers.get("Content-Length").and_then(|length| length.to_str().ok()?.parse().ok());
        if whole.len() as u64 > LARGEST || announced.is_some_and(|length: usize| length != whole.len()) {
            return Err(TransportFailure::unknown("the reply is too large, or ended early"));
        }
        let headers = headers.iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())));
        Ok(HttpResponse::new(status.as_u16(), headers, whole))
    }
}

const LARGEST: u64 = 8 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let partner = PartnerId::new(101)?;
    let kaltura = Emulator::start(Fake::new())?;
    let token = kaltura.fake().add_token(partner, TokenSpec::new(HashType::Sha512).user("alice"));

    let credential = Credential::new(partner, token.id, token.secret, HashType::Sha512);
    let client =
        Builder::new(kaltura.endpoint().clone()).transport(Attohttpc).clock(kaltura.fake().clock()).client(credential);
    println!("logged in as {}", Printable(client.login()?.user_id()));
    Ok(())
}
