//! What comes back where a request meets a fault.

use crate::actions::requested::RequestedAction;
use crate::error::{self, ApiError};
use crate::fault::Trouble;
use crate::server::headers::{HTML, of_api};
use crate::wire::reply::{Answer, Delivery, WireReply};

/// What is delivered in place of a reply, or made of it. The reply is empty if the server did not act.
pub(super) fn delivery(trouble: &Trouble, reply: WireReply, time: i64) -> Delivery {
    let head = of_api(time, None);
    let answer = match trouble {
        Trouble::Refused => Answer::Refused,
        Trouble::Reset => Answer::Reset,
        Trouble::CutAfter(bytes) => Answer::Cut { reply, after: *bytes },
        Trouble::Drip { chunk, pause } => Answer::Drip { reply, chunk: (*chunk).max(1), pause: *pause },
        Trouble::EmptyReply => Answer::Reply(head.with_header("Content-Type", HTML)),
        Trouble::Html(status) => Answer::Reply(html_page(*status, head)),
        Trouble::Null => Answer::Reply(head.with_header("Content-Type", "application/json").with_body("null")),
        Trouble::Truncated => Answer::Reply(first_half(reply)),
        Trouble::Malformed => {
            let body = [b"{,", reply.body.as_slice()].concat();
            Answer::Reply(WireReply { body, ..reply })
        }
        Trouble::Redirect { status, location } => {
            Answer::Reply(WireReply { status: *status, ..head }.with_header("Location", location))
        }
        Trouble::Status(status) => Answer::Reply(WireReply { status: *status, ..head }),
        Trouble::Delay(delay) => return Delivery { delay: *delay, answer: Answer::Reply(reply) },
        Trouble::Xml | Trouble::ApiError(_) | Trouble::ActionBlocked => Answer::Reply(reply),
    };
    Delivery { delay: std::time::Duration::ZERO, answer }
}

/// The error in the place of one action's result.
pub(super) fn api_error(trouble: &Trouble, requested: &RequestedAction<'_>) -> ApiError {
    match trouble {
        Trouble::ApiError(code) => ApiError::of_code(code),
        _ => error::ACTION_BLOCKED
            .with(&[&requested.action.to_ascii_lowercase(), &requested.service.to_ascii_lowercase()]),
    }
}

fn html_page(status: u16, head: WireReply) -> WireReply {
    let page =
        format!("<html><head><title>{status}</title></head><body><h1>Something is in the way</h1></body></html>");
    WireReply { status, ..head }.with_header("Content-Type", HTML).with_body(page)
}

fn first_half(mut reply: WireReply) -> WireReply {
    reply.body.truncate(reply.body.len() / 2);
    reply
}
