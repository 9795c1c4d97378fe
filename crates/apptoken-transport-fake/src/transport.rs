use std::fmt;

use apptoken_core::{Clock as _, HttpRequest, HttpResponse, Transport, TransportFailure};

use crate::fake::Fake;
use crate::wire::reply::{DeliveryKind, WireReply};
use crate::wire::request::WireRequest;

/// Sends requests to the fake without a network. A delay advances the fake's clock and does not wait.
impl Transport for Fake {
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, TransportFailure> {
        let request = to_wire(request).ok_or_else(|| TransportFailure::not_sent(ConnectionError::Address))?;
        let delivery = self.handle(&request);
        self.clock().sleep(delivery.delay);
        match delivery.kind {
            DeliveryKind::Reply(reply) => Ok(to_response(reply)),
            DeliveryKind::Drip { reply, chunk, pause } => {
                let pauses = u32::try_from(reply.body.len() / chunk.max(1)).unwrap_or(u32::MAX);
                self.clock().sleep(pause.saturating_mul(pauses));
                Ok(to_response(reply))
            }
            DeliveryKind::Cut { reply, after } if after >= reply.body.len() => Ok(to_response(reply)),
            DeliveryKind::Cut { .. } => Err(TransportFailure::unknown(ConnectionError::Cut)),
            DeliveryKind::Reset => Err(TransportFailure::unknown(ConnectionError::Reset)),
            DeliveryKind::Refused => Err(TransportFailure::not_sent(ConnectionError::Refused)),
        }
    }
}

/// The request as it would be on the wire; `None` for a URL without a host.
fn to_wire(request: &HttpRequest) -> Option<WireRequest> {
    let (scheme, rest) = request.url().split_once("://")?;
    let (host, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
    let own = [("Host", host), ("X-Forwarded-Proto", scheme)];
    let headers = own.into_iter().chain(request.headers()).map(|(name, value)| (name.to_owned(), value.to_owned()));
    Some(WireRequest {
        method: request.method().to_owned(),
        target,
        headers: headers.collect(),
        body: request.body().to_vec(),
    })
}

fn to_response(reply: WireReply) -> HttpResponse {
    HttpResponse::new(reply.status, reply.headers, reply.body)
}

/// Why there is no complete reply.
#[derive(Debug)]
enum ConnectionError {
    Address,
    Cut,
    Refused,
    Reset,
}

impl fmt::Display for ConnectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address => "the URL has no host",
            Self::Cut => "the connection ended before the reply was complete",
            Self::Refused => "connection refused",
            Self::Reset => "connection reset",
        })
    }
}

impl std::error::Error for ConnectionError {}
