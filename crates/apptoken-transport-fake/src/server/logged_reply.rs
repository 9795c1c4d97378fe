use std::borrow::Cow;

use crate::wire::reply::WireReply;

/// A reply, and its outcome for the journal.
#[derive(Clone)]
pub(super) struct LoggedReply {
    pub(super) wire: WireReply,
    pub(super) outcome: Cow<'static, str>,
}

impl LoggedReply {
    pub(super) fn ok(wire: WireReply) -> Self {
        Self { wire, outcome: "ok".into() }
    }

    /// Its approximate size in bytes.
    pub(super) fn size(&self) -> usize {
        let texts = self.wire.headers.iter().map(|(name, value)| name.len() + value.len());
        let headers = size_of_val(&*self.wire.headers) + texts.sum::<usize>();
        self.wire.body.len() + self.outcome.len() + headers
    }

    /// A reply whose HTTP status is the outcome.
    pub(super) fn of_status(wire: WireReply) -> Self {
        let outcome = format!("HTTP {}", wire.status).into();
        Self { wire, outcome }
    }
}
