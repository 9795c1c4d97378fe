//! FaultKind that a test asks for.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// FaultKind for requests of an action: what kind, for which of them, and whether the server has done its work by then.
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
    action: Option<String>,
    #[serde(rename = "trouble")]
    kind: FaultKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nth: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    probability: Option<f64>,
    #[serde(default)]
    after_commit: bool,
}

/// A kind of trouble.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum FaultKind {
    /// The connection is refused; the server never acts.
    Refused,
    /// The connection is reset before any reply.
    Reset,
    /// The connection ends after so many bytes of the reply's body.
    CutAfter(usize),
    /// Status 200 without a body.
    EmptyReply,
    /// A page of HTML with this status.
    Html(u16),
    /// The true reply in XML, whatever format was asked for.
    Xml,
    /// The body `null`.
    Null,
    /// The first half of the true body, as if it were whole.
    Truncated,
    /// The true body, damaged so that it is not JSON.
    Malformed,
    /// A redirect with this status.
    Redirect {
        /// The status, such as 302.
        status: u16,
        /// Where to.
        location: String,
    },
    /// A status without a body, such as 429, 500 or 503.
    Status(u16),
    /// An error of the API with this code; in a multirequest in place of that one result.
    ApiError(String),
    /// The rate limit was hit.
    ActionBlocked,
    /// The true reply, late; in JSON a number of milliseconds.
    #[serde(with = "milliseconds")]
    Delay(Duration),
    /// The true reply, a few bytes at a time.
    Drip {
        /// How many bytes at a time.
        chunk: usize,
        /// The pause between them; in JSON a number of milliseconds.
        #[serde(with = "milliseconds")]
        pause: Duration,
    },
}

/// Durations that are easy to write in any language.
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
    /// FaultKind for every request of an action, such as `appToken.startSession` or `multirequest`, before the server acts.
    #[must_use]
    pub fn on(action: &str, kind: FaultKind) -> Self {
        Self { action: Some(action.to_owned()), kind, nth: None, probability: None, after_commit: false }
    }

    /// FaultKind for every request of any kind.
    #[must_use]
    pub fn on_any(kind: FaultKind) -> Self {
        Self { action: None, kind, nth: None, probability: None, after_commit: false }
    }

    /// Only for the n-th such request after this, from 1.
    #[must_use]
    pub fn nth(self, number: u64) -> Self {
        Self { nth: Some(number), ..self }
    }

    /// For each such request with this probability, from 0 to 1; the fake's seed decides.
    #[must_use]
    pub fn probability(self, probability: f64) -> Self {
        Self { probability: Some(probability), ..self }
    }

    /// The server has done its work before the trouble begins.
    #[must_use]
    pub fn after_commit(self) -> Self {
        Self { after_commit: true, ..self }
    }

    /// The kind of trouble.
    #[must_use]
    pub fn kind(&self) -> &FaultKind {
        &self.kind
    }

    /// Whether the server acts although there is trouble.
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
        self.action.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(action))
    }

    /// Whether it stands in the place of one action's result.
    fn is_of_api(&self) -> bool {
        matches!(self.kind, FaultKind::ApiError(_) | FaultKind::ActionBlocked)
    }
}

impl FaultKind {
    /// What the journal calls it.
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

/// Names a fault that was injected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FaultId(pub(crate) u64);

impl FaultId {
    /// The number of the fault; the first one of a fake is 1.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }

    /// The fault of that number.
    #[must_use]
    pub fn from_number(number: u64) -> Self {
        Self(number)
    }
}

/// The faults that wait for their requests.
pub(crate) struct Faults {
    injected: Vec<InjectedFault>,
    next: u64,
    /// Apart from the server's, so that faults change nothing else.
    random: fastrand::Rng,
}

struct InjectedFault {
    id: FaultId,
    fault: Fault,
    seen: u64,
}

/// Which faults a place asks for.
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

    /// Counts a request and gives the first fault that it meets. A fault for one request only is then done.
    pub(crate) fn take(&mut self, action: &str, target: FaultTarget) -> Option<Fault> {
        let mut met = None;
        let mut done = None;
        for injected in &mut self.injected {
            if !injected.fault.matches(action) || injected.fault.is_of_api() != (target == FaultTarget::Action) {
                continue;
            }
            injected.seen += 1;
            let is_its_turn = injected.fault.nth.is_none_or(|nth| nth == injected.seen);
            let strikes =
                is_its_turn && injected.fault.probability.is_none_or(|probability| self.random.f64() < probability);
            if strikes && met.is_none() {
                met = Some(injected.fault.clone());
                done = injected.fault.nth.map(|_| injected.id);
            }
        }
        if let Some(id) = done {
            self.remove(id);
        }
        met
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(faults: &mut Faults, action: &str, times: usize) -> Vec<bool> {
        (0..times).map(|_| faults.take(action, FaultTarget::Request).is_some()).collect()
    }

    #[test]
    fn the_nth_request_of_the_action_is_struck_once() {
        let mut faults = Faults::new(1);
        faults.inject(Fault::on("a.b", FaultKind::Reset).nth(2));
        assert_eq!(struck(&mut faults, "x.y", 3), [false; 3]);
        assert_eq!(struck(&mut faults, "A.B", 4), [false, true, false, false]);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn chance_is_the_same_for_the_same_seed() {
        let chance = |seed| {
            let mut faults = Faults::new(seed);
            faults.inject(Fault::on_any(FaultKind::Reset).probability(0.3));
            struck(&mut faults, "a.b", 1_000)
        };
        assert_eq!(chance(7), chance(7));
        assert_ne!(chance(7), chance(8));
        let hits = chance(7).into_iter().filter(|hit| *hit).count();
        assert!((250..350).contains(&hits), "{hits}");
    }

    #[test]
    fn api_errors_wait_for_the_action_and_the_rest_for_the_request() {
        let mut faults = Faults::new(1);
        faults.inject(Fault::on("a.b", FaultKind::ActionBlocked));
        assert!(faults.take("a.b", FaultTarget::Request).is_none());
        assert!(faults.take("a.b", FaultTarget::Action).is_some());
    }

    #[test]
    fn faults_are_readable_as_json() {
        let fault = Fault::on("a.b", FaultKind::Drip { chunk: 3, pause: Duration::from_millis(5) }).nth(2);
        let json = serde_json::to_string(&fault).unwrap();
        assert_eq!(serde_json::from_str::<Fault>(&json).unwrap(), fault);
        assert!(json.contains(r#""pause":5"#), "{json}");
        let delay: Fault = serde_json::from_str(r#"{"trouble":{"delay":1500}}"#).unwrap();
        assert_eq!(delay.kind(), &FaultKind::Delay(Duration::from_millis(1500)));
        assert!(serde_json::from_str::<Fault>(r#"{"trouble":"reset","afterComit":true}"#).is_err());
        let short: Fault = serde_json::from_str(r#"{"action":"a.b","trouble":{"status":503}}"#).unwrap();
        assert_eq!(short, Fault::on("a.b", FaultKind::Status(503)));
    }
}
