//! Carries what the fake delivers, with its delay and its faults.

use std::fmt;

use apptoken_transport_fake::{Answer, Delivery, WireReply};
use hyper::header::{CONNECTION, CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use hyper::{Response, StatusCode};
use tokio::time::sleep;

use super::body::ReplyBody;
use super::gzip::gzip;
use super::socket::Handle;

/// Turns a delivery into a response.
///
/// # Errors
///
/// [`Abort`] where the connection is to end without an answer.
pub(super) async fn carry(delivery: Delivery, socket: &Handle) -> Result<Response<ReplyBody>, Abort> {
    if !delivery.delay.is_zero() {
        sleep(delivery.delay).await;
    }
    match delivery.answer {
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

/// Compresses a reply that has a body.
///
/// Replies with a fault at the socket travel as they are, so that byte counts of faults are those of the text.
pub(super) fn compressed(delivery: Delivery) -> Delivery {
    match delivery.answer {
        Answer::Reply(mut reply) if !reply.body.is_empty() => {
            // Writing to memory cannot fail; if it did, the reply would still be right without compression.
            if let Ok(body) = gzip(&reply.body) {
                reply.body = body;
                reply.headers.push(("Content-Encoding".into(), "gzip".into()));
                reply.headers.push(("Vary".into(), "Accept-Encoding".into()));
            }
            Delivery { answer: Answer::Reply(reply), ..delivery }
        }
        answer => Delivery { answer, ..delivery },
    }
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
