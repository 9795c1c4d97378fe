use crate::wire::reply::WireReply;

/// A reply, and what the journal says of it.
#[derive(Clone)]
pub(super) struct LoggedReply {
    pub(super) wire: WireReply,
    pub(super) outcome: String,
}

impl LoggedReply {
    pub(super) fn ok(wire: WireReply) -> Self {
        Self { wire, outcome: "ok".to_owned() }
    }

    /// One whose status is all that there is to say.
    pub(super) fn of_status(wire: WireReply) -> Self {
        let outcome = format!("HTTP {}", wire.status);
        Self { wire, outcome }
    }
}
