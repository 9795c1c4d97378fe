//! Logs in from async code: the same core, the same loop as `drive`, with `.await`.
//!
//!     cargo run --example async_loop

use std::error::Error;
use std::time::{Instant, SystemTime};

use apptoken::value::Printable;
use apptoken::{
    Credential, Exchange, Flow, HashType, HttpRequest, HttpResponse, Login, Moment, PartnerId, Step, StoppedFlow,
    TransportFailure, UnixSeconds,
};
use apptoken_emulator::Emulator;
use apptoken_transport_fake::{Fake, TokenSpec};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

type Http = Client<HttpConnector, Full<bytes::Bytes>>;

/// The loop of `drive`; the flow itself neither sends nor waits, so it does not care who does.
async fn drive<F: Flow>(mut exchange: Exchange<F>, http: &Http, started: Instant) -> Result<F::Output, StoppedFlow<F>> {
    loop {
        let step = match send(exchange.request(), http).await {
            Ok(reply) => exchange.receive(&reply, now(started))?,
            Err(failure) => exchange.failed(failure, now(started))?,
        };
        exchange = match step {
            Step::Send(next) => next,
            Step::Wait(pause, next) => {
                tokio::time::sleep(pause).await;
                next
            }
            Step::Done(output) => return Ok(output),
        };
    }
}

async fn send(request: &HttpRequest, http: &Http) -> Result<HttpResponse, TransportFailure> {
    let reply = http.request(to_http(request)?).await.map_err(|error| match error.is_connect() {
        true => TransportFailure::not_sent(error),
        false => TransportFailure::unknown(error),
    })?;
    let (head, body) = reply.into_parts();
    let body = body.collect().await.map_err(TransportFailure::unknown)?.to_bytes();
    Ok(from_http(&head, body.to_vec()))
}

/// Our request as the `http` crate's.
fn to_http(request: &HttpRequest) -> Result<http::Request<Full<bytes::Bytes>>, TransportFailure> {
    let builder = http::Request::builder().method(request.method()).uri(request.url());
    let builder = request.headers().iter().fold(builder, |builder, (name, value)| builder.header(*name, *value));
    builder.body(Full::from(request.body().to_vec())).map_err(TransportFailure::not_sent)
}

/// The `http` crate's reply as ours.
fn from_http(head: &http::response::Parts, body: Vec<u8>) -> HttpResponse {
    let headers = head.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    HttpResponse::new(head.status.as_u16(), headers, body)
}

fn now(started: Instant) -> Moment {
    let since_epoch = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    Moment { wall: UnixSeconds(since_epoch.as_secs().cast_signed()), elapsed: started.elapsed() }
}

fn main() -> Result<(), Box<dyn Error>> {
    let partner = PartnerId::new(101)?;
    let kaltura = Emulator::start(Fake::new())?;
    let token = kaltura.fake().add_token(partner, TokenSpec::new(HashType::Sha256).user("alice"));
    let credential = Credential::new(partner, token.id, token.secret, HashType::Sha256);
    let login = Login::new(kaltura.endpoint().clone(), credential);

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let session = runtime.block_on(async {
        let http = Client::builder(TokioExecutor::new()).build_http();
        let started = Instant::now();
        let session = drive(login.start(now(started))?, &http, started).await?;
        Ok::<_, apptoken::Error>(session)
    })?;
    println!("logged in as {} until {}", Printable(session.user_id()), session.expires_at());
    Ok(())
}
