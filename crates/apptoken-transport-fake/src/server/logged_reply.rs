use crate::wire::reply::WireReply;

/// A reply, and its outcome for the journal.
#[derive(Clone)]
pub(super) struct LoggedReply {
    pub(super) wire: WireReply,
    pub(super) outcome: String,
}

impl LoggedReply {
    pub(super) fn ok(wire: WireReply) -> Self {
        Self { wire, outcome: "ok".to_owned() }
    }

    /// Its approximate size in bytes.
    pub(super) fn size(&self) -> usize {
        let header = |(name, value): &(String, String)| size_of::<(String, String)>() + name.len() + value.len();
        self.wire.body.len() + self.outcome.len() + self.wire.headers.iter().map(header).sum::<usize>()
    }

    /// A reply whose HTTP status is the outcome.
    pub(super) fn of_status(wire: WireReply) -> Self {
        let outcome = format!("HTTP {}", wire.status);
        Self { wire, outcome }
    }
}
