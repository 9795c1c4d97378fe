//! Sends the reply of the fake, with its delay and faults.

use std::borrow::Cow;
use std::fmt;

use apptoken_transport_fake::{Delivery, DeliveryKind, WireReply};
use bytes::Bytes;
use hyper::header::{CONNECTION, CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use hyper::{Response, StatusCode};
use tokio::time::sleep;

use super::body::ReplyBody;
use super::gzip::gzip;
use super::socket::SocketHandle;

/// Waits for the delay and converts the delivery to a response.
///
/// # Errors
///
/// [`ConnectionAborted`] if the connection must end without a reply.
pub(super) async fn send(delivery: Delivery, socket: &SocketHandle) -> Result<Response<ReplyBody>, ConnectionAborted> {
    if !delivery.delay.is_zero() {
        sleep(delivery.delay).await;
    }
    match delivery.kind {
        DeliveryKind::Reply(reply) => Ok(whole(reply)),
        // The whole body is sent; only the connection ends.
        DeliveryKind::Cut { reply, after } if after >= reply.body.len() => Ok(closing(whole(reply))),
        DeliveryKind::Cut { reply, after } => Ok(response(reply, |body| ReplyBody::cut(body, after, socket.clone()))),
        DeliveryKind::Drip { reply, chunk, pause } => Ok(response(reply, |body| ReplyBody::drip(body, chunk, pause))),
        DeliveryKind::Reset => {
            socket.reset_on_drop();
            Err(ConnectionAborted)
        }
        DeliveryKind::Refused => Err(ConnectionAborted),
    }
}

/// Converts a reply without delay and faults.
pub(super) fn whole(reply: WireReply) -> Response<ReplyBody> {
    response(reply, ReplyBody::whole)
}

/// Compresses what is delivered.
///
/// A reply with a fault on the connection is not compressed, so that the byte counts of faults refer to the text.
pub(super) fn compressed(delivery: Delivery) -> Delivery {
    let kind = match delivery.kind {
        DeliveryKind::Reply(reply) => DeliveryKind::Reply(compressed_reply(reply)),
        kind => kind,
    };
    Delivery { kind, ..delivery }
}

/// Compresses a reply, if it has a body.
pub(super) fn compressed_reply(mut reply: WireReply) -> WireReply {
    // Writing to memory cannot fail. The uncompressed reply would be correct, too.
    if !reply.body.is_empty()
        && let Ok(body) = gzip(&reply.body)
    {
        reply.body = body;
        reply.headers.push(("Content-Encoding".into(), "gzip".into()));
        reply.headers.push(("Vary".into(), "Accept-Encoding".into()));
    }
    reply
}

fn closing(mut response: Response<ReplyBody>) -> Response<ReplyBody> {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

fn response(reply: WireReply, body: impl FnOnce(Vec<u8>) -> ReplyBody) -> Response<ReplyBody> {
    let mut response = Response::new(body(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().reserve(reply.headers.len());
    for (name, value) in reply.headers {
        // A web server drops invalid headers, too.
        let value = match value {
            Cow::Borrowed(value) => HeaderValue::from_maybe_shared(Bytes::from_static(value.as_bytes())),
            Cow::Owned(value) => HeaderValue::from_maybe_shared(Bytes::from(value)),
        };
        let (Some(name), Ok(value)) = (header_name(&name), value) else { continue };
        if ![CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION].contains(&name) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// Headers of most replies that the HTTP library does not know. It would copy such a name for each reply.
static OWN_NAMES: [HeaderName; 4] = [
    HeaderName::from_static("x-kaltura"),
    HeaderName::from_static("x-kaltura-app"),
    HeaderName::from_static("x-kaltura-session"),
    HeaderName::from_static("x-me"),
];

fn header_name(name: &str) -> Option<HeaderName> {
    let own = OWN_NAMES.iter().find(|own| own.as_str().eq_ignore_ascii_case(name)).cloned();
    own.or_else(|| HeaderName::try_from(name).ok())
}

/// The error that ends a connection without a reply.
#[derive(Debug)]
pub(super) struct ConnectionAborted;

impl fmt::Display for ConnectionAborted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection was ended without a reply")
    }
}

impl std::error::Error for ConnectionAborted {}
