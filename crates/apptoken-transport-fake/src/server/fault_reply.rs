//! The replies that faults produce.

use crate::actions::requested::RequestedAction;
use crate::error::{self, ApiError};
use crate::fault::FaultKind;
use crate::server::headers::{HTML, of_api};
use crate::wire::reply::{Delivery, DeliveryKind, WireReply};

/// Replaces or changes a reply as a fault asks for. The reply is empty if the server did not act.
pub(super) fn delivery(fault_kind: &FaultKind, reply: WireReply, time: i64) -> Delivery {
    let head = of_api(time, None);
    let kind = match fault_kind {
        FaultKind::Refused => DeliveryKind::Refused,
        FaultKind::Reset => DeliveryKind::Reset,
        FaultKind::CutAfter(bytes) => DeliveryKind::Cut { reply, after: *bytes },
        FaultKind::Drip { chunk, pause } => DeliveryKind::Drip { reply, chunk: (*chunk).max(1), pause: *pause },
        FaultKind::EmptyReply => DeliveryKind::Reply(head.with_header("Content-Type", HTML)),
        FaultKind::Html(status) => DeliveryKind::Reply(html_page(*status, head)),
        FaultKind::Null => DeliveryKind::Reply(head.with_header("Content-Type", "application/json").with_body("null")),
        FaultKind::Truncated => DeliveryKind::Reply(first_half(reply)),
        FaultKind::Malformed => {
            let body = [b"{,", reply.body.as_slice()].concat();
            DeliveryKind::Reply(WireReply { body, ..reply })
        }
        FaultKind::Redirect { status, location } => {
            DeliveryKind::Reply(WireReply { status: *status, ..head }.with_header("Location", location.clone()))
        }
        FaultKind::Status(status) => DeliveryKind::Reply(WireReply { status: *status, ..head }),
        FaultKind::Delay(delay) => return Delivery { delay: *delay, kind: DeliveryKind::Reply(reply) },
        FaultKind::Xml | FaultKind::ApiError(_) | FaultKind::ActionBlocked => DeliveryKind::Reply(reply),
    };
    Delivery { delay: std::time::Duration::ZERO, kind }
}

/// The API error that replaces the result of an action.
pub(super) fn api_error(fault_kind: &FaultKind, requested: &RequestedAction<'_>) -> ApiError {
    match fault_kind {
        FaultKind::ApiError(code) => ApiError::of_code(code),
        _ => error::ACTION_BLOCKED
            .with(&[&requested.action.to_ascii_lowercase(), &requested.service.to_ascii_lowercase()]),
    }
}

fn html_page(status: u16, head: WireReply) -> WireReply {
    let page = format!("<html><head><title>{status}</title></head><body><h1>The gateway failed</h1></body></html>");
    WireReply { status, ..head }.with_header("Content-Type", HTML).with_body(page)
}

fn first_half(mut reply: WireReply) -> WireReply {
    reply.body.truncate(reply.body.len() / 2);
    reply
}
