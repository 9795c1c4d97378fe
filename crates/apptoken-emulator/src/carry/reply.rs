//! Carries what the fake delivers, with its delay and its faults.

use std::fmt;

use apptoken_transport_fake::{Answer, Delivery, WireReply};
use hyper::header::{CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING, VARY};
use hyper::{Response, StatusCode};
use tokio::time::sleep;

use super::body::ReplyBody;
use super::gzip::gzip;
use super::socket::Handle;

/// Turns a delivery into a response.
///
/// Faults travel uncompressed, so that their byte counts are those of the reply's text.
///
/// # Errors
///
/// [`Abort`] where the connection is to end without an answer.
pub(super) async fn carry(delivery: Delivery, compress: bool, socket: &Handle) -> Result<Response<ReplyBody>, Abort> {
    if !delivery.delay.is_zero() {
        sleep(delivery.delay).await;
    }
    match delivery.answer {
        Answer::Reply(reply) if compress && !reply.body.is_empty() => Ok(compressed(reply)),
        Answer::Reply(reply) => Ok(whole(reply)),
        // All of the reply arrives; only the connection is at its end.
        Answer::Cut { reply, after } if after >= reply.body.len() => Ok(closing(whole(reply))),
        Answer::Cut { reply, after } => Ok(response(reply, |body| ReplyBody::cut(body, after, socket.clone()))),
        Answer::Drip { reply, chunk, pause } => Ok(response(reply, |body| ReplyBody::drip(body, chunk, pause))),
        Answer::Reset => {
            socket.reset_on_drop();
            Err(Abort)
        }
        Answer::Refused => Err(Abort),
    }
}

/// A reply as it is, without delay and faults.
pub(super) fn whole(reply: WireReply) -> Response<ReplyBody> {
    response(reply, ReplyBody::whole)
}

fn compressed(reply: WireReply) -> Response<ReplyBody> {
    // Writing to memory cannot fail; if it did, the reply would still be right without compression.
    let Ok(body) = gzip(&reply.body) else { return whole(reply) };
    let mut response = whole(WireReply { body, ..reply });
    response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    response.headers_mut().append(VARY, HeaderValue::from_static("Accept-Encoding"));
    response
}

fn closing(mut response: Response<ReplyBody>) -> Response<ReplyBody> {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

fn response(reply: WireReply, body: impl FnOnce(Vec<u8>) -> ReplyBody) -> Response<ReplyBody> {
    let mut response = Response::new(body(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        // A header that HTTP cannot carry is left out, as a web server does.
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else { continue };
        if ![CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION].contains(&name) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// The connection ends without an answer.
#[derive(Debug)]
pub(super) struct Abort;

impl fmt::Display for Abort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection was broken off")
    }
}

impl std::error::Error for Abort {}
