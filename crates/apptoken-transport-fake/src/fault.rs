//! Faults that a test injects.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::action_name::ActionName;

/// A fault for requests of an action: what goes wrong, for which requests, and whether the server acts first.
///
/// # Examples
///
/// ```
/// use apptoken_transport_fake::{Fake, Fault, FaultKind};
///
/// let fake = Fake::new();
/// fake.inject(Fault::on("appToken.startSession", FaultKind::Reset).nth(2).after_commit());
/// fake.inject(Fault::on("session.startWidgetSession", FaultKind::Status(503)).probability(0.05));
/// assert_eq!(fake.faults().len(), 2);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    #[serde(default)]
    action: Option<ActionName>,
    #[serde(rename = "trouble")]
    kind: FaultKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nth: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    probability: Option<f64>,
    #[serde(default)]
    after_commit: bool,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum FaultKind {
    /// The connection is refused; the server never acts.
    Refused,
    /// The connection is reset before a reply.
    Reset,
    /// The connection ends after this many bytes of the reply's body.
    CutAfter(usize),
    /// Status 200 without a body.
    EmptyReply,
    /// An HTML page with this status.
    Html(u16),
    /// The correct reply in XML, whatever format was requested.
    Xml,
    /// The body `null`.
    Null,
    /// The first half of the correct body, with a matching length.
    Truncated,
    /// The correct body, damaged so that it is not JSON.
    Malformed,
    /// A redirect with this status.
    Redirect {
        /// The status, such as 302.
        status: u16,
        /// The value of the `Location` header.
        location: String,
    },
    /// A status without a body, such as 429, 500 or 503.
    Status(u16),
    /// An API error with this code. In a multirequest it replaces only the result of this action.
    ApiError(String),
    /// The API error for an exceeded rate limit.
    ActionBlocked,
    /// The correct reply after a delay; in JSON a number of milliseconds.
    #[serde(with = "milliseconds")]
    Delay(Duration),
    /// The correct reply, a few bytes at a time.
    Drip {
        /// The number of bytes at a time.
        chunk: usize,
        /// The pause between them; in JSON a number of milliseconds.
        #[serde(with = "milliseconds")]
        pause: Duration,
    },
}

/// Durations as a number of milliseconds, which is easy to write in any language.
mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}

impl Fault {
    /// A fault for every request of an action, such as `appToken.startSession` or `multirequest`, before the server
    /// acts.
    ///
    /// # Panics
    ///
    /// If no action of the API has this name. The message names the nearest one.
    #[must_use]
    #[track_caller]
    pub fn on(action: &str, kind: FaultKind) -> Self {
        Self { action: Some(ActionName::of_test(action)), kind, nth: None, probability: None, after_commit: false }
    }

    /// A fault for every request.
    #[must_use]
    pub fn on_any(kind: FaultKind) -> Self {
        Self { action: None, kind, nth: None, probability: None, after_commit: false }
    }

    /// Limits the fault to the n-th matching request from now on, counted from 1.
    #[must_use]
    pub fn nth(self, number: u64) -> Self {
        Self { nth: Some(number), ..self }
    }

    /// Applies the fault to each matching request with this probability, from 0 to 1. The seed of the fake decides.
    #[must_use]
    pub fn probability(self, probability: f64) -> Self {
        Self { probability: Some(probability), ..self }
    }

    /// Lets the server act before the fault happens.
    #[must_use]
    pub fn after_commit(self) -> Self {
        Self { after_commit: true, ..self }
    }

    /// What goes wrong.
    #[must_use]
    pub fn kind(&self) -> &FaultKind {
        &self.kind
    }

    /// Whether the server acts in spite of the fault.
    pub(crate) fn commits(&self) -> bool {
        let changes_true_reply = matches!(
            self.kind,
            FaultKind::CutAfter(_)
                | FaultKind::Xml
                | FaultKind::Truncated
                | FaultKind::Malformed
                | FaultKind::Delay(_)
                | FaultKind::Drip { .. }
        );
        self.kind != FaultKind::Refused && (self.after_commit || changes_true_reply)
    }

    fn matches(&self, action: &str) -> bool {
        self.action.as_ref().is_none_or(|wanted| wanted.as_str().eq_ignore_ascii_case(action))
    }

    /// Whether it replaces the result of one action.
    fn is_of_api(&self) -> bool {
        matches!(self.kind, FaultKind::ApiError(_) | FaultKind::ActionBlocked)
    }
}

impl FaultKind {
    /// Its name in the journal.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Refused => "refused".into(),
            Self::Reset => "reset".into(),
            Self::CutAfter(bytes) => format!("cut after {bytes} bytes"),
            Self::EmptyReply => "empty reply".into(),
            Self::Html(status) => format!("HTML with status {status}"),
            Self::Xml => "XML".into(),
            Self::Null => "null".into(),
            Self::Truncated => "truncated".into(),
            Self::Malformed => "malformed".into(),
            Self::Redirect { status, .. } => format!("redirect with status {status}"),
            Self::Status(status) => format!("status {status}"),
            Self::ApiError(code) => code.clone(),
            Self::ActionBlocked => "ACTION_BLOCKED".into(),
            Self::Delay(delay) => format!("delay of {delay:?}"),
            Self::Drip { .. } => "slow drip".into(),
        }
    }
}

/// The id of an injected fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FaultId(pub(crate) u64);

impl FaultId {
    /// The number of the fault; the first one of a fake is 1.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }

    /// The id with that number.
    #[must_use]
    pub fn from_number(number: u64) -> Self {
        Self(number)
    }
}

/// The active faults.
pub(crate) struct Faults {
    injected: Vec<InjectedFault>,
    next: u64,
    /// Separate from the random numbers of the server, so that a fault does not change ids and sessions.
    random: fastrand::Rng,
}

struct InjectedFault {
    id: FaultId,
    fault: Fault,
    seen: u64,
}

/// What a fault is applied to.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum FaultTarget {
    /// The request as a whole.
    Request,
    /// The result of one action.
    Action,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self { injected: Vec::new(), next: 1, random: fastrand::Rng::with_seed(seed ^ 0x6661_756c_7473) }
    }

    pub(crate) fn inject(&mut self, fault: Fault) -> FaultId {
        let id = FaultId(self.next);
        self.next += 1;
        self.injected.push(InjectedFault { id, fault, seen: 0 });
        id
    }

    pub(crate) fn remove(&mut self, id: FaultId) -> bool {
        let before = self.injected.len();
        self.injected.retain(|injected| injected.id != id);
        self.injected.len() < before
    }

    pub(crate) fn clear(&mut self) {
        self.injected.clear();
    }

    pub(crate) fn list(&self) -> Vec<(FaultId, Fault)> {
        self.injected.iter().map(|injected| (injected.id, injected.fault.clone())).collect()
    }

    /// Counts a request and returns the first fault that applies to it. A fault for one request only is then removed.
    pub(crate) fn take(&mut self, action: &str, target: FaultTarget) -> Option<Fault> {
        let mut found = None;
        let mut done = None;
        for injected in &mut self.injected {
            if !injected.fault.matches(action) || injected.fault.is_of_api() != (target == FaultTarget::Action) {
                continue;
            }
            injected.seen += 1;
            let is_nth = injected.fault.nth.is_none_or(|nth| nth == injected.seen);
            let applies =
                is_nth && injected.fault.probability.is_none_or(|probability| self.random.f64() < probability);
            if applies && found.is_none() {
                found = Some(injected.fault.clone());
                done = injected.fault.nth.map(|_| injected.id);
            }
        }
        if let Some(id) = done {
            self.remove(id);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(faults: &mut Faults, action: &str, times: usize) -> Vec<bool> {
        (0..times).map(|_| faults.take(action, FaultTarget::Request).is_some()).collect()
    }

    #[test]
    fn only_the_nth_request_of_the_action_fails() {
        let mut faults = Faults::new(1);
        faults.inject(Fault::on("system.ping", FaultKind::Reset).nth(2));
        assert_eq!(hits(&mut faults, "system.getTime", 3), [false; 3]);
        assert_eq!(hits(&mut faults, "system.PING", 4), [false, true, false, false]);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn the_same_seed_gives_the_same_faults() {
        let hits_of = |seed| {
            let mut faults = Faults::new(seed);
            faults.inject(Fault::on_any(FaultKind::Reset).probability(0.3));
            hits(&mut faults, "system.ping", 1_000)
        };
        assert_eq!(hits_of(7), hits_of(7));
        assert_ne!(hits_of(7), hits_of(8));
        let hits = hits_of(7).into_iter().filter(|hit| *hit).count();
        assert!((250..350).contains(&hits), "{hits}");
    }

    #[test]
    fn api_errors_apply_to_actions_and_other_faults_to_requests() {
        let mut faults = Faults::new(1);
        faults.inject(Fault::on("system.ping", FaultKind::ActionBlocked));
        assert!(faults.take("system.ping", FaultTarget::Request).is_none());
        assert!(faults.take("system.ping", FaultTarget::Action).is_some());
    }

    #[test]
    #[should_panic(expected = "no action has the name media.lsit; the nearest is media.list")]
    fn a_fault_of_a_test_for_an_unknown_action_panics() {
        let _ = Fault::on("media.lsit", FaultKind::Reset);
    }

    #[test]
    fn a_fault_is_read_from_json_and_written() {
        let fault = Fault::on("system.ping", FaultKind::Drip { chunk: 3, pause: Duration::from_millis(5) }).nth(2);
        let json = serde_json::to_string(&fault).unwrap();
        assert_eq!(serde_json::from_str::<Fault>(&json).unwrap(), fault);
        assert!(json.contains(r#""pause":5"#), "{json}");
        let delay: Fault = serde_json::from_str(r#"{"trouble":{"delay":1500}}"#).unwrap();
        assert_eq!(delay.kind(), &FaultKind::Delay(Duration::from_millis(1500)));
        assert!(serde_json::from_str::<Fault>(r#"{"trouble":"reset","afterComit":true}"#).is_err());
        let short: Fault = serde_json::from_str(r#"{"action":"system.ping","trouble":{"status":503}}"#).unwrap();
        assert_eq!(short, Fault::on("system.ping", FaultKind::Status(503)));
    }

    #[test]
    fn a_fault_for_an_unknown_action_is_refused() {
        let error = serde_json::from_str::<Fault>(r#"{"action":"system.pign","trouble":"reset"}"#).unwrap_err();
        assert!(
            error.to_string().starts_with("no action has the name system.pign; the nearest is system.ping"),
            "{error}"
        );
    }
}
